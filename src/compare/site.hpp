// What a comparison means for the site that it was made for.
#pragma once

#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/model/result.hpp"

namespace snapshot_test::compare {

/// Fills match, explanation, details and paths of `site`.
void describe(model::SiteComparison& site, const Comparison& comparison);

}  // namespace snapshot_test::compare
