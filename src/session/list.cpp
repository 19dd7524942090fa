#include "session/run.hpp"
#include "session/session.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

Result<Selection> list(const SuiteOptions& options, model::Listener& listener) {
  TRY_ASSIGN(auto run, Run::begin(options, listener));
  TRY_ASSIGN(auto host, run->start_host({}));
  TRY_ASSIGN(auto found, run->find_benchmarks(*host, {}));
  return std::move(found.selection);
}

}  // namespace snapshot_test::session
