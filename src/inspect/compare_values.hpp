// What `diff` does with two values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "inspect/operand.hpp"
#include "model/settings.hpp"
#include "snapshot_test/model/result.hpp"

namespace snapshot_test::inspect {

struct ValueDiff {
  std::vector<model::SiteComparison> sites;
  bool of_sites = true;  ///< false where a file is compared: there is one comparison, and its site says nothing
};

/// Each operand is a file or means one case. Two cases are compared site by site; a file with one site of a case.
/// Changes of the rules for single benchmarks go by the name of the one before.
/// kUsage where a name means several cases, or there is no such site; otherwise as load_file() and Store::open().
[[nodiscard]] Result<ValueDiff> compare_values(const Operand& before, const Operand& after,
                                               const std::optional<std::string>& site,
                                               const model::ComparisonOptions& rules);

}  // namespace snapshot_test::inspect
