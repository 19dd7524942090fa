// The times of two sides' calls, for people.
#pragma once

#include <string>
#include <vector>

#include "model/case_time.hpp"

namespace snapshot_test::report {

/// A line with the sums, and one for each of the cases whose time changed most; each ended by '\n'. Empty of no cases.
[[nodiscard]] std::string times_text(const std::vector<model::CaseTime>& times);

}  // namespace snapshot_test::report
