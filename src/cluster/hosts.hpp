// Hosts on the workers of a Dask cluster, in place of processes of this machine: a session runs its cases there and
// judges them here, as it does those that run here.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "runner/case_runner.hpp"

namespace snapshot_test::cluster {

struct ClusterOptions {
  std::string address;        ///< tcp://HOST:PORT, a scheduler file, "local" or "local:N"
  std::string python;         ///< runs the client; empty: the default
  std::string worker_python;  ///< imports the suite on workers; empty: each worker's own, of "local" the suite's
  double patience = 60;       ///< seconds that a run waits for a worker, where there is none
  /// Environment variables that must be on workers as they are here; empty where one is not set.
  std::map<std::string, std::string> variables;
  /// Says something to the user: a worker that does not fit. Null: nobody listens.
  std::function<void(const std::string&)> remark;
};

/// Benchmarks are found here, and cases run there. All hosts that this opens, one after the other, share one client of
/// the cluster, which starts with the first case. What run() adds to the errors of other hosts: kUnavailable where the
/// scheduler does not answer, goes away, or has no worker for `patience`; kUsage where none of its workers fits, and
/// where there is no dask.distributed.
[[nodiscard]] runner::OpenHosts open_hosts(ClusterOptions options);

}  // namespace snapshot_test::cluster
