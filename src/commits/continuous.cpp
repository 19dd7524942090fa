#include "commits/continuous.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "snapshot_test/store/store.hpp"
#include "util/try.hpp"

namespace snapshot_test::commits {

namespace fs = std::filesystem;

namespace {

/// Which commit BASE is, and why it is that one.
struct Base {
  Point point;
  std::string why;
};

/// What HEAD's branch is meant to be merged into: its upstream, else the first of asv.conf.json's branches, else what
/// the remote calls its own HEAD. Empty where there is none.
std::string upstream_of(const CommitRuns& runs) {
  std::vector<std::string> candidates = {"@{upstream}"};
  for (const std::string& branch : runs.options().plan.asv.branches) {
    candidates.push_back("origin/" + branch);
    candidates.push_back(branch);
  }
  candidates.emplace_back("origin/HEAD");
  for (const std::string& each : candidates) {
    const auto found = runs.repository().git({"rev-parse", "--abbrev-ref", "--verify", "--quiet", each});
    if (found && !found->empty() && runs.repository().commit(each)) {
      return found->find("@{") == std::string::npos ? *found : each;
    }
  }
  return "";
}

Result<Base> default_base(const CommitRuns& runs, const Point& head) {
  if (const std::string upstream = upstream_of(runs); !upstream.empty()) {
    TRY_ASSIGN(const Commit tip, runs.repository().commit(upstream));
    TRY_ASSIGN(const auto base, runs.repository().merge_base(tip.id, head.commit.id));
    if (base) {
      TRY_ASSIGN(const Point point, runs.at(*base));
      if (point.tree != head.tree) {
        return Base{point, "the merge base with " + upstream};
      }
    } else if (runs.repository().is_shallow()) {
      return fail(ErrorKind::kUsage,
                  fmt::format("the clone is shallow, and has no merge base with {}: `git fetch --unshallow` brings its "
                              "whole history; or name BASE",
                              upstream));
    }
  }
  if (head.tree != head.commit.tree) {
    return Base{runs.at(head.commit), "what the work tree was changed from"};
  }
  auto parent = runs.at(head.commit.id + "~1");
  if (!parent) {
    return fail(ErrorKind::kUsage,
                fmt::format("{} has no parent{}: name BASE", describe(head.commit),
                            runs.repository().is_shallow()
                                ? " in this shallow clone (`git fetch --unshallow` brings its history)"
                                : ""));
  }
  return Base{std::move(*parent), "the commit before"};
}

/// The verify run of HEAD, whose seconds are kept.
class Timed : public HandedOn {
 public:
  using BeforeEnd = std::function<void(const model::VerifySummary&)>;
  Timed(model::Listener& to, BeforeEnd before_end) : HandedOn(to), before_end_(std::move(before_end)) {}
  void planned(const model::RunPlan& plan) override {
    shown_.tested = plan.tested;
    HandedOn::planned(plan);
  }
  void verified(const model::CaseVerdict& result) override {
    const model::Ending ending = result.observation.ending;
    const model::Verdict verdict = result.seen.value_or(result.verdict);
    if (ending == model::Ending::kReturned) {
      seconds_[{result.id.benchmark, result.id.index}] = {result.id.label, result.observation.seconds};
    }
    if (verdict == model::Verdict::kIdentical) {
      shown_.confirmed[{result.id.benchmark, result.id.label}] = result.observation.seconds;
    } else if (ending == model::Ending::kReturned || ending == model::Ending::kSkipped ||
               ending == model::Ending::kNoOp || ending == model::Ending::kRaised ||
               verdict == model::Verdict::kNoSnapshot || verdict == model::Verdict::kCaptureFailed) {
      shown_.others.emplace(result.id.benchmark, result.id.index);
    }
    HandedOn::verified(result);
  }
  [[nodiscard]] const Verified& shown() const { return shown_; }
  using HandedOn::finished;
  void finished(const model::VerifySummary& summary) override {
    before_end_(summary);
    HandedOn::finished(summary);
  }
  /// With those of the store; without what cannot be read there, of which verify has spoken.
  [[nodiscard]] std::vector<model::CaseTime> beside(const fs::path& store_folder) const {
    std::vector<model::CaseTime> times;
    const auto store = store::Store::open(store_folder);
    for (const auto& [id, now] : seconds_) {
      const auto manifest =
          store ? (*store)->load_manifest(id.first) : Result<std::optional<store::Manifest>>(std::nullopt);
      for (const store::CaseRecord& record :
           manifest&&* manifest ? (*manifest)->cases : std::vector<store::CaseRecord>()) {
        if (record.index == id.second && record.ending == model::Ending::kReturned &&
            store::case_label(**manifest, record) == now.first) {
          times.push_back({now.first, record.seconds, now.second});
        }
      }
    }
    return times;
  }

 private:
  BeforeEnd before_end_;
  Verified shown_;
  std::map<std::pair<std::string, std::size_t>, std::pair<std::string, double>> seconds_;
};

}  // namespace

Result<model::VerifySummary> continuous(const ContinuousOptions& options, const Say& say, model::Listener& listener) {
  TRY_ASSIGN(CommitRuns runs, CommitRuns::open(options.runs, say));
  TRY_ASSIGN(const Point head, options.head ? runs.at(*options.head) : runs.work_tree());
  Base base;
  if (options.base) {
    TRY_ASSIGN(base.point, runs.at(*options.base));
  } else {
    TRY_ASSIGN(base, default_base(runs, head));
  }
  say(fmt::format("BASE is {}{}", describe(base.point), base.why.empty() ? "" : ", " + base.why));
  say(fmt::format("HEAD is {}", describe(head)));
  if (base.point.tree == head.tree) {
    return fail(ErrorKind::kUsage, "BASE and HEAD are the same, file by file: there is nothing to compare");
  }
  TRY_ASSIGN(const auto common, runs.repository().merge_base(base.point.commit.id, head.commit.id));
  if (common != base.point.commit.id) {
    say(common ? "note: BASE is no ancestor of HEAD, so what only BASE has counts as a change, too"
               : "note: BASE and HEAD have no history in common");
  }
  TRY(runs.take_benchmarks_from(options.benchmarks_from == BenchmarksFrom::kHead ? head : base.point));
  TRY(runs.check_compiled(base.point, head));
  TRY_ASSIGN(const fs::path store, runs.baseline(base.point, "BASE", listener));
  Timed* seen = nullptr;
  Timed timed(listener, [&](const model::VerifySummary& summary) {
    for (const std::string& difference : runs.environment_differences()) {
      say("warning: the two sides do not have the same packages: " + difference);
    }
    if (options.on_times) {
      options.on_times(seen->beside(store));
    }
    if (summary.status == model::ExitStatus::kInterrupted || summary.status == model::ExitStatus::kInternal) {
      return;
    }
    if (const auto kept = runs.keep_verified(head, "HEAD", store, seen->shown(), listener); !kept) {
      say("note: what HEAD computed is not kept for compare: " + kept.error().message);
    }
  });
  seen = &timed;
  TRY_ASSIGN(model::VerifySummary summary, runs.verify(head, "HEAD", store, timed));
  runs.trim_cache();
  return summary;
}

}  // namespace snapshot_test::commits
