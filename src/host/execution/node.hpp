// One process of a host that waits for orders and forks.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/link.hpp"
#include "util/fd.hpp"

namespace snapshot_test::host::execution {

/// Serves commands on one link: forks a child that does what is requested, whose end is reported, or does it itself and
/// ends.
///
/// Every child is a process group of its own, is killed by the kernel when its parent ends, has its channel and its
/// output pipe and nothing else of its parent's, and ends with all it started: before a child is reaped, what is left
/// of its group is killed; what left the group is adopted by then, and killed too.
class Node {
 public:
  /// What is requested; runs with the GIL held. When it returns, the process leaves through _exit(0).
  using Work = std::function<void(const model::Request& request, model::SupervisorLink link)>;

  using Preload = std::function<void(const std::vector<std::string>& modules)>;

  Node(model::SupervisorLink link, Work work);

  /// What to do at a Preload; without this it is ignored.
  void on_preload(Preload preload) { preload_ = std::move(preload); }

  /// What to do before a child is forked for a request: what is done here need not be done in each of them.
  void on_fork(std::function<void(const model::Request& request)> prepare) { prepare_ = std::move(prepare); }

  /// Tells the supervisor that this process is ready, why it is not, or what became of a child. Ends the process if the
  /// connection breaks: there is nobody left to report to.
  void send(const model::Report& report);

  /// Serves until the supervisor closes the link, then waits for the children that are left. Ends the process where a
  /// command cannot be understood, and says so.
  void serve();

 private:
  void on_command(model::SupervisorLink::Message message);
  void fork_child(const model::Fork& order, std::vector<util::Fd> fds);
  [[noreturn]] void become_child(pid_t parent, const model::Request& request, std::vector<util::Fd> fds);
  [[noreturn]] void become(const model::Request& request);
  void reap_children();
  void kill_adopted() const;

  model::SupervisorLink link_;
  Work work_;
  Preload preload_;
  std::function<void(const model::Request& request)> prepare_;
  util::Fd signals_;               ///< signalfd for SIGCHLD
  std::map<pid_t, int> children_;  ///< pid → node id
  std::vector<pid_t> helpers_;     ///< what imported code had started before
};

}  // namespace snapshot_test::host::execution
