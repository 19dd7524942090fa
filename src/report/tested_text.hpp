// Which code a run tests, for people.
#pragma once

#include <string>
#include <vector>

#include "report/style.hpp"
#include "snapshot_test/model/result.hpp"

namespace snapshot_test::report {

/// "testing wavelab 0.1 from /…/wavelab, commit abc1234, 2 files changed", a line a package, and one on the baseline,
/// if it is known.
[[nodiscard]] std::string tested_text(const model::RunPlan& plan);

/// "variant py3.11-numpy1.26.4", with the one that is not there where it is a fallback.
[[nodiscard]] std::string variant_text(const model::UsedVariant& variant);

/// "2024-05-01 09:00 UTC: wavelab 0.1, commit 8a7531b0c2"
[[nodiscard]] std::string origin_text(const model::BaselineOrigin& origin);

/// "since the baseline was captured: numpy 1.26.4 -> 2.1.0; AVX-512 -> AVX2", a line; empty where nothing has changed.
[[nodiscard]] std::string environment_text(const std::vector<model::EnvironmentChange>& changes,
                                           const std::string& since);

/// A warning for each package of which the suite's own repository has another copy; empty where there is none.
[[nodiscard]] std::string another_copy_text(const model::RunPlan& plan, Color color);

}  // namespace snapshot_test::report
