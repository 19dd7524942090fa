#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "runner/process_hosts.hpp"
#include "session/baseline.hpp"
#include "session/conclude.hpp"
#include "session/environment.hpp"
#include "session/environment_since.hpp"
#include "session/expected.hpp"
#include "session/follow_up.hpp"
#include "session/judge.hpp"
#include "session/last_failures.hpp"
#include "session/proposals.hpp"
#include "session/remove_snapshots.hpp"
#include "session/run.hpp"
#include "session/transitions.hpp"
#include "session/with_hosts.hpp"
#include "snapshot_test/store/store.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

using model::CaseVerdict;
using model::Verdict;

namespace {

/// Seconds: the schedule begins with what is expected to take longest.
constexpr double kBeforeAllOthers = 1e7;

/// As much of a stored benchmark as the filter and the exclusions look at.
std::vector<model::Benchmark> stored_benchmarks(const Baseline& baseline) {
  std::vector<model::Benchmark> stored;
  for (const auto& [name, manifest] : baseline.manifests) {
    stored.push_back(store::benchmark_of(manifest));
  }
  return stored;
}

/// One verify run: from the selection to verdicts.
class Verification {
 public:
  Verification(const VerifyOptions& options, model::Listener& listener, const store::Store& store, Baseline baseline)
      : options_(options),
        listener_(listener),
        store_(store),
        baseline_(std::move(baseline)),
        environment_(store),
        proposals_(options),
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
                       const CaseVerdict& verdict);
  /// Gives a verdict at once to what cannot or need not run, and tasks for the rest.
  std::vector<runner::CaseTask> plan(const Run& run);
  [[nodiscard]] model::CaseRequest request(const Run& run, const runner::CaseTask& task) const;
  /// What does not simply pass in a series is run again by itself, and only that run counts; so is what does not pass
  /// in a process that has looked for benchmarks, and all that follows. Nothing has been noted of it then.
  [[nodiscard]] runner::CaseRunner::Then on_finished(const runner::CaseTask& task, runner::CaseOutcome outcome);
  [[nodiscard]] const store::CaseRecord& snapshot_of(const store::CaseRecord& stored);
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
  void report(CaseVerdict verdict);
  void report_without_run(const model::Benchmark& benchmark, std::size_t index, Verdict verdict, std::string reason,
                          const store::CaseRecord* record = nullptr, model::Observation observation = not_run());
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
  const store::Store& store_;
  Baseline baseline_;
  using Key = std::pair<const model::Benchmark*, std::size_t>;
  std::map<Key, const store::CaseRecord*> records_;
  std::set<const store::CaseRecord*> claimed_;
  std::set<Key> finished_;                    ///< cases that were run
  std::map<Key, CaseVerdict> in_series_;      ///< on those that run again by themselves
  std::deque<store::CaseRecord> restricted_;  ///< of mode "deepest"
  EnvironmentSince environment_;
  std::vector<CaseVerdict> missing_;  ///< not reported yet, as the next
  std::vector<CaseVerdict> obsolete_;
  std::map<const store::CaseRecord*, const store::CaseRecord*> originals_;  ///< of the restricted ones
  Proposals proposals_;
  LastFailures last_;
  Expectations expectations_;
  std::optional<TransitionLog> transitions_;
  model::VerifySummary summary_;
};

Result<void> Verification::look_up_expectations(const std::vector<model::Benchmark>& stored,
                                                const model::Suite& suite) {
  for (const model::Benchmark& benchmark : suite.benchmarks) {
    TRY(expectations_.add(benchmark));
  }
  // Of modules that cannot be imported, what is stored is known.
  for (const model::Benchmark& benchmark : stored) {
    if (failure_of(suite.failures, benchmark.module) != nullptr) {
      std::vector<std::size_t> indices;
      for (const store::CaseRecord& record : baseline_.manifests.at(benchmark.name).cases) {
        indices.push_back(record.index);
      }
      TRY(expectations_.add(benchmark, indices));
    }
  }
  return {};
}

void Verification::report(CaseVerdict verdict) {
  ++summary_.counts[verdict.verdict];
  if (verdict.checked_by && verdict.verdict != Verdict::kExpected) {
    ++summary_.checked[*verdict.checked_by];
  }
  last_.note(verdict);
  listener_.verified(verdict);
}

void Verification::report_without_run(const model::Benchmark& benchmark, std::size_t index, Verdict verdict,
                                      std::string reason, const store::CaseRecord* record,
                                      model::Observation observation) {
  CaseVerdict result;
  result.id = runner::id_of(benchmark, index);
  result.verdict = verdict;
  result.reason = std::move(reason);
  result.observation = std::move(observation);
  const model::CaseStatus now = model::status_of(verdict, result.observation.ending);
  expectations_.apply(result);
  note_transition(benchmark, index, now, result);
  const bool stored_anyway = verdict == Verdict::kNoSnapshot && options_.demands.missing == model::Missing::kCapture;
  if ((verdict == Verdict::kNoSnapshot && !stored_anyway) || verdict == Verdict::kCaptureFailed) {
    proposals_.note(result, record);
  }
  if (verdict == Verdict::kNoSnapshot) {
    missing_.push_back(std::move(result));
  } else if (verdict == Verdict::kObsolete) {
    obsolete_.push_back(std::move(result));
  } else {
    report(std::move(result));
  }
}

void Verification::report_uncompared(const model::Benchmark& benchmark, std::size_t index,
                                     const store::CaseRecord* record, model::Observation observation) {
  if (observation.ending == model::Ending::kRefused) {
    std::string why = observation.detail;
    report_without_run(benchmark, index, Verdict::kRefused, std::move(why), record, std::move(observation));
  } else if (record == nullptr) {
    report_without_run(
        benchmark, index, Verdict::kNoSnapshot,
        !options_.no_baseline ? "it was not there when the baseline was captured" : options_.no_baseline->why, nullptr,
        std::move(observation));
  } else {
    report_without_run(benchmark, index, Verdict::kCaptureFailed, record->reason, record, std::move(observation));
  }
}

void Verification::note_transition(const model::Benchmark& benchmark, std::size_t index, model::CaseStatus now,
                                   const CaseVerdict& verdict) {
  if (transitions_ && verdict.verdict != Verdict::kObsolete) {
    const bool expected = verdict.verdict == Verdict::kExpected;
    transitions_->note(benchmark, index, expected ? model::status_of(verdict.observation.ending) : now);
  }
}

bool Verification::enough_failed() const {
  const std::size_t failed = transitions_ ? transitions_->regressions() : summary_.count(model::Standing::kFail);
  return options_.max_failures != 0 && failed >= options_.max_failures;
}

Result<void> Verification::follow_up(Extent extent, bool done, const runner::OpenHosts& open) {
  std::map<CaseKey, model::CaptureStatus> captured;
  if (options_.demands.missing == model::Missing::kCapture && done && !missing_.empty()) {
    std::set<CaseKey> cases;
    for (const CaseVerdict& each : missing_) {
      cases.emplace(each.id.benchmark, each.id.index);
    }
    TRY_ASSIGN(captured, capture_cases(options_, options_.snapshot_dir, cases, listener_, open));
  }
  for (CaseVerdict& each : missing_) {
    if (const auto now = captured.find({each.id.benchmark, each.id.index}); now != captured.end()) {
      each.reason += model::verifiable(now->second)
                         ? "; it was captured now"
                         : fmt::format("; it was captured now, and verify cannot check it ({})", name(now->second));
    }
    report(std::move(each));
  }
  const model::Obsolete policy = decide(options_.demands.obsolete, extent);
  if (policy == model::Obsolete::kDelete && done && !obsolete_.empty()) {
    std::map<std::string, std::set<std::size_t>> cases;
    for (CaseVerdict& each : obsolete_) {
      cases[each.id.benchmark].insert(each.id.index);
      each.reason += "; its snapshot was removed";
    }
    TRY(remove_snapshots(store_, cases, Undo::kPossible));
  }
  for (CaseVerdict& each : obsolete_) {
    if (policy != model::Obsolete::kIgnore) {
      report(std::move(each));
    }
  }
  return {};
}

std::vector<runner::CaseTask> Verification::plan(const Run& run) {
  const Selection& selection = run.selection();
  std::vector<runner::CaseTask> tasks;
  for (std::size_t i = 0; i < selection.suite.benchmarks.size(); ++i) {
    const model::Benchmark& benchmark = selection.suite.benchmarks[i];
    const auto manifest = baseline_.manifests.find(benchmark.name);
    const auto unreadable = baseline_.unreadable.find(benchmark.name);
    std::vector<const store::CaseRecord*> records(benchmark.case_count());
    if (manifest != baseline_.manifests.end()) {
      store::CaseFinder finder(manifest->second);
      for (std::size_t index = 0; index < records.size(); ++index) {
        records[index] = finder.find(benchmark.case_ids(index), index);
      }
    }
    claimed_.insert(records.begin(), records.end());
    // A process in which nothing has run yet is where the first call of something goes wrong, if it does.
    bool first_is_alone = false;
    for (const std::size_t index : selection.indices[i]) {
      if (unreadable != baseline_.unreadable.end()) {
        report_without_run(benchmark, index, Verdict::kUnreadable, unreadable->second);
        continue;
      }
      const store::CaseRecord* record = records[index];
      if (has_nothing_to_compare(record) && !transitions_) {
        report_uncompared(benchmark, index, record);
      } else if (has_nothing_to_compare(record)) {
        records_[{&benchmark, index}] = record;
        tasks.push_back(run.make_task(benchmark, index, model::Observe::kNothing));
      } else {
        const store::CaseRecord& snapshot = snapshot_of(*record);
        const auto look = options_.suite.mode == Mode::kDeepest ? model::Observe::kDeepest
                                                                : look_for(snapshot.sites, snapshot.unheld);
        runner::CaseTask task = run.make_task(benchmark, index, look);
        records_[{&benchmark, index}] = &snapshot;
        const bool first = options_.failed == FailedCases::kFirst && last_.contains(runner::id_of(task).label);
        task.expected = snapshot.total_seconds + (first ? kBeforeAllOthers : 0);
        task.in_series = record->context_free && first_is_alone && model::verifiable(record->status) &&
                         look != model::Observe::kDeepest && run.fits_a_series(task);
        first_is_alone = true;
        tasks.push_back(std::move(task));
      }
    }
  }
  run.shuffle(tasks);
  return tasks;
}

model::CaseRequest Verification::request(const Run& run, const runner::CaseTask& task) const {
  model::CaseRequest request = run.make_request(task);
  request.mode = model::CaseMode::kCompare;
  if (task.observe == model::Observe::kNothing) {
    return request;
  }
  request.baseline = records_.at({task.benchmark, task.index})->sites;
  request.store = store_.locator();
  if (options_.read_data) {
    for (model::SiteValue& site : request.baseline) {
      site.fingerprint.clear();
    }
  }
  return request;
}

const store::CaseRecord& Verification::snapshot_of(const store::CaseRecord& stored) {
  if (options_.suite.mode != Mode::kDeepest) {
    return stored;
  }
  const store::CaseRecord& alone = restricted_.emplace_back(deepest_alone(stored));
  originals_.emplace(&alone, &stored);
  return alone;
}

runner::CaseRunner::Then Verification::on_finished(const runner::CaseTask& task, runner::CaseOutcome outcome) {
  const Key key{task.benchmark, task.index};
  if (task.observe == model::Observe::kNothing) {
    if (outcome.in_discovery && outcome.observation.ending != model::Ending::kReturned) {
      return runner::CaseRunner::Then::kRunAfresh;  // looking for benchmarks may have left something behind
    }
    finished_.insert(key);
    report_uncompared(*task.benchmark, task.index, records_.at(key), std::move(outcome.observation));
    return runner::CaseRunner::Then::kDone;
  }
  const store::CaseRecord& record = *records_.at(key);
  const bool in_series = outcome.in_series;
  const bool in_discovery = outcome.in_discovery;
  CaseVerdict verdict = judge(record, std::move(outcome));
  if (in_series && verdict.verdict != Verdict::kIdentical && verdict.verdict != Verdict::kClose) {
    in_series_.emplace(key, std::move(verdict));
    return runner::CaseRunner::Then::kRunAgain;
  }
  if (in_discovery && standing(verdict.verdict) != model::Standing::kPass) {
    return runner::CaseRunner::Then::kRunAfresh;  // looking for benchmarks may have left something behind
  }
  finished_.insert(key);
  if (const auto before = in_series_.find(key);
      before != in_series_.end() && before->second.verdict != verdict.verdict) {
    verdict.observation.notes.push_back(
        fmt::format("ran by itself: in a process in which other cases had run it was {}: {}",
                    name(before->second.verdict), before->second.reason));
  }
  verdict.id = runner::id_of(task);
  const std::string& version =
      record.version.empty() ? baseline_.manifests.at(task.benchmark->name).version : record.version;
  verdict.source_changed = !version.empty() && version != task.benchmark->version;
  if (standing(verdict.verdict) == model::Standing::kFail) {
    verdict.environment = environment_.run(record.run);
  }
  const model::CaseStatus now = model::status_of(verdict.verdict, verdict.observation.ending);
  expectations_.apply(verdict);
  note_transition(*task.benchmark, task.index, now, verdict);
  const auto original = originals_.find(&record);
  proposals_.note(verdict, original == originals_.end() ? &record : original->second);
  report(std::move(verdict));
  return runner::CaseRunner::Then::kDone;
}

void Verification::note_not_run() {
  for (const auto& [key, record] : records_) {
    if (!finished_.contains(key)) {
      summary_.not_run.push_back(runner::id_of(*key.first, key.second));
    }
  }
}

/// Snapshots that no case of the suite claims: of a module that does not import (it ran when captured and does not
/// now), or of a case that is gone.
void Verification::judge_unclaimed(const std::vector<model::Benchmark>& stored,
                                   const std::vector<std::vector<std::size_t>>& selected, const model::Suite& suite) {
  for (const auto& [name, why] : baseline_.unreadable) {  // of one that is discovered, plan() has spoken
    if (failure_of(suite, name) != nullptr) {
      CaseVerdict verdict;
      verdict.id = {name, 0, name};
      verdict.verdict = Verdict::kUnreadable;
      verdict.reason = why;
      verdict.observation.ending = model::Ending::kNotRun;
      report(std::move(verdict));
    }
  }
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (model::matches_any(stored[i], options_.suite.exclude_benchmarks)) {
      continue;
    }
    const store::Manifest& manifest = baseline_.manifests.at(stored[i].name);
    const std::set<std::size_t> indices(selected[i].begin(), selected[i].end());
    for (const store::CaseRecord& record : manifest.cases) {
      if (claimed_.count(&record) != 0 || indices.count(record.index) == 0) {
        continue;
      }
      const model::DiscoveryFailure* failure = failure_of(suite, stored[i].module);
      if (failure != nullptr && model::verifiable(record.status)) {
        report_without_run(stored[i], record.index, Verdict::kRaised,
                           fmt::format("{} does not import: {}", failure->where, failure->cause));
      } else if (failure == nullptr) {
        report_without_run(stored[i], record.index, Verdict::kObsolete, "the suite has no such case any more");
      }
    }
  }
}

Result<std::optional<TransitionLog>> open_transitions(const VerifyOptions& options) {
  if (!options.against_status) {
    return std::nullopt;
  }
  TRY_ASSIGN(auto file, store::read_status_file(*options.against_status));
  return TransitionLog(std::move(file), options.against_status->string(), options.transition_keys);
}

/// What discovery is asked besides.
model::DiscoverRequest discovery_beside(const std::optional<TransitionLog>& transitions) {
  model::DiscoverRequest wanted;
  if (transitions) {
    wanted.stored = transitions->benchmarks();
    wanted.other_filter = transitions->before().filter;
    wanted.other_exclude = transitions->before().exclude;
  }
  return wanted;
}

}  // namespace

Result<model::VerifySummary> verify(const VerifyOptions& options, model::Listener& listener) {
  return verify(options, listener, runner::ProcessHosts::open);
}

Result<model::VerifySummary> verify(const VerifyOptions& options, model::Listener& listener,
                                    const runner::OpenHosts& open) {
  const auto& none = options.no_baseline;
  TRY_ASSIGN(const auto store, none ? store::Store::open_or_create(store::absolute_location(none->store))
                                    : open_baseline(options.snapshot_dir));
  TRY_ASSIGN(auto baseline, none ? Result<Baseline>(Baseline()) : load_baseline(*store));
  const std::vector<model::Benchmark> stored = stored_benchmarks(baseline);
  TRY_ASSIGN(auto transitions, open_transitions(options));
  model::DiscoverRequest wanted = discovery_beside(transitions);
  wanted.stored.insert(wanted.stored.begin(), stored.begin(), stored.end());
  wanted.stay = true;
  TRY_ASSIGN(Run begun, Run::begin(options.suite, listener, open, std::move(wanted)));
  std::optional<Run> run(std::move(begun));
  Verification verification(options, listener, *store, std::move(baseline));
  model::VerifySummary& summary = verification.summary();
  const Indices& all_selected = run->found().stored_selected;
  const auto of_status = all_selected.begin() + static_cast<std::ptrdiff_t>(stored.size());
  Indices selected(all_selected.begin(), of_status);
  const Indices status_selected(of_status, all_selected.end());
  if (transitions) {
    TRY(transitions->check_suite(*run));
    verification.set_transitions(std::move(*transitions));
  }
  if (options.failed != FailedCases::kAsOthers && !verification.last().problem().empty()) {
    run->selection().suite.notes.push_back(verification.last().problem());
  }
  if (options.failed == FailedCases::kAlone) {
    selected = narrow_to_failed(*run, stored, std::move(selected), verification.last());
  }
  summary.plan = run->plan();
  summary.plan.baseline = none ? std::nullopt : origin_of(*store);
  summary.plan.variant = options.variant;
  summary.snapshot_dir = options.snapshot_dir.string();
  verification.environment().set_place(place_of(*run), summary.plan.tested);
  if (const auto& log = verification.transitions()) {
    if (const std::string changed = verification.environment().text(log->before().run); !changed.empty()) {
      summary.plan.notes.push_back("since the status file was written: " + changed);
    }
  }
  if (const auto ids = store->run_ids(); ids && !ids->empty() && !none) {
    summary.plan.environment = verification.environment().run(*std::max_element(ids->begin(), ids->end()));
  }
  if (auto refusal = refuse_environment(options.same_environment, summary.plan.environment); !refusal) {
    return tl::unexpected(std::move(refusal.error()));
  }
  TRY(verification.look_up_expectations(stored, run->selection().suite));
  listener.planned(summary.plan);
  std::vector<runner::CaseTask> tasks = verification.plan(*run);
  runner::CaseRunner& host = run->warm_host();
  listener.durations(runner::durations_of(tasks));
  listener.phase("verifying", tasks.size());
  const std::size_t wanted_cases = tasks.size();
  bool stopped = false;
  TRY(host.run(
      std::move(tasks), rules_by(options.comparison),
      [&](const runner::CaseTask& task) { return verification.request(*run, task); },
      [&](const runner::CaseTask& task) { listener.started(runner::id_of(task)); },
      [&](const runner::CaseTask& task, runner::CaseOutcome outcome) {
        const auto then = verification.on_finished(task, std::move(outcome));
        if (then != runner::CaseRunner::Then::kDone) {
          return then;
        }
        listener.ended(runner::id_of(task));
        const bool enough = verification.enough_failed();
        stopped = stopped || enough;
        return enough ? runner::CaseRunner::Then::kStop : runner::CaseRunner::Then::kDone;
      }));
  verification.judge_unclaimed(stored, selected, run->selection().suite);
  verification.note_not_run();
  const bool interrupted = run->interrupted();
  const bool done = summary.not_run.empty() && !interrupted;
  if (verification.transitions()) {
    summary.transitions = verification.transitions()->conclude(*run, status_selected);
  }
  const Extent extent = done && run->is_whole_suite() ? Extent::kComplete : Extent::kPartial;
  summary.seconds = run->seconds();
  run.reset();  // what follows has hosts of its own
  TRY(verification.follow_up(extent, done, open));
  if (!interrupted) {
    TRY(verification.stage(open));
  }
  if (extent == Extent::kComplete) {
    summary.idle_expectations = verification.idle_expectations();
  }
  conclude(summary, options.demands, extent);
  if (stopped && !summary.not_run.empty()) {
    summary.failure += fmt::format("; the run was stopped there (--maxfail): {} of {} cases were run",
                                   wanted_cases - summary.not_run.size(), wanted_cases);
  }
  if (interrupted) {
    summary.status = model::ExitStatus::kInterrupted;
    summary.failure = "interrupted: the cases above were judged, the others were not";
  }
  if (const auto saved = verification.last().save(); !saved) {
    listener.note(saved.error().message);
  }
  listener.finished(summary);
  return std::move(summary);
}

}  // namespace snapshot_test::session
