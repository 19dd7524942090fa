#include "runner/process_hosts.hpp"
#include "session/run.hpp"
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

}  // namespace snapshot_test::session
