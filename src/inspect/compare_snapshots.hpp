// Two snapshots, site by site.
#pragma once

#include <vector>

#include "snapshot_test/model/result.hpp"
#include "snapshot_test/model/rules.hpp"
#include "snapshot_test/store/store.hpp"

namespace snapshot_test::inspect {

/// A case's record, which outlives it, and where its values are found.
struct Snapshot {
  model::Locator store;
  const store::CaseRecord& record;
};

/// One comparison for each site of `expected`, as verify makes them of a run. What is unstable in either is left
/// out; what cannot be read is the match of its site. Equal objects are not read.
[[nodiscard]] std::vector<model::SiteComparison> compare_snapshots(const Snapshot& actual, const Snapshot& expected,
                                                                   const model::Rules& rules);

}  // namespace snapshot_test::inspect
