// What a verify says of tampering, for people: short, --json has all of it.
#pragma once

#include <string>

#include "snapshot_test/model/result.hpp"

namespace snapshot_test::report {

/// Before the cases run, a line each: files that changed since the capture, functions that the suite's imports have
/// replaced, files of the baseline that they have opened. Empty where there is nothing.
[[nodiscard]] std::string tamper_text(const model::TamperReport& report);

/// Once they have run: what cases replaced and opened, and whose source has changed.
[[nodiscard]] std::string suspicions_text(const model::VerifySummary& summary);

}  // namespace snapshot_test::report
