#include "session/process_hosts.hpp"
#include "session/run.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

Result<Selection> list(const SuiteOptions& options, model::Listener& listener) {
  return list(options, listener, ProcessHosts::open);
}

Result<Selection> list(const SuiteOptions& options, model::Listener& listener, const OpenHosts& open) {
  TRY_ASSIGN(Run run, Run::begin(options, listener, open, {}));
  return std::move(run.selection());
}

}  // namespace snapshot_test::session
