#include "inspect/compare_snapshots.hpp"

#include "compare/site.hpp"
#include "inspect/stored_value.hpp"
#include "model/counterpart.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/model/coverage.hpp"

namespace snapshot_test::inspect {

using model::SiteComparison;
using model::SiteMatch;
using model::SiteValue;

namespace {

SiteComparison with(SiteComparison comparison, SiteMatch match, std::string explanation) {
  comparison.match = match;
  comparison.explanation = std::move(explanation);
  return comparison;
}

SiteComparison compare_values(const model::Locator& actual_store, const SiteValue& actual, const Snapshot& expected,
                              const SiteValue& site, const model::Rules& rules) {
  SiteComparison comparison;
  comparison.site = site.site;
  comparison.meaningful = site.meaningful;
  if (site.object.empty() || actual.object.empty()) {
    return with(std::move(comparison), SiteMatch::kOpaque, site.object.empty() ? site.opaque : actual.opaque);
  }
  if (site.wholly_unstable || actual.wholly_unstable) {
    return with(std::move(comparison), SiteMatch::kUnstable, "it is not the same in two runs of the same code");
  }
  // Values are the same, or not, whatever was stored of them.
  const std::string& whole = site.sketch_of ? site.sketch_of->sha256 : site.object;
  if (whole ==
      (actual.sketch_of ? actual.sketch_of->sha256 : actual.object)) {  // which says nothing of what is in the files
    for (const auto& checked : {check_site(expected.store, site), check_site(actual_store, actual)}) {
      if (!checked) {
        return with(std::move(comparison), SiteMatch::kUnreadable, checked.error().message);
      }
    }
    return comparison;
  }
  const auto before = load_site(expected.store, site);
  if (!before) {
    return with(std::move(comparison), SiteMatch::kUnreadable, before.error().message);
  }
  const auto now = load_site(actual_store, actual);
  if (!now) {
    return with(std::move(comparison), SiteMatch::kUnreadable, now.error().message);
  }
  compare::Options options{rules};
  options.sketches = true;
  options.expected_reduced = site.sketch_of.has_value();
  options.actual_reduced = actual.sketch_of.has_value();
  options.ignored_paths = site.unstable;
  options.ignored_paths.insert(options.ignored_paths.end(), actual.unstable.begin(), actual.unstable.end());
  options.bounds = site.bounds;
  for (const auto& [path, rtol] : actual.bounds) {
    double& bound = options.bounds[path];
    bound = std::max(bound, rtol);
  }
  compare::describe(comparison, compare::compare(now->document, before->document, options));
  return comparison;
}

}  // namespace

std::vector<SiteComparison> compare_snapshots(const Snapshot& actual, const Snapshot& expected,
                                              const model::Rules& rules) {
  std::vector<SiteComparison> comparisons;
  std::vector<const SiteValue*> taken;
  for (const SiteValue& site : expected.record.sites) {
    const SiteValue* now = model::find_counterpart(actual.record.sites, site, taken);
    if (now != nullptr) {
      comparisons.push_back(compare_values(actual.store, *now, expected, site, rules));
      continue;
    }
    if (model::is_again(site.site.kind)) {
      continue;  // a store that was captured without such calls says nothing of them
    }
    SiteComparison missing;
    missing.site = site.site;
    missing.meaningful = site.meaningful;
    comparisons.push_back(with(std::move(missing), SiteMatch::kMissing, "only the first of the two has a value here"));
  }
  return comparisons;
}

}  // namespace snapshot_test::inspect
