#include "runner/process_hosts.hpp"
#include "session/baseline.hpp"
#include "session/run.hpp"
#include "session/sharding.hpp"
#include "session/with_hosts.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

Result<Selection> list(const SuiteOptions& options, model::Listener& listener) {
  return list(options, listener, runner::ProcessHosts::open);
}

Result<Selection> list(const SuiteOptions& options, model::Listener& listener, const runner::OpenHosts& open) {
  TRY_ASSIGN(Run run, Run::begin(options, listener, open, {}));
  return std::move(run.selection());
}

Result<PlannedRun> plan(const PlanOptions& options, model::Listener& listener) {
  TRY_ASSIGN(const auto store, store::Store::open_if_there(store::absolute_location(options.snapshot_dir)));
  TRY_ASSIGN(const auto baseline, store ? load_baseline(*store) : Result<Baseline>(Baseline()));
  TRY_ASSIGN(Run run, Run::begin(options.suite, listener, runner::ProcessHosts::open, {}));
  PlannedRun planned;
  planned.run = run.plan();
  planned.plan = plan_of(run.selection(), baseline.manifests, options.shards, options.settings);
  return planned;
}

}  // namespace snapshot_test::session
