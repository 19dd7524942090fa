// One process of a host that waits for orders and forks.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "model/message.hpp"
#include "util/channel.hpp"
#include "util/fd.hpp"

namespace snapshot_test::host::execution {

/// Serves orders on one channel: "fork", to have a child that does some work, whose end is reported, and "become", to
/// do some work itself and end.
///
/// Every child is a process group of its own, is killed by the kernel when its parent dies, has its channel and its
/// output pipe and nothing else of its parent's, and ends with all it started: before a child is reaped, what is left
/// of its group is killed; what left the group is adopted by then, and killed too.
class Node {
 public:
  /// What is ordered; runs with the GIL held, in a child for "fork". When it returns, the process leaves through
  /// _exit(0).
  using Work = std::function<void(model::Role role, const nlohmann::json& request, util::Channel channel)>;

  using Preload = std::function<void(const std::vector<std::string>& modules)>;

  Node(util::Channel channel, Work work);

  /// What to do at a "preload" order; without this such orders are ignored.
  void on_preload(Preload preload) { preload_ = std::move(preload); }

  /// Tells the supervisor that this process is ready, or why it is not.
  void send_ready();
  void send_failure(const model::BranchFailure& failure);
  util::Channel& channel() { return channel_; }

  /// Serves until the supervisor closes the channel, then waits for the children that are left. Ends the process if the
  /// connection breaks: there is nobody left to report to.
  void serve();

 private:
  void on_order(util::Message message);
  void fork_child(const nlohmann::json& order, std::vector<util::Fd> fds);
  void fork_refused(const nlohmann::json& order, const Error& error);
  [[noreturn]] void become_child(pid_t parent, const nlohmann::json& order, std::vector<util::Fd> fds);
  [[noreturn]] void become(const nlohmann::json& order);
  void reap_children();
  void kill_adopted() const;

  util::Channel channel_;
  Work work_;
  Preload preload_;
  util::Fd signals_;               ///< signalfd for SIGCHLD
  std::map<pid_t, int> children_;  ///< pid → node id
  std::vector<pid_t> helpers_;     ///< what imported code had started before
};

}  // namespace snapshot_test::host::execution
