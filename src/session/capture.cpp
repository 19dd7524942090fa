#include <fmt/format.h>

#include <ctime>
#include <map>
#include <utility>

#include "session/judge.hpp"
#include "session/run.hpp"
#include "session/session.hpp"
#include "snapshot_test/store/store.hpp"
#include "snapshot_test/store/transaction.hpp"

namespace snapshot_test::session {

using model::CaptureStatus;
using model::CaseCapture;
using model::Observation;

namespace {

model::CaseId id_of(const CaseTask& task) {
  return {task.benchmark->name, task.index, task.benchmark->case_label(task.index)};
}

/// What is known of each case while a capture goes on. Output and tracebacks of cases that ran are let go at once.
class Capture {
 public:
  Capture(const CaptureOptions& options, model::Listener& listener) : options_(options), listener_(listener) {}

  [[nodiscard]] std::vector<CaseTask> first_tasks(const Run& run, const Selection& selection,
                                                  const store::Store& store) const;
  [[nodiscard]] model::CaseRequest first_request(const Run& run, const CaseTask& task, const store::Store& store,
                                                 const store::CaptureTransaction& transaction) const;
  /// A task for each case whose first run left something to confirm.
  [[nodiscard]] std::vector<CaseTask> second_tasks(const Run& run, const Selection& selection) const;
  [[nodiscard]] model::CaseRequest second_request(const Run& run, const CaseTask& task, const store::Store& store,
                                                  const store::CaptureTransaction& transaction) const;
  /// Where a case raised, it is run again in a way that it may not mind.
  [[nodiscard]] Conductor::Then on_first(CaseTask& task, CaseOutcome outcome);
  void on_second(const CaseTask& task, const CaseOutcome& outcome);
  /// The last step: lets go of each benchmark's cases as its manifest is written.
  [[nodiscard]] Result<void> stage(const Selection& selection, const store::Store& store,
                                   store::CaptureTransaction& transaction, const std::string& run_id);
  [[nodiscard]] const std::map<CaptureStatus, std::size_t>& counts() const { return counts_; }

 private:
  struct Captured {
    CaptureStatus status = CaptureStatus::kFailed;
    std::string reason;
    Observation observation;
  };
  using Key = std::pair<std::string, std::size_t>;

  [[nodiscard]] model::Observe first_look() const {
    return options_.suite.deepest_only ? model::Observe::kDeepest : model::Observe::kAll;
  }
  [[nodiscard]] bool needs_second_run(const Captured& captured) const;
  void report(const CaseTask& task, Captured& captured, std::string reason);

  const CaptureOptions& options_;
  model::Listener& listener_;
  std::map<Key, Captured> captured_;
  std::map<CaptureStatus, std::size_t> counts_;
};

std::vector<CaseTask> Capture::first_tasks(const Run& run, const Selection& selection,
                                           const store::Store& store) const {
  std::vector<CaseTask> tasks;
  for (std::size_t i = 0; i < selection.suite.benchmarks.size(); ++i) {
    const model::Benchmark& benchmark = selection.suite.benchmarks[i];
    const auto manifest = store.load_manifest(benchmark.name);
    const store::Manifest none;
    store::CaseFinder finder(manifest && *manifest ? **manifest : none);
    for (const std::size_t index : selection.indices[i]) {
      CaseTask task = run.make_task(benchmark, index, first_look());
      const store::CaseRecord* last = finder.find(benchmark.case_ids(index), index);
      task.expected = last != nullptr ? last->total_seconds : 0;
      tasks.push_back(std::move(task));
    }
  }
  run.shuffle(tasks);
  return tasks;
}

model::CaseRequest Capture::first_request(const Run& run, const CaseTask& task, const store::Store& store,
                                          const store::CaptureTransaction& transaction) const {
  model::CaseRequest request = run.make_request(task);
  request.mode = model::CaseMode::kStore;
  request.objects_dir = transaction.staging_objects().string();
  request.known_objects_dir = store.objects_folder().string();
  request.compress = options_.compress;
  return request;
}

std::vector<CaseTask> Capture::second_tasks(const Run& run, const Selection& selection) const {
  std::vector<CaseTask> tasks;
  for (std::size_t i = 0; i < selection.suite.benchmarks.size(); ++i) {
    const model::Benchmark& benchmark = selection.suite.benchmarks[i];
    for (const std::size_t index : selection.indices[i]) {
      const auto captured = captured_.find({benchmark.name, index});
      if (captured == captured_.end() || !needs_second_run(captured->second)) {
        continue;
      }
      const Observation& first = captured->second.observation;
      const auto look = options_.suite.deepest_only ? first_look() : look_for(first.sites, first.unheld);
      CaseTask task = run.make_task(benchmark, index, look);
      task.expected = first.total_seconds;
      tasks.push_back(std::move(task));
    }
  }
  run.shuffle(tasks);
  return tasks;
}

model::CaseRequest Capture::second_request(const Run& run, const CaseTask& task, const store::Store& store,
                                           const store::CaptureTransaction& transaction) const {
  model::CaseRequest request = run.make_request(task);
  request.mode = model::CaseMode::kCompare;
  request.baseline = captured_.at({task.benchmark->name, task.index}).observation.sites;
  request.baseline_dirs = {transaction.staging_objects().string(), store.objects_folder().string()};
  request.rules = model::rules_for(*task.benchmark, options_.comparison.rules, options_.comparison.changes);
  return request;
}

bool Capture::needs_second_run(const Captured& captured) const {
  return options_.stability_check && model::verifiable(captured.status);
}

Conductor::Then Capture::on_first(CaseTask& task, CaseOutcome outcome) {
  Captured& captured = captured_[{task.benchmark->name, task.index}];
  const bool first_run = task.observe == first_look();
  if (!first_run) {
    captured.observation = with_state(std::move(captured.observation), std::move(outcome.observation));
  } else {
    captured.observation = std::move(outcome.observation);
  }
  CaptureJudgement judgement = judge_capture(captured.observation);
  captured.status = judgement.status;
  captured.reason = std::move(judgement.reason);
  if (const auto again = second_look(captured.status, captured.observation.ending);
      again && outcome.ran && task.observe == model::Observe::kAll) {
    task.observe = *again;
    return Conductor::Then::kRunAgain;
  }
  if (!needs_second_run(captured)) {
    report(task, captured, "");
  }
  return Conductor::Then::kDone;
}

void Capture::on_second(const CaseTask& task, const CaseOutcome& outcome) {
  Captured& captured = captured_.at({task.benchmark->name, task.index});
  std::string reason = mark_unstable(captured.observation, outcome);
  CaptureJudgement judgement = judge_capture(captured.observation);
  captured.status = judgement.status;
  captured.reason = std::move(judgement.reason);
  report(task, captured, std::move(reason));
}

void Capture::report(const CaseTask& task, Captured& captured, std::string reason) {
  if (!reason.empty()) {
    captured.reason = std::move(reason);
  }
  ++counts_[captured.status];
  CaseCapture result{id_of(task), captured.status, captured.reason, std::move(captured.observation)};
  listener_.captured(result);
  captured.observation = std::move(result.observation);
  captured.observation.output.clear();
  captured.observation.traceback.clear();
}

Result<void> Capture::stage(const Selection& selection, const store::Store& store,
                            store::CaptureTransaction& transaction, const std::string& run_id) {
  for (std::size_t i = 0; i < selection.suite.benchmarks.size(); ++i) {
    const model::Benchmark& benchmark = selection.suite.benchmarks[i];
    if (selection.indices[i].empty()) {
      continue;
    }
    store::Manifest manifest = store::make_manifest(benchmark);
    for (const std::size_t index : selection.indices[i]) {
      Captured& captured = captured_.at({benchmark.name, index});
      store::CaseRecord record;
      record.index = index;
      record.ids = benchmark.case_ids(index);
      record.status = captured.status;
      record.reason = captured.reason;
      record.run = run_id;
      record.seconds = captured.observation.seconds;
      record.total_seconds = captured.observation.total_seconds;
      record.ending = captured.observation.ending;
      record.unheld = captured.observation.unheld;
      record.sites = std::move(captured.observation.sites);
      manifest.cases.push_back(std::move(record));
    }
    const bool whole = selection.indices[i].size() == benchmark.case_count();
    // A damaged manifest is replaced: capturing again is how one gets rid of it.
    if (const auto old = whole ? std::nullopt : store.load_manifest(benchmark.name).value_or(std::nullopt)) {
      manifest = store::merge(*old, std::move(manifest));
    }
    if (auto put = transaction.put_manifest(manifest); !put) {
      return put;
    }
  }
  return {};
}

store::RunInfo describe_run(const CaptureOptions& options, model::Listener& listener, const Run& run,
                            const std::string& id, const std::map<std::string, std::string>& packages,
                            const std::map<CaptureStatus, std::size_t>& counts) {
  store::RunInfo info;
  info.id = id;
  info.time = store::utc_text(std::time(nullptr));
  info.tool_version = ST_VERSION;
  if (auto git = store::collect_git(options.suite.project_dir.value_or(options.suite.benchmark_dir))) {
    info.git = std::move(*git);
  } else {
    listener.note("the commit is not recorded: " + git.error().message);
  }
  info.python = {run.python().version, "CPython", run.python().executable};
  info.machine = store::collect_machine();
  info.packages = packages;
  info.seed = options.suite.seed;
  info.settings = {{"rules", options.comparison.rules},
                   {"filter", options.suite.filter.value_or("")},
                   {"exclude", options.suite.exclude},
                   {"timeout", options.suite.timeout},
                   {"mode", options.suite.deepest_only ? "deepest" : "full"},
                   {"trace_depth_limit", options.suite.trace_depth_limit},
                   {"limits", options.suite.limits},
                   {"freeze_time", options.suite.freeze_time ? nlohmann::json(*options.suite.freeze_time) : nullptr},
                   {"stability_check", options.stability_check},
                   {"compression", options.compress ? "auto" : "none"}};
  for (const auto& [status, cases] : counts) {
    info.counts[std::string(name(status))] = cases;
  }
  return info;
}

}  // namespace

Result<model::CaptureSummary> capture(const CaptureOptions& options, model::Listener& listener) {
  auto run = Run::begin(options.suite, listener);
  if (!run) {
    return tl::unexpected(run.error());
  }
  auto host = (*run)->start_host({});
  if (!host) {
    return tl::unexpected(host.error());
  }
  auto found = (*run)->find_benchmarks(**host, {});
  if (!found) {
    return tl::unexpected(found.error());
  }
  const Selection& selection = found->selection;
  model::CaptureSummary summary;
  summary.plan = (*run)->plan(selection);
  summary.snapshot_dir = options.snapshot_dir.string();
  listener.planned(summary.plan);
  const auto finish = [&](model::ExitStatus status) {
    summary.status = (*run)->interrupted() ? model::ExitStatus::kInterrupted : status;
    summary.seconds = (*run)->seconds();
    listener.finished(summary);
    return summary;
  };
  if (summary.plan.cases == 0) {
    return finish(model::ExitStatus::kNothingVerified);
  }

  auto store = store::Store::open_or_create(std::filesystem::absolute(options.snapshot_dir));
  if (!store) {
    return tl::unexpected(store.error());
  }
  const std::string run_id = store::new_run_id(std::time(nullptr));
  auto transaction = store::CaptureTransaction::begin(*store, run_id);
  if (!transaction) {
    return tl::unexpected(transaction.error());
  }
  Capture capture(options, listener);
  const auto on_started = [&](const CaseTask& task) { listener.started(id_of(task)); };
  const auto on_ended = [&](const CaseTask& task) { listener.ended(id_of(task)); };

  (*host)->preload(found->reply.common_modules);
  listener.phase("capturing", summary.plan.cases);
  const auto first_request = [&](const CaseTask& task) {
    return capture.first_request(**run, task, *store, *transaction);
  };
  const auto first = (*host)->run(capture.first_tasks(**run, selection, *store), first_request, on_started,
                                  [&](CaseTask& task, CaseOutcome outcome) {
                                    const auto then = capture.on_first(task, std::move(outcome));
                                    if (then == Conductor::Then::kDone) {
                                      on_ended(task);
                                    }
                                    return then;
                                  });
  if (!first) {
    return tl::unexpected(first.error());
  }
  if (options.stability_check && !(*run)->interrupted()) {
    // Another host: what two processes that share an ancestor agree on may still be chance (an address, a cache).
    host->reset();
    std::vector<CaseTask> tasks = capture.second_tasks(**run, selection);
    listener.phase("running again", tasks.size());
    host = (*run)->start_second_host(found->reply.common_modules);
    if (!host) {
      return tl::unexpected(host.error());
    }
    const auto second_request = [&](const CaseTask& task) {
      return capture.second_request(**run, task, *store, *transaction);
    };
    const auto second =
        (*host)->run(std::move(tasks), second_request, on_started, [&](const CaseTask& task, CaseOutcome outcome) {
          on_ended(task);
          capture.on_second(task, outcome);
          return Conductor::Then::kDone;
        });
    if (!second) {
      return tl::unexpected(second.error());
    }
  }
  summary.counts = capture.counts();
  if ((*run)->interrupted()) {
    return finish(model::ExitStatus::kInterrupted);
  }
  host->reset();

  if (auto staged = capture.stage(selection, *store, *transaction, run_id); !staged) {
    return tl::unexpected(staged.error());
  }
  const store::RunInfo info = describe_run(options, listener, **run, run_id, found->reply.packages, summary.counts);
  if (auto put = transaction->put_run(info); !put) {
    return tl::unexpected(put.error());
  }
  if (auto committed = transaction->commit(); !committed) {
    return tl::unexpected(committed.error());
  }
  summary.run_id = run_id;
  summary.store_bytes = store->disk_usage().value_or(0);
  conclude(summary, options.strict, options.min_verified);
  return finish(summary.status);
}

}  // namespace snapshot_test::session
