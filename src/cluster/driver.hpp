// The client of a Dask cluster as a process: Python that has dask.distributed, with code that is part of this program
// (python/diff_tester/dask). Messages are util::Channel's:
//
//   Order    fields                                   and then
//   open     address, processors, spec                opened, present, worker… | error
//   leases   count                                    so many tasks wait for a worker: ready…
//   run      attempt, work, files [[name, path]…]     news…, done | lost
//   nothing  attempt                                  ended
//   reject   worker                                   it gets no tasks any more
//   cancel                                            cancelled: nothing runs on any worker
//
//   News     fields
//   opened   scheduler
//   present  workers                                  all that the scheduler has, whenever that changes
//   worker   worker, name, threads, why               it has been looked at; `why` is empty where it fits
//   ready    attempt, worker, lease                   a task has begun there and asks for cases
//   news     attempt, started, ended                  numbers of its cases
//   done     attempt, worker, result                  {outcomes, running, begun, died?, error?}
//   lost     attempt, worker, expected                its worker is gone; `expected`: it was asked to go
//   ended    lease                                    without having got any cases
//   gone     message                                  the scheduler
//   error    kind, message                            the run cannot go on
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "snapshot_test/util/result.hpp"
#include "util/channel.hpp"
#include "util/fd.hpp"
#include "util/process.hpp"

namespace snapshot_test::cluster {

class Driver {
 public:
  /// `python`: a path, or a name on PATH; empty: that of the wheel which the program came with, else python3. kUsage
  /// where it cannot be executed, kIo where the machine refuses what that takes.
  [[nodiscard]] static Result<std::unique_ptr<Driver>> start(const std::string& python);
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  /// Tells it to end, which ends all that runs on the cluster, and kills it where it has not within 20 seconds.
  ~Driver();

  [[nodiscard]] int fd() const { return channel_.fd(); }
  /// kUnavailable where it has ended, with what it said last.
  [[nodiscard]] Result<void> send(const nlohmann::json& order);
  /// What has come; waits so long for the first of it. kUnavailable as send().
  [[nodiscard]] Result<std::vector<nlohmann::json>> receive(std::chrono::milliseconds patience);

 private:
  Driver(pid_t pid, util::Channel channel, util::Fd errors)
      : pid_(pid), kept_(pid), channel_(std::move(channel)), errors_(std::move(errors)) {}
  [[nodiscard]] Error ended() const;

  pid_t pid_;
  util::KeptChild kept_;
  util::Channel channel_;
  util::Fd errors_;  ///< an unnamed file: its standard output and error
};

}  // namespace snapshot_test::cluster
