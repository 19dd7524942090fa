// One verify run as it goes on: which cases run, what is said of each, and what is left at its end.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runner/case_runner.hpp"
#include "session/baseline.hpp"
#include "session/conclude.hpp"
#include "session/environment_since.hpp"
#include "session/expected.hpp"
#include "session/follow_up.hpp"
#include "session/judge.hpp"
#include "session/last_failures.hpp"
#include "session/postponed.hpp"
#include "session/proposals.hpp"
#include "session/run.hpp"
#include "session/sealed.hpp"
#include "session/sharding.hpp"
#include "session/transitions.hpp"

namespace snapshot_test::session {

/// From the selection to verdicts. Not thread-safe; what it is made from outlives it.
class Verification {
 public:
  Verification(const VerifyOptions& options, model::Listener& listener, const store::Store& store, Baseline baseline)
      : options_(options),
        listener_(listener),
        store_(store),
        baseline_(std::move(baseline)),
        environment_(store),
        proposals_(options),
        postponed_(options, listener),
        last_(LastFailures::load(options.cache_folder, store::absolute_location(options.snapshot_dir).string(),
                                 options.suite.benchmark_dir)),
        expectations_(options.expectations, options.today) {}

  /// Finds out which cases expected.toml is about. kConfig where two entries are about one.
  [[nodiscard]] Result<void> look_up_expectations(const std::vector<model::Benchmark>& stored,
                                                  const model::Suite& suite);
  [[nodiscard]] std::vector<model::Expectation> idle_expectations() const { return expectations_.idle(); }

  /// Cases are looked up in a status file, too. Before plan().
  void set_transitions(TransitionLog log) { transitions_.emplace(std::move(log)); }
  [[nodiscard]] const std::optional<TransitionLog>& transitions() const { return transitions_; }
  /// Do as many cases fail as end the run? Beside a status file, those that passed before.
  [[nodiscard]] bool enough_failed() const;
  /// `now`: how it stands; one that fails as expected.toml says counts by how it ended.
  void note_transition(const model::Benchmark& benchmark, std::size_t index, model::CaseStatus now,
                       const model::CaseVerdict& verdict);
  /// Gives a verdict at once to what cannot or need not run, and tasks for the rest.
  std::vector<runner::CaseTask> plan(const Run& run);
  [[nodiscard]] model::CaseRequest request(const Run& run, const runner::CaseTask& task) const;
  /// Has cases sealed: they are told nothing of what they are compared with, which is read through `held`.
  void seal(const HeldStore& held) { held_ = &held; }
  /// What a sealed case is compared with, where there is anything.
  [[nodiscard]] std::optional<StoredCase> stored_case(const runner::CaseTask& task) const;
  /// What does not simply pass in a series is run again by itself, and only that run counts; so is what does not pass
  /// in a process that has looked for benchmarks, and all that follows. Nothing has been noted of it then.
  [[nodiscard]] runner::CaseRunner::Then on_finished(const runner::CaseTask& task, runner::CaseOutcome outcome);
  /// Fetches what these cases are compared with whatever they show, where the baseline is kept elsewhere.
  [[nodiscard]] Result<void> fetch_for(const std::vector<runner::CaseTask>& tasks);
  /// Cases that on_finished() has put off.
  [[nodiscard]] Postponed& postponed() { return postponed_; }
  /// Where every wrong value that audit tries would pass, a pass is none.
  void doubt_what_cannot_fail(const model::Benchmark& benchmark, const store::CaseRecord& record,
                              model::CaseVerdict& verdict) const;
  /// Where calls are made once more, and the snapshot has none, a pass is none either.
  /// False where it was none.
  bool doubt_what_was_not_repeated(const store::CaseRecord& record, model::CaseVerdict& verdict) const;
  [[nodiscard]] const store::CaseRecord& snapshot_of(const store::CaseRecord& stored);
  /// By what the baseline says: which part of it is to be verified here.
  [[nodiscard]] Result<model::Shard> take_shard(Run& run) const {
    return session::take_shard(run, baseline_.manifests, *options_.shard, BaselineOf::kThePlan, options_.demands);
  }
  [[nodiscard]] EnvironmentSince& environment() { return environment_; }
  /// Captures what has no snapshot and removes what has no case, where that is wanted, and says so of each. Nothing of
  /// the run is left. `done`: it went to its end.
  [[nodiscard]] Result<void> follow_up(Extent extent, bool done, const runner::OpenHosts& open);
  /// Stages the values of what could be accepted, where that is wanted.
  [[nodiscard]] Result<void> stage(const runner::OpenHosts& open) {
    return proposals_.stage(summary_, listener_, open);
  }
  void judge_unclaimed(const std::vector<model::Benchmark>& stored,
                       const std::vector<std::vector<std::size_t>>& selected, const model::Suite& suite);
  /// What of the plan is left.
  void note_not_run();
  LastFailures& last() { return last_; }
  model::VerifySummary& summary() { return summary_; }

 private:
  void report(model::CaseVerdict verdict);
  /// Of what is no case of the suite as it is: where the run is a shard, no shard has it.
  void report_unplanned(model::CaseVerdict verdict);
  void report_without_run(const model::Benchmark& benchmark, std::size_t index, model::Verdict verdict,
                          std::string reason, const store::CaseRecord* record = nullptr,
                          model::Observation observation = not_run());
  static model::Observation not_run() {
    model::Observation observation;
    observation.ending = model::Ending::kNotRun;
    return observation;
  }
  [[nodiscard]] static bool has_nothing_to_compare(const store::CaseRecord* record) {
    return record == nullptr || needs_no_run(*record);
  }
  void report_uncompared(const model::Benchmark& benchmark, std::size_t index, const store::CaseRecord* record,
                         model::Observation observation = not_run());

  const VerifyOptions& options_;
  model::Listener& listener_;
  [[nodiscard]] model::Locator locator() const { return held_ != nullptr ? held_->locator() : store_.locator(); }

  const store::Store& store_;
  const HeldStore* held_ = nullptr;
  Baseline baseline_;
  using Key = std::pair<const model::Benchmark*, std::size_t>;
  std::map<Key, const store::CaseRecord*> records_;
  std::set<const store::CaseRecord*> claimed_;
  std::set<Key> finished_;                          ///< cases that were run
  std::map<Key, model::CaseVerdict> in_series_;     ///< on those that run again by themselves
  std::map<Key, model::CaseVerdict> in_discovery_;  ///< sealed: on those that run again below another process
  std::deque<store::CaseRecord> restricted_;        ///< of mode "deepest"
  EnvironmentSince environment_;
  std::vector<model::CaseVerdict> missing_;  ///< not reported yet, as the next
  std::vector<model::CaseVerdict> obsolete_;
  std::map<const store::CaseRecord*, const store::CaseRecord*> originals_;  ///< of the restricted ones
  Proposals proposals_;
  Postponed postponed_;
  LastFailures last_;
  Expectations expectations_;
  std::optional<TransitionLog> transitions_;
  model::VerifySummary summary_;
};

}  // namespace snapshot_test::session
