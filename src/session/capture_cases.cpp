#include "session/capture_cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "audit/audit.hpp"
#include "inspect/compare_snapshots.hpp"
#include "session/judge.hpp"
#include "session/sharding.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

using model::CaptureStatus;
using model::CaseCapture;
using model::Verdict;

namespace {

/// Of cases that a capture replaces and that would fail.
constexpr std::size_t kMostDifferent = 20;
/// Values that are named where a store is large.
constexpr std::size_t kLargest = 3;
/// Bytes of a case's values that are read again to see how large its numbers are; of larger ones it is not known.
constexpr std::uint64_t kMostAudited = 1 << 20;

bool same_values(const store::CaseRecord& a, const store::CaseRecord& b) {
  return a.status == b.status && std::equal(a.sites.begin(), a.sites.end(), b.sites.begin(), b.sites.end(),
                                            [](const model::SiteValue& x, const model::SiteValue& y) {
                                              return x.site == y.site && x.object == y.object && x.opaque == y.opaque;
                                            });
}

/// Who accepted what stays known when a case is captured again.
void keep_history(const store::Manifest& old, store::Manifest& now) {
  store::CaseFinder finder(old);
  for (store::CaseRecord& record : now.cases) {
    if (const store::CaseRecord* before = finder.find(record.ids, record.index)) {
      record.history = before->history;
    }
  }
}

}  // namespace

/// By the indices under which merge() would keep them.
void Capture::remember(const store::Manifest& old, const model::Benchmark& benchmark) {
  for (const store::CaseRecord& record : store::merge(old, store::make_manifest(benchmark)).cases) {
    if (!model::verifiable(coverage_of(record).status)) {
      continue;
    }
    std::vector<std::string>& objects = checkable_[{benchmark.name, record.index}];
    for (const model::SiteValue& site : record.sites) {
      if (!site.object.empty()) {
        objects.push_back(site.object);
      }
    }
  }
}

/// A snapshot whose values are gone can be checked no more than what would replace it.
model::Loss Capture::loss_of(const Key& key, CaptureStatus now) const {
  const auto old = checkable_.find(key);
  if (model::verifiable(now) || old == checkable_.end() ||
      !std::all_of(old->second.begin(), old->second.end(),
                   [this](const std::string& object) { return store_.find_object(object).has_value(); })) {
    return model::Loss::kNone;
  }
  return options_.allow_loss ? model::Loss::kReplaced : model::Loss::kKept;
}

std::vector<runner::CaseTask> Capture::first_tasks(const Run& run) {
  const Selection& selection = run.selection();
  std::vector<runner::CaseTask> tasks;
  for (std::size_t i = 0; i < selection.suite.benchmarks.size(); ++i) {
    const model::Benchmark& benchmark = selection.suite.benchmarks[i];
    const auto old = store_.load_manifest(benchmark.name).value_or(std::nullopt).value_or(store::Manifest());
    remember(old, benchmark);
    store::CaseFinder finder(old);
    for (const std::size_t index : selection.indices[i]) {
      if (captured_.contains({benchmark.name, index})) {
        continue;
      }
      runner::CaseTask task = run.make_task(benchmark, index, first_look());
      const store::CaseRecord* last = finder.find(benchmark.case_ids(index), index);
      task.expected = last != nullptr ? last->total_seconds : 0;
      tasks.push_back(std::move(task));
    }
  }
  run.shuffle(tasks);
  return tasks;
}

model::CaseRequest Capture::first_request(const Run& run, const runner::CaseTask& task) const {
  model::CaseRequest request = run.make_request(task);
  request.mode = model::CaseMode::kStore;
  request.store = transaction_.locator();
  request.compress = options_.method.compression == model::Compression::kAuto;
  return request;
}

std::vector<runner::CaseTask> Capture::second_tasks(const Run& run) const {
  const Selection& selection = run.selection();
  std::vector<runner::CaseTask> tasks;
  for (std::size_t i = 0; i < selection.suite.benchmarks.size(); ++i) {
    const model::Benchmark& benchmark = selection.suite.benchmarks[i];
    for (const std::size_t index : selection.indices[i]) {
      const auto captured = captured_.find({benchmark.name, index});
      if (captured == captured_.end() || captured->second.complete) {
        continue;
      }
      const model::Observation& first = captured->second.observation;
      const auto look = options_.suite.mode == Mode::kDeepest ? first_look() : look_for(first.sites, first.unheld);
      runner::CaseTask task = run.make_task(benchmark, index, look);
      task.expected = first.total_seconds;
      task.in_series = run.fits_a_series(task) && first_look() == model::Observe::kAll;
      tasks.push_back(std::move(task));
    }
  }
  // Where verify has the cases in a series that come before it, the second run has those that come after it.
  std::reverse(tasks.begin(), tasks.end());
  run.shuffle(tasks);
  return tasks;
}

model::CaseRequest Capture::second_request(const Run& run, const runner::CaseTask& task) const {
  model::CaseRequest request = run.make_request(task);
  request.mode = model::CaseMode::kCompare;
  request.baseline = captured_.at({task.benchmark->name, task.index}).observation.sites;
  request.store = transaction_.locator();
  return request;
}

bool Capture::needs_second_run(const Captured& captured) const {
  return options_.method.stability_check && worth_confirming(captured.observation);
}

bool Capture::note_refusal(const runner::CaseTask& task, const runner::CaseOutcome& outcome) {
  if (outcome.observation.ending == model::Ending::kRefused) {
    refusal_ = fmt::format("{}: {}", id_of(task).label, outcome.observation.detail);
  }
  return !refusal_.empty();
}

void Capture::judge_anew(Captured& captured) {
  CaptureJudgement judgement = judge_capture(captured.observation);
  captured.status = judgement.status;
  captured.reason = std::move(judgement.reason);
}

runner::CaseRunner::Then Capture::on_first(runner::CaseTask& task, runner::CaseOutcome outcome) {
  if (note_refusal(task, outcome)) {
    return runner::CaseRunner::Then::kStop;
  }
  Captured& captured = captured_[{task.benchmark->name, task.index}];
  const bool first_run = task.observe == first_look();
  captured.observation = first_run ? std::move(outcome.observation)
                                   : with_state(std::move(captured.observation), std::move(outcome.observation));
  judge_anew(captured);
  if (const auto again = second_look(captured.status, captured.observation.ending);
      again && outcome.ran && task.observe == model::Observe::kAll) {
    task.observe = *again;
    return runner::CaseRunner::Then::kRunAgain;
  }
  const model::Ending ending = captured.observation.ending;
  if (needs_second_run(captured)) {
    write_down(task, captured, ending);
  } else {
    complete(task, captured, "", ending);
  }
  return runner::CaseRunner::Then::kDone;
}

runner::CaseRunner::Then Capture::on_second(const runner::CaseTask& task, const runner::CaseOutcome& outcome) {
  if (note_refusal(task, outcome)) {
    return runner::CaseRunner::Then::kStop;
  }
  Captured& captured = captured_.at({task.benchmark->name, task.index});
  captured.context_free = outcome.in_series && is_confirmed_by(captured.observation, outcome);
  if (outcome.in_series && !captured.context_free) {
    in_series_.insert_or_assign({task.benchmark->name, task.index}, outcome);
    return runner::CaseRunner::Then::kRunAgain;
  }
  std::string reason = mark_unstable(captured.observation, outcome);
  double seconds = outcome.observation.total_seconds;
  if (auto series = in_series_.extract({task.benchmark->name, task.index}); !series.empty()) {
    // What differs in every run, such as memory that nobody has written to, does not say that others were before.
    captured.context_free = is_confirmed_by(captured.observation, series.mapped());
    seconds = series.mapped().observation.total_seconds;
  }
  if (captured.context_free) {
    // What it takes where verify will have it: by itself it may take many times as long.
    captured.observation.total_seconds = std::min(captured.observation.total_seconds, seconds);
  }
  judge_anew(captured);
  complete(task, captured, std::move(reason), outcome.observation.ending);
  return runner::CaseRunner::Then::kDone;
}

Result<void> Capture::refused() const {
  if (refusal_.empty()) {
    return {};
  }
  return fail(ErrorKind::kIo,
              fmt::format("{}; nothing was captured, the baseline in '{}' is as it was", refusal_, store_.name()));
}

void Capture::complete(const runner::CaseTask& task, Captured& captured, std::string reason, model::Ending last) {
  if (!reason.empty()) {
    captured.reason = std::move(reason);
  }
  captured.complete = true;
  write_down(task, captured, last);
  report(id_of(task), captured);
}

void Capture::write_down(const runner::CaseTask& task, const Captured& captured, model::Ending last) {
  const auto source = sources_.find(task.benchmark->module);
  if (written_ && source != sources_.end() && worth_recording(last)) {
    written_ =
        transaction_.write_journal(journal_line(options_, *task.benchmark, task.index, source->second, captured));
  }
}

std::size_t Capture::take_over(const Selection& selection) {
  for (Recorded& each : recorded_cases(options_, transaction_.resumed().journal, selection, sources_)) {
    captured_.insert_or_assign({selection.suite.benchmarks[each.benchmark].name, each.index}, std::move(each.captured));
  }
  transaction_.resumed().journal.clear();
  std::erase_if(captured_, [&](const auto& entry) {
    const auto& sites = entry.second.observation.sites;
    return std::any_of(sites.begin(), sites.end(),
                       [&](const model::SiteValue& site) { return !site.object.empty() && !transaction_.holds(site); });
  });
  return captured_.size();
}

void Capture::report_complete(const Selection& selection) {
  for (std::size_t i = 0; i < selection.suite.benchmarks.size(); ++i) {
    const model::Benchmark& benchmark = selection.suite.benchmarks[i];
    for (const std::size_t index : selection.indices[i]) {
      const auto captured = captured_.find({benchmark.name, index});
      if (captured != captured_.end() && captured->second.complete) {
        report(runner::id_of(benchmark, index), captured->second);
      }
    }
  }
}

void Capture::report(const model::CaseId& id, Captured& captured) {
  ++counts_[captured.status];
  captured.loss = loss_of({id.benchmark, id.index}, captured.status);
  ++losses_[captured.loss];
  std::vector<std::string> missing = judge_capture(captured.observation).missing;
  CaseCapture result{
      id, captured.status, captured.reason, std::move(missing), captured.loss, std::move(captured.observation)};
  listener_.captured(result);
  captured.observation = std::move(result.observation);
  captured.observation.output.clear();
  captured.observation.traceback.clear();
}

void Capture::count_into(model::CaptureSummary& summary) const {
  const auto count = [this](model::Loss loss) { return losses_.contains(loss) ? losses_.at(loss) : 0; };
  summary.counts = counts_;
  summary.kept = count(model::Loss::kKept);
  summary.replaced = count(model::Loss::kReplaced);
}

std::vector<shards::PlannedCase> Capture::kept(const Selection& selection) const {
  std::vector<shards::PlannedCase> kept;
  for (std::size_t i = 0; i < selection.suite.benchmarks.size(); ++i) {
    const model::Benchmark& benchmark = selection.suite.benchmarks[i];
    for (const std::size_t index : selection.indices[i]) {
      if (captured_.at({benchmark.name, index}).loss == model::Loss::kKept) {
        kept.push_back(shards::planned_case(benchmark, index));
      }
    }
  }
  return kept;
}

Result<void> Capture::stage(const Selection& selection) {
  for (std::size_t i = 0; i < selection.suite.benchmarks.size(); ++i) {
    const model::Benchmark& benchmark = selection.suite.benchmarks[i];
    if (selection.indices[i].empty()) {
      continue;
    }
    store::Manifest manifest = store::make_manifest(benchmark);
    for (const std::size_t index : selection.indices[i]) {
      Captured& captured = captured_.at({benchmark.name, index});
      if (captured.loss == model::Loss::kKept) {
        continue;
      }
      store::CaseRecord record;
      record.index = index;
      record.ids = benchmark.case_ids(index);
      record.status = captured.status;
      record.reason = captured.reason;
      record.context_free = captured.context_free;
      record.run = transaction_.run_id();
      record.seconds = captured.observation.seconds;
      record.total_seconds = captured.observation.total_seconds;
      record.ending = captured.observation.ending;
      record.unheld = captured.observation.unheld;
      record.sites = std::move(captured.observation.sites);
      if (options_.complete_record) {
        options_.complete_record(benchmark, record);
      }
      for (const model::SiteValue& site : record.sites) {
        note_size(runner::id_of(benchmark, index), site);
      }
      manifest.cases.push_back(std::move(record));
    }
    look_at_sensitivity(benchmark, manifest);
    // A damaged manifest is replaced: capturing again is how one gets rid of it. One that the machine does not let us
    // read now holds cases that must not be lost.
    const bool whole = manifest.cases.size() == benchmark.case_count();
    const auto old = store_.load_manifest(benchmark.name);
    if (!old && !whole && old.error().kind == ErrorKind::kIo) {
      return tl::unexpected(old.error());
    }
    if (old && *old) {
      compare_with_old(benchmark, **old, manifest);
      keep_history(**old, manifest);
      if (!whole) {
        manifest = store::merge(**old, std::move(manifest));
      }
    } else {
      replacement_.counts[Verdict::kNoSnapshot] += manifest.cases.size();
    }
    if (std::string digest = options_.shard ? captured_digest(manifest, transaction_.run_id()) : ""; !digest.empty()) {
      digests_.emplace(benchmark.name, std::move(digest));
    }
    TRY(transaction_.put_manifest(manifest));
  }
  return {};
}

void Capture::look_at_sensitivity(const model::Benchmark& benchmark, store::Manifest& manifest) {
  const model::Rules rules = model::rules_for(benchmark, options_.comparison.rules, options_.comparison.changes);
  const model::Locator locator = transaction_.locator();
  for (store::CaseRecord& record : manifest.cases) {
    if (!model::verifiable(record.status)) {
      continue;
    }
    ++sensitivity_.cases;
    record.magnitude = audit::case_magnitude(locator, record, kMostAudited);
    record.sensitive_under.clear();
    if (!audit::zeros_may_pass(record.magnitude, rules)) {
      continue;
    }
    const audit::CaseAudit found =
        audit::audit_case(locator, manifest, record, audit::previous_of(manifest, record), rules);
    sensitivity_.zeros_pass += found.passes(audit::Mutation::kZeros) ? 1 : 0;
    sensitivity_.insensitive += found.insensitive() ? 1 : 0;
    if (found.caught_by_itself()) {
      record.sensitive_under = audit::text_of(rules);
    }
  }
}

void Capture::note_size(const model::CaseId& id, const model::SiteValue& site) {
  if (largest_.size() == kLargest && site.bytes <= largest_.back().second) {
    return;
  }
  largest_.emplace_back(fmt::format("{}: {}", id.label, site.site.text()), site.bytes);
  std::stable_sort(largest_.begin(), largest_.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  largest_.resize(std::min(largest_.size(), kLargest));
}

void Capture::compare_with_old(const model::Benchmark& benchmark, const store::Manifest& old,
                               const store::Manifest& now) {
  const model::Rules rules = model::rules_for(benchmark, options_.comparison.rules, options_.comparison.changes);
  store::CaseFinder finder(old);
  std::set<const store::CaseRecord*> claimed;
  for (const store::CaseRecord& record : now.cases) {
    const store::CaseRecord* before = finder.find(record.ids, record.index);
    claimed.insert(before);
    if (before == nullptr || needs_no_run(*before)) {
      ++replacement_.counts[Verdict::kNoSnapshot];
      continue;
    }
    if (same_values(*before, record)) {
      ++replacement_.counts[Verdict::kIdentical];
      continue;
    }
    runner::CaseOutcome outcome;
    outcome.observation.ending = record.ending;
    outcome.observation.detail = record.reason;
    outcome.comparisons =
        inspect::compare_snapshots({transaction_.locator(), record}, {store_.locator(), *before}, rules);
    const model::CaseVerdict verdict = judge(*before, std::move(outcome));
    ++replacement_.counts[verdict.verdict];
    if (standing(verdict.verdict) == model::Standing::kFail && replacement_.different.size() < kMostDifferent) {
      replacement_.different.emplace_back(runner::id_of(benchmark, record.index), verdict.reason);
    }
  }
  if (now.cases.size() == benchmark.case_count()) {
    replacement_.counts[Verdict::kObsolete] += static_cast<std::size_t>(std::count_if(
        old.cases.begin(), old.cases.end(), [&](const auto& record) { return !claimed.contains(&record); }));
  }
}

}  // namespace snapshot_test::session
