#include <fmt/format.h>

#include <ctime>
#include <utility>

#include "session/capture_cases.hpp"
#include "session/judge.hpp"
#include "session/resumption.hpp"
#include "session/run.hpp"
#include "session/session.hpp"
#include "snapshot_test/store/store.hpp"
#include "snapshot_test/store/transaction.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

using model::CaptureStatus;

namespace {

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
  info.settings = settings_json(options);
  for (const auto& [status, cases] : counts) {
    info.counts[std::string(name(status))] = cases;
  }
  return info;
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

/// Ends what runs when it goes out of scope.
struct HostsEnd {
  Result<std::unique_ptr<Conductor>>& host;
  ~HostsEnd() {
    if (host) {
      host->reset();
    }
  }
};

}  // namespace

Result<model::CaptureSummary> capture(const CaptureOptions& options, model::Listener& listener) {
  TRY_ASSIGN(auto run, Run::begin(options.suite, listener));
  auto host = run->start_host({});
  if (!host) {
    return tl::unexpected(host.error());
  }
  model::DiscoverRequest wanted;
  wanted.files = options.resume;
  TRY_ASSIGN(auto found, run->find_benchmarks(**host, std::move(wanted)));
  const Selection& selection = found.selection;
  model::CaptureSummary summary;
  summary.plan = run->plan(selection);
  summary.snapshot_dir = options.snapshot_dir.string();
  if (summary.plan.cases == 0) {
    listener.planned(summary.plan);
    summary.status = model::ExitStatus::kNothingVerified;
    summary.seconds = run->seconds();
    listener.finished(summary);
    return summary;
  }
  TRY_ASSIGN(auto store, store::Store::open_or_create(std::filesystem::absolute(options.snapshot_dir)));
  const std::string new_id = store::new_run_id(std::time(nullptr));
  TRY_ASSIGN(auto transaction, options.resume ? store::CaptureTransaction::resume(
                                                    store, new_id, resumption_key(options, run->python(), found.reply))
                                              : store::CaptureTransaction::begin(store, new_id));
  Capture capture(options, listener, store, transaction, found.reply.sources);
  summary.resumed = capture.take_over(selection);
  add_notes(summary, transaction.resumed());
  listener.planned(summary.plan);
  const auto finish = [&](model::ExitStatus status) {
    summary.status = run->interrupted() ? model::ExitStatus::kInterrupted : status;
    summary.seconds = run->seconds();
    listener.finished(summary);
    return summary;
  };
  // The hosts end before the transaction does: what they still write must not outlive its staging folder.
  const HostsEnd hosts_end{host};
  const auto on_started = [&](const CaseTask& task) { listener.started(id_of(task)); };
  const auto on_ended = [&](const CaseTask& task) { listener.ended(id_of(task)); };

  (*host)->preload(found.reply.common_modules);
  std::vector<CaseTask> tasks = capture.first_tasks(*run, selection);
  listener.phase("capturing", tasks.size());
  capture.report_complete(selection);
  const auto first_request = [&](const CaseTask& task) { return capture.first_request(*run, task); };
  const auto first =
      (*host)->run(std::move(tasks), first_request, on_started, [&](CaseTask& task, CaseOutcome outcome) {
        const auto then = capture.on_first(task, std::move(outcome));
        if (then == Conductor::Then::kDone) {
          on_ended(task);
        }
        return then;
      });
  if (!first) {
    return tl::unexpected(first.error());
  }
  TRY(capture.refused());
  if (options.stability_check && !run->interrupted()) {
    // Another host: what two processes that share an ancestor agree on may still be chance (an address, a cache).
    host->reset();
    tasks = capture.second_tasks(*run, selection);
    listener.phase("running again", tasks.size());
    host = run->start_second_host(found.reply.common_modules);
    if (!host) {
      return tl::unexpected(host.error());
    }
    const auto second_request = [&](const CaseTask& task) { return capture.second_request(*run, task); };
    const auto second = (*host)->run(std::move(tasks), second_request, on_started,
                                     [&](const CaseTask& task, const CaseOutcome& outcome) {
                                       on_ended(task);
                                       return capture.on_second(task, outcome);
                                     });
    if (!second) {
      return tl::unexpected(second.error());
    }
    TRY(capture.refused());
  }
  capture.count_into(summary);
  if (run->interrupted()) {
    summary.failure = options.resume ? "interrupted; capture --resume goes on with what was run" : "";
    return finish(model::ExitStatus::kInterrupted);
  }
  if (!capture.written()) {
    return tl::unexpected(capture.written().error());
  }
  host->reset();

  TRY(capture.stage(selection));
  const store::RunInfo info =
      describe_run(options, listener, *run, transaction.run_id(), found.reply.packages, summary.counts);
  TRY(transaction.put_run(info));
  TRY(transaction.commit());
  summary.run_id = transaction.run_id();
  summary.store_bytes = store.disk_usage().value_or(0);
  conclude(summary, options.demands);
  return finish(summary.status);
}

}  // namespace snapshot_test::session
