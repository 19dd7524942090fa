#include "audit/trial.hpp"

#include <algorithm>
#include <cmath>

#include "audit/mutant.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/model/auto_atol.hpp"

namespace snapshot_test::audit {

using compare::Comparison;
using compare::Options;
using pickle::Document;

namespace {

/// As verify has them.
Options options_of(const model::SiteValue& site, const model::Rules& rules) {
  Options options{rules};
  options.ignored_paths = site.unstable;
  options.bounds = site.bounds;
  options.unordered_items = site.site.kind == model::SiteKind::kThreads;
  return options;
}

/// Every number has to be equal, in its place; -0 is 0, and a NaN is one.
Options exact() {
  Options options;
  options.tolerance = {0, 0};
  options.by_dtype = {};
  return options;
}

bool differ(const Document& actual, const Document& expected, const Options& options) {
  return compare::compare(actual, expected, options).outcome == compare::Outcome::kDifferent;
}

/// Are they alike but for their numbers and texts? Another type, shape or length is never taken for the right value.
bool have_one_structure(const Document& a, const Document& b) {
  const Comparison comparison = compare::compare(a, b, exact());
  return std::all_of(comparison.differences.begin(), comparison.differences.end(),
                     [](const compare::Difference& each) { return each.what == compare::What::kValue; });
}

/// `options` with another rtol or atol everywhere.
template <class Change>
Options changed(Options options, Change change) {
  change(options.tolerance);
  for (auto& [dtype, tolerance] : options.by_dtype) change(tolerance);
  return options;
}

/// The largest number that `of` says of the differences; 0 where none is a number.
template <class Of>
double largest(const Comparison& comparison, Of of) {
  double most = 0;
  for (const compare::Difference& each : comparison.differences) {
    const double bound = each.numeric ? of(each.numbers) : 0;
    if (std::isfinite(bound)) most = std::max(most, bound);
  }
  return most;
}

/// Of the numbers that decide about the bound.
compare::Tolerance applied(const Comparison& comparison, const compare::Tolerance& usual, const Options& options) {
  for (const compare::Difference& each : comparison.differences) {
    if (!each.numeric) continue;
    const auto entry = options.by_dtype.find(each.numbers.by_dtype);
    const compare::Tolerance& found = entry == options.by_dtype.end() ? usual : entry->second;
    // What an automatic one came to is not known here; it was this at least.
    return found.atol == model::kAutoAtol ? compare::Tolerance{found.rtol, each.numbers.passing_atol} : found;
  }
  return usual;
}

/// Why did it pass? Asked by comparing again with smaller tolerances.
void explain(Trial& trial, const Document& mutant, const Document& original, const Options& options) {
  const auto no_atol = [](compare::Tolerance& tolerance) { tolerance.atol = 0; };
  const auto no_rtol = [](compare::Tolerance& tolerance) { tolerance.rtol = 0; };
  const auto passing_atol = [](const compare::Numbers& numbers) { return numbers.passing_atol; };
  const auto passing_rtol = [](const compare::Numbers& numbers) { return numbers.passing_rtol; };
  const Options without_atol = changed(options, no_atol);
  if (const Comparison by = compare::compare(mutant, original, without_atol);
      by.outcome == compare::Outcome::kDifferent) {
    const double bound = largest(by, passing_atol);
    if (trial.cause != Cause::kAtol || bound > trial.bound) {
      trial.cause = Cause::kAtol;
      trial.bound = bound;
      trial.applied = applied(by, options.tolerance, options).atol;
    }
    return;
  }
  if (trial.cause == Cause::kAtol && trial.bound > 0) return;  // of another site: the simpler one
  if (const Comparison by = compare::compare(mutant, original, changed(options, no_rtol));
      by.outcome == compare::Outcome::kDifferent) {
    trial.cause = Cause::kRtol;
    trial.bound = largest(by, passing_rtol);
    trial.applied = applied(by, options.tolerance, options).rtol;
  } else if (const Comparison both = compare::compare(mutant, original, changed(without_atol, no_rtol));
             both.outcome == compare::Outcome::kDifferent) {
    trial.cause = Cause::kBoth;
    trial.bound = largest(both, passing_rtol);
    trial.applied = applied(both, options.tolerance, options).rtol;
  } else {
    trial.cause = options.ignored_paths.empty() && options.bounds.empty() ? Cause::kRules : Cause::kUnstable;
  }
}

/// Would an atol that follows from the value catch what passed?
bool is_caught_with_auto(const Document& mutant, const Document& original, const Options& options) {
  if (options.tolerance.atol == model::kAutoAtol) return false;
  Options automatic = options;
  automatic.tolerance.atol = model::kAutoAtol;
  return differ(mutant, original, automatic);
}

}  // namespace

Trial try_mutation(Mutation mutation, const std::vector<AuditedSite>& sites, const model::Rules& rules) {
  Trial trial;
  trial.mutation = mutation;
  for (const AuditedSite& each : sites) {
    const Options options = options_of(*each.site, rules);
    const Document& original = each.value->document;
    std::optional<Document> mutant;
    if (mutation != Mutation::kPrevious) {
      mutant = make_mutant(original, mutation);
    } else if (each.previous != nullptr && have_one_structure(each.previous->document, original)) {
      mutant = each.previous->document;
    }
    if (!mutant) continue;
    if (differ(*mutant, original, options)) {
      trial.outcome = Outcome::kCaught;
      return trial;
    }
    if (!differ(*mutant, original, exact())) continue;  // the same value: nothing to catch
    trial.outcome = Outcome::kPassed;
    explain(trial, *mutant, original, options);
    trial.auto_catches = trial.auto_catches || is_caught_with_auto(*mutant, original, options);
  }
  return trial;
}

}  // namespace snapshot_test::audit
