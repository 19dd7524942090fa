#include "compare/site.hpp"

#include "snapshot_test/compare/explain.hpp"

namespace snapshot_test::compare {

using model::SiteMatch;

void describe(model::SiteComparison& site, const Comparison& comparison) {
  if (comparison.leaves == 0 && comparison.outcome != Outcome::kDifferent && comparison.ignored > 0) {
    site.match = SiteMatch::kUnstable;
    site.explanation = "nothing of it is stable";
    return;
  }
  switch (comparison.outcome) {
    case Outcome::kIdentical: site.match = SiteMatch::kIdentical; return;
    case Outcome::kClose:
      site.match = SiteMatch::kClose;
      if (comparison.sketch || !comparison.sketched.empty()) site.details = to_json(comparison);
      site.explanation = explain_sketched(comparison);
      return;
    case Outcome::kDifferent: break;
  }
  site.match = SiteMatch::kDifferent;
  site.explanation = explain(comparison);
  site.details = to_json(comparison);
  site.differing_paths = comparison.differing_paths;
  site.passing_rtol = comparison.passing_rtol;
  site.wholly_different = comparison.paths_truncated || comparison.differing_paths.empty();
  site.nothing_agrees = comparison.leaves <= comparison.differing_paths.size();
}

}  // namespace snapshot_test::compare
