// What a capture replaces, for people.
#pragma once

#include <string>

#include "report/style.hpp"
#include "snapshot_test/model/result.hpp"

namespace snapshot_test::report {

/// "replaces the baseline of 2024-05-01 09:00 UTC: …" and "39 identical, 1 different, 2 new", then the cases that
/// differ, with reasons.
[[nodiscard]] std::string replacement_text(const model::Replacement& replacement, Color color);

}  // namespace snapshot_test::report
