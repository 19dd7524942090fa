#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <utility>

#include "runner/process_hosts.hpp"
#include "session/baseline.hpp"
#include "session/capture_cases.hpp"
#include "session/conclude.hpp"
#include "session/environment.hpp"
#include "session/judge.hpp"
#include "session/resumption.hpp"
#include "session/run.hpp"
#include "session/sharding.hpp"
#include "session/tampering.hpp"
#include "session/with_hosts.hpp"
#include "snapshot_test/store/store.hpp"
#include "snapshot_test/store/transaction.hpp"
#include "store/baseline_digest.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

using model::CaptureStatus;
using model::ExitStatus;

namespace {

store::RunInfo describe_capture(const CaptureOptions& options, model::Listener& listener, const Run& run,
                                const std::vector<model::TestedPackage>& tested, const std::string& id,
                                const std::map<CaptureStatus, std::size_t>& counts,
                                const std::optional<model::Shard>& shard, const Capture& capture) {
  store::RunInfo info = describe(run, id, tested, listener);
  info.settings = settings_json(options);
  write_down(watched_files(std::filesystem::absolute(options.suite.benchmark_dir).lexically_normal(),
                           options.settings_files, run.found().imported),
             info);
  if (shard) {
    info.settings["shard"] = *shard;
    info.settings["shard"]["place"] = nullptr;  // it is this record
    info.settings["shard"]["captured"] = store::baseline_digest(capture.digests());
    auto& names = info.settings["shard"]["kept"] = nlohmann::json::array();
    for (const shards::PlannedCase& each : capture.kept(run.selection())) {
      names.push_back({{"label", each.label}, {"benchmark", each.benchmark}, {"index", each.index}});
    }
  }
  for (const auto& [status, cases] : counts) {
    info.counts[std::string(name(status))] = cases;
  }
  return info;
}

/// Leaves the cases that options.update and options.wanted want.
Result<void> narrow(Selection& selection, const CaptureOptions& options) {
  if (options.update == Update::kAll && !options.wanted) {
    return {};
  }
  TRY_ASSIGN(const auto store, store::Store::open_if_there(store::absolute_location(options.snapshot_dir)));
  for (std::size_t i = 0; i < selection.suite.benchmarks.size(); ++i) {
    const model::Benchmark& benchmark = selection.suite.benchmarks[i];
    auto manifest = store ? store->load_manifest(benchmark.name) : Result<std::optional<store::Manifest>>(std::nullopt);
    if (!manifest && manifest.error().kind == ErrorKind::kIo) {
      return tl::unexpected(std::move(manifest.error()));
    }
    // A manifest that is damaged holds no snapshots.
    const store::Manifest stored = manifest.value_or(std::nullopt).value_or(store::Manifest());
    store::CaseFinder finder(stored);
    std::erase_if(selection.indices[i], [&](std::size_t index) {
      if (options.wanted && !options.wanted(benchmark, index)) {
        return true;
      }
      const store::CaseRecord* record = finder.find(benchmark.case_ids(index), index);
      return (options.update == Update::kMissing && record != nullptr) ||
             (options.update == Update::kFailed && (record == nullptr || !needs_no_run(*record)));
    });
  }
  return {};
}

/// What became of earlier captures that were stopped.
void add_notes(model::CaptureSummary& summary, const store::Resumed& resumed) {
  auto& notes = summary.plan.notes;
  notes.insert(notes.end(), resumed.notes.begin(), resumed.notes.end());
  if (summary.resumed > 0) {
    notes.push_back(fmt::format("an interrupted capture goes on, which has run {} of {} cases", summary.resumed,
                                summary.plan.cases));
  }
}

Result<std::unique_ptr<store::CaptureTransaction>> begin_transaction(const CaptureOptions& options,
                                                                     const store::Store& store, const Run& run) {
  const std::string id = store::new_run_id(std::time(nullptr));
  if (options.method.resume) {
    return store.resume_capture(id, resumption_key(options, run.python(), run.found()));
  }
  const bool checks = options.storing == CaptureOptions::Storing::kCheck;
  return store.begin_capture(id, {}, checks ? store::Leftovers::kKept : store::Leftovers::kRemoved);
}

Result<void> first_pass(Capture& capture, Run& run, model::Listener& listener) {
  runner::CaseRunner& host = run.warm_host();
  std::vector<runner::CaseTask> tasks = capture.first_tasks(run);
  listener.durations(runner::durations_of(tasks));
  listener.phase("capturing", tasks.size());
  capture.report_complete(run.selection());
  TRY(host.run(
      std::move(tasks), capture.rules_of(),
      [&](const runner::CaseTask& task) { return capture.first_request(run, task); },
      [&](const runner::CaseTask& task) { listener.started(id_of(task)); },
      [&](runner::CaseTask& task, runner::CaseOutcome outcome) {
        const auto then = capture.on_first(task, std::move(outcome));
        if (then == runner::CaseRunner::Then::kDone) {
          listener.ended(id_of(task));
        }
        return then;
      }));
  return capture.refused();
}

/// In another host: what two processes that share an ancestor agree on may still be chance (an address, a cache).
Result<void> stability_pass(Capture& capture, Run& run, model::Listener& listener) {
  run.end_host();
  std::vector<runner::CaseTask> tasks = capture.second_tasks(run);
  listener.durations(runner::durations_of(tasks));
  listener.phase("running again", tasks.size());
  TRY_ASSIGN(runner::CaseRunner* const host, run.second_host());
  TRY(host->run(
      std::move(tasks), capture.rules_of(),
      [&](const runner::CaseTask& task) { return capture.second_request(run, task); },
      [&](const runner::CaseTask& task) { listener.started(id_of(task)); },
      [&](const runner::CaseTask& task, const runner::CaseOutcome& outcome) {
        const auto then = capture.on_second(task, outcome);
        if (then != runner::CaseRunner::Then::kRunAgain) {
          listener.ended(id_of(task));
        }
        return then;
      }));
  return capture.refused();
}

/// Snapshots that can be checked, and that were to be captured again.
Result<std::size_t> count_not_imported(const store::Store& store,
                                       const std::vector<model::DiscoveryFailure>& failures) {
  if (failures.empty()) {
    return 0;
  }
  TRY_ASSIGN(const auto baseline, load_baseline(store));
  std::size_t count = 0;
  for (const auto& [name, manifest] : baseline.manifests) {
    if (failure_of(failures, store::benchmark_of(manifest).module) != nullptr) {
      count +=
          static_cast<std::size_t>(std::count_if(manifest.cases.begin(), manifest.cases.end(),
                                                 [](const auto& record) { return model::verifiable(record.status); }));
    }
  }
  return count;
}

/// Of a capture that is not stored: would it change what verify finds?
void conclude_check(model::CaptureSummary& summary) {
  if (summary.status != ExitStatus::kSuccess || !summary.replaces) {
    return;
  }
  const auto count = [&](model::Verdict verdict) {
    const auto found = summary.replaces->counts.find(verdict);
    return found == summary.replaces->counts.end() ? 0 : found->second;
  };
  const std::size_t changed = summary.replaces->changed();
  const std::size_t fresh = count(model::Verdict::kNoSnapshot);
  const std::size_t gone = count(model::Verdict::kObsolete);
  if (changed + fresh + gone > 0) {
    summary.status = ExitStatus::kFailed;
    summary.failure = fmt::format("a capture would change the baseline: {} different, {} new, {} gone (--check)",
                                  changed, fresh, gone);
  }
}

Result<model::Shard> take_shard_of_capture(Run& run, const CaptureOptions& options) {
  TRY_ASSIGN(const auto store, store::Store::open_if_there(store::absolute_location(options.snapshot_dir)));
  TRY_ASSIGN(const auto baseline, store ? load_baseline(*store) : Result<Baseline>(Baseline()));
  return take_shard(run, baseline.manifests, *options.shard, BaselineOf::kAnyTime, options.demands);
}

/// What the capture makes of the baseline, and whether that is wanted.
bool may_replace(const CaptureOptions& options, model::Listener& listener, const Run& run, const Capture& capture,
                 const store::Store& store, model::CaptureSummary& summary) {
  const auto before = origin_of(store);
  if (!before) {
    return true;
  }
  summary.replaces = capture.replacement();
  summary.replaces->before = *before;
  listener.replacing(*summary.replaces);
  const bool asks = options.confirm && options.storing == CaptureOptions::Storing::kCommit;
  return !asks || summary.replaces->changed() == 0 || options.confirm([&run] { return run.interrupted(); });
}

}  // namespace

Result<model::CaptureSummary> capture(const CaptureOptions& options, model::Listener& listener) {
  return capture(options, listener, runner::ProcessHosts::open);
}

Result<model::CaptureSummary> capture(const CaptureOptions& options, model::Listener& listener,
                                      const runner::OpenHosts& open) {
  // Before the run, whose host ends first: what that still writes must not outlive the transaction's staging folder.
  std::unique_ptr<store::CaptureTransaction> transaction;
  model::DiscoverRequest wanted;
  wanted.files = options.method.resume;
  TRY_ASSIGN(Run run, Run::begin(options.suite, listener, open, std::move(wanted)));
  const bool any_selected = run.plans_cases();
  TRY(narrow(run.selection(), options));
  model::CaptureSummary summary;
  std::optional<model::Shard> shard;
  if (options.shard && run.plans_cases()) {
    TRY_ASSIGN(shard, take_shard_of_capture(run, options));
  }
  summary.plan = run.plan();
  summary.plan.shard = shard;
  summary.plan.variant = options.variant;
  summary.snapshot_dir = options.snapshot_dir.string();
  const auto finish = [&](ExitStatus status) {
    summary.status = run.interrupted() ? ExitStatus::kInterrupted : status;
    summary.seconds = run.seconds();
    listener.finished(summary);
    return summary;
  };
  if (summary.plan.cases == 0 && !shard) {
    const bool none_wanted = any_selected && options.update != Update::kAll;
    if (none_wanted) {
      summary.plan.notes.push_back(options.update == Update::kMissing
                                       ? "every case has a snapshot (--update missing); nothing is captured"
                                       : "no case failed when it was captured (--update failed); nothing is captured");
    }
    listener.planned(summary.plan);
    return finish(none_wanted ? ExitStatus::kSuccess : ExitStatus::kNothingVerified);
  }
  const auto location = store::absolute_location(options.snapshot_dir);
  const bool checks = options.storing == CaptureOptions::Storing::kCheck;
  TRY_ASSIGN(const auto store, checks ? store::Store::open(location) : store::Store::open_or_create(location));
  TRY_ASSIGN(transaction, begin_transaction(options, *store, run));
  Capture capture(options, listener, *store, *transaction, run.found().sources);
  summary.resumed = capture.take_over(run.selection());
  add_notes(summary, transaction->resumed());
  listener.planned(summary.plan);
  TRY(first_pass(capture, run, listener));
  if (options.method.stability_check && !run.interrupted()) {
    TRY(stability_pass(capture, run, listener));
  }
  capture.count_into(summary);
  TRY_ASSIGN(summary.not_imported, count_not_imported(*store, summary.plan.failures));
  if (run.interrupted()) {
    summary.failure = options.method.resume ? "interrupted; capture --resume goes on with what was run" : "";
    return finish(ExitStatus::kInterrupted);
  }
  TRY(capture.written());
  run.end_host();
  TRY(capture.stage(run.selection()));
  summary.largest = capture.largest();
  summary.sensitivity = capture.sensitivity();
  if (!may_replace(options, listener, run, capture, *store, summary)) {
    summary.failure = "the answer was no";
    return finish(ExitStatus::kFailed);
  }
  if (checks) {
    conclude(summary, options.demands);
    conclude_check(summary);
    return finish(summary.status);
  }
  TRY(transaction->put_run(describe_capture(options, listener, run, summary.plan.tested, transaction->run_id(),
                                            summary.counts, shard, capture)));
  transaction->keep_replaced();
  TRY(transaction->commit());
  summary.run_id = transaction->run_id();
  summary.store_bytes = store->disk_usage().value_or(0);
  if (options.on_committed) {
    options.on_committed(*store);
  }
  if (shard) {
    conclude_shard(summary, options.demands);
  } else {
    conclude(summary, options.demands);
  }
  return finish(summary.status);
}

}  // namespace snapshot_test::session
