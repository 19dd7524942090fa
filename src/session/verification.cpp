#include "session/verification.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "audit/audit.hpp"
#include "session/remove_snapshots.hpp"
#include "snapshot_test/model/coverage.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

using model::CaseVerdict;
using model::Verdict;

namespace {

/// Seconds: the schedule begins with what is expected to take longest.
constexpr double kBeforeAllOthers = 1e7;

}  // namespace

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

void Verification::report_unplanned(CaseVerdict verdict) {
  if (summary_.plan.shard) {
    summary_.beside.push_back(std::move(verdict));
  } else {
    report(std::move(verdict));
  }
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
  } else if (verdict == Verdict::kRaised) {  // of a module that does not import
    report_unplanned(std::move(result));
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
  if (summary_.plan.shard) {  // what becomes of them is said where all shards are merged
    std::move(obsolete_.begin(), obsolete_.end(), std::back_inserter(summary_.beside));
    return {};
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
  const SuiteOptions& suite = options_.suite;
  for (const model::SiteValue& site : records_.at({task.benchmark, task.index})->sites) {
    const bool too_many =
        site.site.kind == model::SiteKind::kRepeated && static_cast<std::uint64_t>(site.site.index) > suite.repeat;
    if (!too_many && (site.site.kind != model::SiteKind::kPerturbed || suite.perturb)) {
      request.baseline.push_back(site);
    }
  }
  if (held_ != nullptr) {
    request.sealed = true;
    std::transform(request.baseline.begin(), request.baseline.end(), request.baseline.begin(), model::sealed_site);
    return request;
  }
  request.store = store_.locator();
  if (options_.read_data) {
    for (model::SiteValue& site : request.baseline) {
      site.fingerprint.clear();
      if (site.sketch_of) {
        site.sketch_of->fingerprint.clear();
      }
    }
  }
  return request;
}

std::optional<StoredCase> Verification::stored_case(const runner::CaseTask& task) const {
  const auto record = records_.find({task.benchmark, task.index});
  if (record == records_.end() || record->second == nullptr || task.observe == model::Observe::kNothing) {
    return std::nullopt;
  }
  return StoredCase{record->second,
                    model::rules_for(*task.benchmark, options_.comparison.rules, options_.comparison.changes)};
}

Result<void> Verification::fetch_for(const std::vector<runner::CaseTask>& tasks) {
  return postponed_.fetch_for(tasks, [&](const runner::CaseTask& task) {
    const auto record = records_.find({task.benchmark, task.index});
    return record == records_.end() ? nullptr : record->second;
  });
}

const store::CaseRecord& Verification::snapshot_of(const store::CaseRecord& stored) {
  const auto is_again = [](const model::SiteValue& site) { return model::is_again(site.site.kind); };
  const bool only_deepest = options_.suite.mode == Mode::kDeepest;
  // Sealed cases are called once, and say what they have seen for each site of their snapshot.
  const bool only_first = held_ != nullptr && std::any_of(stored.sites.begin(), stored.sites.end(), is_again);
  if (!only_deepest && !only_first) {
    return stored;
  }
  store::CaseRecord& alone = restricted_.emplace_back(only_deepest ? deepest_alone(stored) : stored);
  if (only_first) {
    std::erase_if(alone.sites, is_again);
  }
  originals_.emplace(&alone, &stored);
  return alone;
}

/// Also of what is identical: that these bits came again says nothing of the ones that would have passed as well, and a
/// verdict must not depend on how a number was rounded.
void Verification::doubt_what_cannot_fail(const model::Benchmark& benchmark, const store::CaseRecord& record,
                                          CaseVerdict& verdict) const {
  const model::Rules rules = model::rules_for(benchmark, options_.comparison.rules, options_.comparison.changes);
  if (standing(verdict.verdict) != model::Standing::kPass || !audit::zeros_may_pass(record.magnitude, rules)) {
    return;
  }
  const store::CaseRecord* previous = audit::previous_of(baseline_.manifests.at(benchmark.name), record);
  if (!audit::is_insensitive(locator(), record, previous, rules)) {
    return;
  }
  verdict.reason = fmt::format(
      "it agrees, but so would zeros and every other wrong value that was tried: no number of it is larger than "
      "{:.3g}; "
      "'snapshot_test audit' names the tolerance that would tell them apart",
      *record.magnitude);
  verdict.verdict = Verdict::kInsensitive;
  verdict.checked_by.reset();
}

bool Verification::doubt_what_was_not_repeated(const store::CaseRecord& record, CaseVerdict& verdict) const {
  const SuiteOptions& suite = options_.suite;
  if (standing(verdict.verdict) != model::Standing::kPass || (suite.repeat == 0 && !suite.perturb)) {
    return true;
  }
  const auto has = [&record](model::SiteKind kind, std::uint64_t index) {
    return std::any_of(record.sites.begin(), record.sites.end(), [&](const model::SiteValue& site) {
      return site.site.kind == kind && static_cast<std::uint64_t>(site.site.index) == index && model::usable(site);
    });
  };
  const bool repeated = suite.repeat == 0 || has(model::SiteKind::kRepeated, suite.repeat);
  const bool perturbed = !suite.perturb || has(model::SiteKind::kPerturbed, 0);
  if (!repeated || !perturbed) {
    verdict.reason = fmt::format(
        "its snapshot does not say what {} comes to: capture it with {}, or it returns nothing that could be compared",
        repeated ? "a call with changed inputs" : fmt::format("call {} in one process", suite.repeat + 1),
        repeated ? "--perturb" : fmt::format("--repeat {}", suite.repeat));
    verdict.verdict = Verdict::kNoSnapshot;
    verdict.checked_by.reset();
    return false;
  }
  if (suite.perturb && !has(model::SiteKind::kPerturbed, 1)) {
    verdict.missing.push_back("it was not called with changed inputs: nothing on its instance can be changed in place");
  }
  return true;
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
  if (postponed_.take(task, record, outcome)) {
    return runner::CaseRunner::Then::kDone;
  }
  const bool in_series = outcome.in_series;
  const bool in_discovery = outcome.in_discovery;
  CaseVerdict verdict = judge(record, std::move(outcome));
  if (in_series && verdict.verdict != Verdict::kIdentical && verdict.verdict != Verdict::kClose) {
    in_series_.emplace(key, std::move(verdict));
    return runner::CaseRunner::Then::kRunAgain;
  }
  if (in_discovery && standing(verdict.verdict) != model::Standing::kPass) {
    if (held_ != nullptr) {
      in_discovery_.emplace(key, std::move(verdict));
    }
    return runner::CaseRunner::Then::kRunAfresh;  // looking for benchmarks may have left something behind
  }
  finished_.insert(key);
  doubt_what_cannot_fail(*task.benchmark, record, verdict);
  const bool is_known = doubt_what_was_not_repeated(record, verdict);
  if (const auto before = in_series_.find(key);
      before != in_series_.end() && before->second.verdict != verdict.verdict) {
    verdict.observation.notes.push_back(
        fmt::format("ran by itself: in a process in which other cases had run it was {}: {}",
                    name(before->second.verdict), before->second.reason));
  }
  // A sealed case may know by being run again that it was wrong.
  if (const auto before = in_discovery_.find(key);
      before != in_discovery_.end() && before->second.verdict != verdict.verdict) {
    verdict.observation.notes.push_back(
        fmt::format("ran again: in the process that had looked for benchmarks it was {}: {}",
                    name(before->second.verdict), before->second.reason));
  }
  verdict.id = runner::id_of(task);
  const std::string& version =
      record.version.empty() ? baseline_.manifests.at(task.benchmark->name).version : record.version;
  verdict.source_changed = !version.empty() && version != task.benchmark->version;
  if (standing(verdict.verdict) == model::Standing::kFail) {
    verdict.environment = environment_.run(record.run);
  }
  if (!verdict.observation.replaced.empty() || !verdict.observation.opened.empty()) {
    summary_.suspicions.push_back({verdict.id.label, verdict.observation.replaced, verdict.observation.opened});
  }
  auto& changed = summary_.changed_benchmarks;
  if (verdict.source_changed && std::find(changed.begin(), changed.end(), verdict.id.benchmark) == changed.end()) {
    changed.push_back(verdict.id.benchmark);
  }
  const model::CaseStatus now = model::status_of(verdict.verdict, verdict.observation.ending);
  expectations_.apply(verdict);
  note_transition(*task.benchmark, task.index, now, verdict);
  const auto original = originals_.find(&record);
  if (is_known) {  // else its snapshot is as good as what would be staged
    proposals_.note(verdict, original == originals_.end() ? &record : original->second);
  }
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
      report_unplanned(std::move(verdict));
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

}  // namespace snapshot_test::session
