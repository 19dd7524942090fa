#include <fmt/format.h>

#include <chrono>
#include <set>
#include <utility>

#include "inspect/compare_snapshots.hpp"
#include "session/baseline.hpp"
#include "session/conclude.hpp"
#include "session/judge.hpp"
#include "session/session.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

using model::CaseVerdict;
using model::Verdict;

namespace {

class StoreDiff {
 public:
  StoreDiff(const DiffOptions& options, model::Listener& listener, const store::Store& before,
            const store::Store& after)
      : options_(options), listener_(listener), before_(before), after_(after) {}

  void plan(const Baseline& before) {
    for (const auto& [name, manifest] : before.manifests) {
      ++summary_.plan.benchmarks;
      summary_.plan.cases += manifest.cases.size();
    }
    summary_.snapshot_dir = options_.before.string();
    listener_.planned(summary_.plan);
  }

  /// Every case of one benchmark of `before`; `after` is null where the other store does not have it.
  void compare(const store::Manifest& before, const store::Manifest* after) {
    const model::Rules rules =
        model::rules_for(store::benchmark_of(before), options_.comparison.rules, options_.comparison.changes);
    const store::Manifest none;
    store::CaseFinder finder(after != nullptr ? *after : none);
    std::set<const store::CaseRecord*> claimed;
    for (const store::CaseRecord& record : before.cases) {
      const store::CaseRecord* counterpart = finder.find(record.ids, record.index);
      if (counterpart == nullptr) {
        report_single(before, record, Verdict::kObsolete, options_.before);
        continue;
      }
      claimed.insert(counterpart);
      runner::CaseOutcome outcome;
      outcome.observation.ending = counterpart->ending;
      outcome.observation.detail = counterpart->reason;
      outcome.observation.seconds = counterpart->seconds;
      outcome.comparisons =
          inspect::compare_snapshots({after_.locator(), *counterpart}, {before_.locator(), record}, rules);
      report(before, record, judge(record, std::move(outcome)));
    }
    for (const store::CaseRecord& record : after == nullptr ? before.cases : after->cases) {
      if (after != nullptr && claimed.count(&record) == 0) {
        report_single(*after, record, Verdict::kNoSnapshot, options_.after);
      }
    }
  }

  void only_after(const store::Manifest& manifest) {
    for (const store::CaseRecord& record : manifest.cases) {
      report_single(manifest, record, Verdict::kNoSnapshot, options_.after);
    }
  }

  void unreadable(const std::string& benchmark, const std::string& why) {
    CaseVerdict verdict;
    verdict.id = {benchmark, 0, benchmark};
    verdict.verdict = Verdict::kUnreadable;
    verdict.reason = why;
    count(verdict);
  }

  model::VerifySummary finish(double seconds) {
    summary_.seconds = seconds;
    conclude(summary_, {});
    if (single_ > 0 && summary_.status != model::ExitStatus::kFailed) {
      summary_.status = model::ExitStatus::kFailed;
      summary_.failure = fmt::format("{} {} in one of the two only", single_, single_ == 1 ? "case is" : "cases are");
    }
    listener_.finished(summary_);
    return std::move(summary_);
  }

 private:
  void count(const CaseVerdict& verdict) {
    ++summary_.counts[verdict.verdict];
    if (verdict.checked_by) {
      ++summary_.checked[*verdict.checked_by];
    }
    listener_.verified(verdict);
  }

  void report(const store::Manifest& manifest, const store::CaseRecord& record, CaseVerdict verdict) {
    verdict.id = {manifest.benchmark, record.index, store::case_label(manifest, record)};
    count(verdict);
  }

  void report_single(const store::Manifest& manifest, const store::CaseRecord& record, Verdict verdict,
                     const std::filesystem::path& where) {
    ++single_;
    CaseVerdict single;
    single.verdict = verdict;
    single.reason = fmt::format("only in '{}'", where.string());
    report(manifest, record, std::move(single));
  }

  const DiffOptions& options_;
  model::Listener& listener_;
  const store::Store& before_;
  const store::Store& after_;
  model::VerifySummary summary_;
  std::size_t single_ = 0;
};

}  // namespace

Result<model::VerifySummary> diff(const DiffOptions& options, model::Listener& listener) {
  const auto begun = std::chrono::steady_clock::now();
  TRY_ASSIGN(const auto before_store, open_baseline(options.before));
  TRY_ASSIGN(const auto after_store, open_baseline(options.after));
  TRY_ASSIGN(const auto before, load_baseline(*before_store));
  TRY_ASSIGN(const auto after, load_baseline(*after_store));
  StoreDiff diff(options, listener, *before_store, *after_store);
  diff.plan(before);
  for (const auto& [name, manifest] : before.manifests) {
    const auto other = after.manifests.find(name);
    if (const auto broken = after.unreadable.find(name); broken != after.unreadable.end()) {
      diff.unreadable(name, broken->second);
    } else {
      diff.compare(manifest, other == after.manifests.end() ? nullptr : &other->second);
    }
  }
  for (const auto& [name, why] : before.unreadable) {
    diff.unreadable(name, why);
  }
  for (const auto& [name, why] : after.unreadable) {
    if (before.manifests.count(name) == 0 && before.unreadable.count(name) == 0) {
      diff.unreadable(name, why);
    }
  }
  for (const auto& [name, manifest] : after.manifests) {
    if (before.manifests.count(name) == 0 && before.unreadable.count(name) == 0) {
      diff.only_after(manifest);
    }
  }
  return diff.finish(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
}

}  // namespace snapshot_test::session
