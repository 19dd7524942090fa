#include "session/run.hpp"
#include "session/session.hpp"

namespace snapshot_test::session {

Result<Selection> list(const SuiteOptions& options, model::Listener& listener) {
  auto run = Run::begin(options, listener);
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
  return std::move(found->selection);
}

}  // namespace snapshot_test::session
