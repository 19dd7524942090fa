#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <utility>

#include "runner/process_hosts.hpp"
#include "session/environment.hpp"
#include "session/run.hpp"
#include "session/with_hosts.hpp"
#include "store/status_file.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

namespace {

using model::CaseStatus;
using model::ExitStatus;

struct Ended {
  CaseStatus status = CaseStatus::kSkip;
  std::string reason;
  double seconds = 0;
};
using EndedCases = std::map<std::pair<std::string, std::size_t>, Ended>;

/// In the suite's order.
store::StatusFile file_of(const StatusOptions& options, const Run& run, const EndedCases& ended,
                          model::StatusSummary& summary, model::Listener& listener) {
  const model::Suite& suite = run.selection().suite;
  store::StatusFile file;
  file.suite = suite.root;
  file.filter = options.suite.filter.value_or("");
  file.exclude = options.suite.exclude;
  file.exclude_benchmarks = options.suite.exclude_benchmarks;
  file.run = describe(run, store::new_run_id(std::time(nullptr)), summary.plan.tested, listener);
  file.run.settings = options.settings;
  file.failures = suite.failures;
  for (std::size_t i = 0; i < suite.benchmarks.size(); ++i) {
    const model::Benchmark& benchmark = suite.benchmarks[i];
    store::BenchmarkStatus status{store::make_manifest(benchmark), {}};
    for (const std::size_t index : run.selection().indices[i]) {
      const Ended& each = ended.at({benchmark.name, index});
      store::CaseRecord record;
      record.index = index;
      record.ids = benchmark.case_ids(index);
      record.reason = each.reason;
      record.seconds = each.seconds;
      status.shape.cases.push_back(std::move(record));
      status.statuses.push_back(each.status);
      ++summary.counts[each.status];
      if (each.status == CaseStatus::kFail) {
        summary.failed.emplace_back(runner::id_of(benchmark, index), each.reason);
      }
    }
    if (!status.statuses.empty()) {
      file.benchmarks.push_back(std::move(status));
    }
  }
  for (const auto& [status, cases] : summary.counts) {
    file.run.counts[std::string(name(status))] = cases;
  }
  return file;
}

/// "raised: ValueError: x"
std::string reason_of(const model::Observation& observation) {
  switch (observation.ending) {
    case model::Ending::kReturned: return "";
    case model::Ending::kNoOp: return "its body does nothing";
    case model::Ending::kSkipped: return observation.detail;
    default: return fmt::format("{}: {}", name(observation.ending), observation.detail);
  }
}

}  // namespace

Result<model::StatusSummary> record_status(const StatusOptions& options, model::Listener& listener) {
  return record_status(options, listener, runner::ProcessHosts::open);
}

Result<model::StatusSummary> record_status(const StatusOptions& options, model::Listener& listener,
                                           const runner::OpenHosts& open) {
  TRY_ASSIGN(Run run, Run::begin(options.suite, listener, open, {}));
  model::StatusSummary summary;
  summary.plan = run.plan();
  listener.planned(summary.plan);
  const auto finish = [&](ExitStatus status) {
    summary.status = status;
    summary.seconds = run.seconds();
    listener.recorded(summary);
    return summary;
  };
  if (!run.plans_cases()) {
    return finish(run.interrupted() ? ExitStatus::kInterrupted : ExitStatus::kNothingVerified);
  }
  std::vector<runner::CaseTask> tasks;
  for (std::size_t i = 0; i < run.selection().suite.benchmarks.size(); ++i) {
    for (const std::size_t index : run.selection().indices[i]) {
      tasks.push_back(run.make_task(run.selection().suite.benchmarks[i], index, model::Observe::kNothing));
    }
  }
  run.shuffle(tasks);
  EndedCases ended;
  std::string refused;
  runner::CaseRunner& host = run.warm_host();
  listener.phase("running", tasks.size());
  TRY(host.run(
      std::move(tasks), [](const model::Benchmark&) { return model::Rules(); },
      [&](const runner::CaseTask& task) {
        model::CaseRequest request = run.make_request(task);
        request.mode = model::CaseMode::kCompare;
        return request;
      },
      [&](const runner::CaseTask& task) { listener.started(runner::id_of(task)); },
      [&](const runner::CaseTask& task, const runner::CaseOutcome& outcome) {
        listener.ended(runner::id_of(task));
        const model::Observation& observation = outcome.observation;
        if (observation.ending == model::Ending::kRefused) {
          refused = fmt::format("{}: {}", runner::id_of(task).label, observation.detail);
          return runner::CaseRunner::Then::kStop;
        }
        ended[{task.benchmark->name, task.index}] = {model::status_of(observation.ending), reason_of(observation),
                                                     observation.seconds};
        return runner::CaseRunner::Then::kDone;
      }));
  run.end_host();
  if (!refused.empty()) {
    return fail(ErrorKind::kIo,
                fmt::format("{}; nothing was recorded, '{}' is as it was", refused, options.file.string()));
  }
  if (run.interrupted()) {
    summary.failure = "interrupted; nothing was recorded";
    return finish(ExitStatus::kInterrupted);
  }
  TRY(store::write_status_file(options.file, file_of(options, run, ended, summary, listener)));
  summary.file = options.file.string();
  return finish(ExitStatus::kSuccess);
}

}  // namespace snapshot_test::session
