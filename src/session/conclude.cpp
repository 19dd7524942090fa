#include "session/conclude.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace snapshot_test::session {

using model::Demands;
using model::ExitStatus;
using model::Standing;
using model::Verdict;

namespace {

constexpr std::string_view kAnotherCopyStrictly =
    "what was tested is not the copy of the package in the suite's own repository (--strict)";

const char* counted_by(model::Counted counted) {
  switch (counted) {
    case model::Counted::kResult: return " by their result";
    case model::Counted::kPart: return " by their result or part of it";
    case model::Counted::kAny: return "";
  }
  return "";
}

std::string others_than(const model::CheckedCounts& checked, const Demands& demands) {
  const std::size_t others =
      checked_cases(checked, model::Counted::kAny) - checked_cases(checked, demands.min_verified_counts);
  return others == 0 ? "" : fmt::format("; {} more by less than that, which --min-verified-counts may count", others);
}

/// "only 50.0 % of the cases were checked by their result (--min-verified 90); 3 more by less than that, …"
std::string too_small_share(const char* will_be, double share, const model::CheckedCounts& checked,
                            const Demands& demands) {
  return fmt::format("only {:.1f} % of the cases {} checked{} (--min-verified {:g})", share, will_be,
                     counted_by(demands.min_verified_counts), demands.min_verified) +
         others_than(checked, demands);
}

/// "only 5 cases were checked by their result (--min-cases 20)"
std::string too_few(const char* will_be, const model::CheckedCounts& checked, const Demands& demands) {
  const std::size_t cases = checked_cases(checked, demands.min_verified_counts);
  return fmt::format("only {} {} {} checked{} (--min-cases {})", cases, cases == 1 ? "case" : "cases", will_be,
                     counted_by(demands.min_verified_counts), demands.min_cases) +
         others_than(checked, demands);
}

/// A summary's status, as it is being decided: the first reason counts.
template <class Summary>
struct Conclusion {
  Summary& summary;

  void failed(std::string why) const { is(ExitStatus::kFailed, std::move(why), false); }
  void too_little(std::string why) const { is(ExitStatus::kFailed, std::move(why), true); }
  void is(ExitStatus status, std::string why, bool too_little = false) const {
    summary.status = status;
    summary.failure = std::move(why);
    summary.too_little = too_little;
  }
};

/// "expected.toml:12: 'bench.time_gone' is about no case of the suite; remove the entry"
std::string idle_text(const std::vector<model::Expectation>& idle) {
  const std::string first =
      fmt::format("{}: '{}' is about no case of the suite", idle.front().place(), idle.front().cases);
  return idle.size() == 1 ? first + "; remove the entry"
                          : fmt::format("{}, nor {} {} more; remove these entries", first,
                                        idle.size() == 2 ? "is" : "are", idle.size() - 1);
}

std::size_t count_of(const model::VerifySummary& summary, Verdict verdict) {
  const auto found = summary.counts.find(verdict);
  return found == summary.counts.end() ? 0 : found->second;
}

}  // namespace

model::Obsolete decide(model::Obsolete obsolete, Extent extent) {
  const model::Obsolete wanted = obsolete == model::Obsolete::kAuto ? model::Obsolete::kWarn : obsolete;
  const bool needs_all = wanted == model::Obsolete::kFail || wanted == model::Obsolete::kDelete;
  return needs_all && extent == Extent::kPartial ? model::Obsolete::kWarn : wanted;
}

void conclude(model::CaptureSummary& summary, const Demands& demands) {
  summary.strict = demands.strict;
  const Conclusion<model::CaptureSummary> conclusion{summary};
  const std::size_t checkable = summary.verifiable_cases();
  const std::size_t all = summary.countable_cases();
  const std::size_t others = all - checkable;
  const model::CheckedCounts checked = summary.checked();
  const std::size_t counted = checked_cases(checked, demands.min_verified_counts);
  const double share = all == 0 ? 0 : 100.0 * static_cast<double>(counted) / static_cast<double>(all);
  if (summary.kept > 0) {
    conclusion.failed(fmt::format("{} could be checked before and cannot be now: {} kept (--allow-loss replaces {})",
                                  summary.kept == 1 ? "one case" : fmt::format("{} cases", summary.kept),
                                  summary.kept == 1 ? "its snapshot is" : "their snapshots are",
                                  summary.kept == 1 ? "it" : "them"));
  } else if (checkable == 0) {
    conclusion.is(ExitStatus::kNothingVerified, "");
  } else if (summary.not_imported > 0) {
    conclusion.too_little(fmt::format("{} {} of them could not be captured again", summary.not_imported,
                                      summary.not_imported == 1 ? "snapshot" : "snapshots"));
  } else if (demands.strict && !summary.plan.failures.empty()) {
    conclusion.too_little("not everything was captured (--strict)");
  } else if (demands.strict && summary.plan.tests_another_copy()) {
    conclusion.too_little(std::string(kAnotherCopyStrictly));
  } else if (demands.strict && others > 0) {
    conclusion.too_little(
        fmt::format("verify will not be able to check {} {} (--strict)", others, others == 1 ? "case" : "cases"));
  } else if (share < demands.min_verified) {
    conclusion.too_little(too_small_share("can be", share, checked, demands));
  } else if (counted < demands.min_cases) {
    conclusion.too_little(too_few("can be", checked, demands));
  } else {
    conclusion.is(ExitStatus::kSuccess, "");
  }
}

void conclude(model::VerifySummary& summary, const Demands& demands, Extent extent) {
  summary.strict = demands.strict;
  summary.missing_fails = demands.missing == model::Missing::kFail;
  summary.obsolete_fails = decide(demands.obsolete, extent) == model::Obsolete::kFail;
  const Conclusion<model::VerifySummary> conclusion{summary};
  const std::size_t failed = summary.count(Standing::kFail);
  const std::size_t refused = count_of(summary, Verdict::kRefused);
  const std::size_t missing = summary.missing_fails ? count_of(summary, Verdict::kNoSnapshot) : 0;
  const std::size_t obsolete = summary.obsolete_fails ? count_of(summary, Verdict::kObsolete) : 0;
  const double share = 100 * summary.verified_share(demands.min_verified_counts);
  std::size_t strictly = 0;
  for (const auto& [verdict, cases] : summary.counts) {
    const bool may_fail = summary.transitions && standing(verdict) == Standing::kFail;
    strictly += demands.strict && fails_when_strict(verdict) && !may_fail ? cases : 0;
  }
  if (refused > 0) {
    conclusion.is(ExitStatus::kInternal,
                  fmt::format("the machine refused what {} {} to run; nothing is known of {}", refused,
                              refused == 1 ? "case needs" : "cases need", refused == 1 ? "it" : "them"));
  } else if (const std::size_t worse = summary.transitions ? summary.transitions->regressions() : 0; worse > 0) {
    conclusion.failed(fmt::format("{} passed before, by the status file, and {} now",
                                  worse == 1 ? "one case" : fmt::format("{} cases", worse),
                                  worse == 1 ? "fails" : "fail"));
  } else if (const std::size_t others = count_of(summary, Verdict::kUnexpected); summary.transitions && others > 0) {
    conclusion.failed(
        fmt::format("{} not as expected.toml says", others == 1 ? "one case is" : fmt::format("{} cases are", others)));
  } else if (failed > 0 && !summary.transitions) {
    conclusion.failed(fmt::format("{} {} failed", failed, failed == 1 ? "case" : "cases") +
                      (summary.idle_expectations.empty() ? "" : "; " + idle_text(summary.idle_expectations)));
  } else if (!summary.idle_expectations.empty()) {
    conclusion.failed(idle_text(summary.idle_expectations));
  } else if (demands.strict && !summary.plan.failures.empty()) {
    conclusion.too_little(fmt::format("{} of the suite's modules or benchmarks cannot be imported (--strict)",
                                      summary.plan.failures.size()));
  } else if (demands.strict && summary.plan.tests_another_copy()) {
    conclusion.too_little(std::string(kAnotherCopyStrictly));
  } else if (strictly > 0) {
    conclusion.is(ExitStatus::kFailed,
                  fmt::format("{} {} not fully verified (--strict)", strictly, strictly == 1 ? "case is" : "cases are"),
                  strictly == summary.count(Standing::kUnverified));
  } else if (missing > 0) {
    conclusion.too_little(fmt::format(
        "{} no snapshot (--missing fail); capture {} on code that is known to be good: "
        "capture --update missing",
        missing == 1 ? "one case has" : fmt::format("{} cases have", missing), missing == 1 ? "it" : "them"));
  } else if (summary.count(Standing::kPass) == 0) {
    conclusion.is(ExitStatus::kNothingVerified, "nothing was verified");
  } else if (summary.transitions && summary.transitions->compared() == 0) {
    conclusion.is(ExitStatus::kNothingVerified, "none of the cases of the status file was verified");
  } else if (obsolete > 0) {
    conclusion.failed(fmt::format("{} no case any more (--obsolete fail); clean --obsolete removes {}",
                                  obsolete == 1 ? "one snapshot has" : fmt::format("{} snapshots have", obsolete),
                                  obsolete == 1 ? "it" : "them"));
  } else if (share < demands.min_verified) {
    conclusion.too_little(too_small_share("were", share, summary.checked, demands));
  } else if (checked_cases(summary.checked, demands.min_verified_counts) < demands.min_cases) {
    conclusion.too_little(too_few("were", summary.checked, demands));
  } else {
    conclusion.is(ExitStatus::kSuccess, "");
  }
}

}  // namespace snapshot_test::session
