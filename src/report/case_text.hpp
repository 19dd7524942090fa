// What is said of a failing case below its verdict: to a terminal, and in files for people.
#pragma once

#include <string>
#include <vector>

#include "snapshot_test/model/result.hpp"

namespace snapshot_test::report {

/// How each site that is worth a word compares, and why; indented, bounded, visible (util/visible.hpp).
[[nodiscard]] std::string sites_text(const std::vector<model::SiteComparison>& sites);
/// How it ended, the end of its traceback and of what it wrote; the same. `reason` has been said already.
[[nodiscard]] std::string observation_text(const model::Observation& observation, const std::string& reason);

}  // namespace snapshot_test::report
