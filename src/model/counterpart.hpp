// Which of the values seen now stands where a snapshot's stood.
#pragma once

#include <algorithm>
#include <vector>

#include "snapshot_test/model/observation.hpp"

namespace snapshot_test::model {

/// The first of `seen` (anything with a site and a source) that is not in `taken`, or null; adds it to `taken`. Calls
/// are found again by their name: a wrapper more or less moves every depth below it.
template <class Seen>
[[nodiscard]] const Seen* find_counterpart(const std::vector<Seen>& seen, const SiteValue& baseline,
                                           std::vector<const Seen*>& taken) {
  for (const Seen& each : seen) {
    const bool same = baseline.site.kind == SiteKind::kPath
                          ? each.site.kind == SiteKind::kPath && each.source == baseline.source
                          : each.site == baseline.site;
    if (same && std::find(taken.begin(), taken.end(), &each) == taken.end()) {
      taken.push_back(&each);
      return &each;
    }
  }
  return nullptr;
}

}  // namespace snapshot_test::model
