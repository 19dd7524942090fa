#include "host/execution/node.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <utility>

#include "host/interpreter/interpreter.hpp"
#include "util/process.hpp"
#include "util/refusal.hpp"

namespace snapshot_test::host::execution {

namespace {

sigset_t sigchld_set() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGCHLD);
  return set;
}

/// Kills what is left of a child's group, while its pid cannot have been given to anybody else, then reaps it.
int bury(pid_t pid) {
  ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

Node::Node(util::Channel channel, Work work) : channel_(std::move(channel)), work_(std::move(work)) {
  const sigset_t set = sigchld_set();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = util::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) {
    send_failure({model::Ending::kRefused, util::refusal("watch its child processes", errno).message, ""});
    ::_exit(1);
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  helpers_ = util::child_processes();
}

void Node::send_ready() {
  if (!channel_.send({{"op", "ready"}})) {
    ::_exit(1);
  }
}

void Node::send_failure(const model::BranchFailure& failure) {
  nlohmann::json body = failure;
  body["op"] = "failed";
  if (!channel_.send(body)) {
    ::_exit(1);
  }
}

void Node::serve() {
  bool open = true;
  while (open || !children_.empty()) {
    pollfd waits[] = {{signals_.get(), POLLIN, 0}, {open ? channel_.fd() : -1, POLLIN, 0}};
    // Orders may arrive together; those that are in the channel's buffer already wake no poll().
    const bool waiting_order = open && channel_.pending();
    if (::poll(waits, 2, waiting_order ? 0 : -1) < 0 && errno != EINTR) {
      ::_exit(1);
    }
    if (waits[0].revents != 0) {
      reap_children();
    }
    if (waits[1].revents == 0 && !waiting_order) {
      continue;
    }
    auto message = channel_.receive();
    if (!message) {
      ::_exit(1);
    }
    if (*message) {
      on_order(std::move(**message));
    } else {
      open = false;
    }
  }
}

void Node::on_order(util::Message message) {
  const std::string op = message.body.value("op", "");
  if (op == "fork" && message.fds.size() == 2) {
    fork_child(message.body, std::move(message.fds));
  } else if (op == "fork") {  // the kernel drops descriptors that a full table has no room for
    fork_refused(message.body, util::refusal("take over the descriptors of a child", EMFILE));
  } else if (op == "become") {
    become(message.body);
  } else if (op == "preload" && preload_) {
    preload_(message.body.at("modules").get<std::vector<std::string>>());
  }
}

void Node::fork_child(const nlohmann::json& order, std::vector<util::Fd> fds) {
  const int id = order.at("node").get<int>();
  const pid_t self = ::getpid();
  const pid_t pid = interpreter::fork_interpreter();
  if (pid == 0) {
    become_child(self, order, std::move(fds));
  }
  if (pid < 0) {
    fork_refused(order, util::refusal("fork", errno));
    return;
  }
  ::setpgid(pid, pid);
  children_.emplace(pid, id);
  if (!channel_.send({{"op", "forked"}, {"node", id}, {"pid", pid}})) {
    ::_exit(1);
  }
}

void Node::fork_refused(const nlohmann::json& order, const Error& error) {
  if (!channel_.send({{"op", "fork-failed"}, {"node", order.at("node")}, {"cause", error.message}})) {
    ::_exit(1);
  }
}

void Node::become_child(pid_t parent, const nlohmann::json& order, std::vector<util::Fd> fds) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    ::_exit(1);  // the parent died before the line above took effect
  }
  children_.clear();
  channel_ = util::Channel(std::move(fds[0]));
  ::dup2(fds[1].get(), STDOUT_FILENO);
  ::dup2(fds[1].get(), STDERR_FILENO);
  fds.clear();
  become(order);
}

void Node::become(const nlohmann::json& order) {
  const sigset_t set = sigchld_set();
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  signals_.reset();
  // The frames below (serve(), of the parent after a fork) never run again in this process.
  work_(order.at("role").get<model::Role>(), order.at("request"), std::move(channel_));
  interpreter::flush_standard_streams();
  ::_exit(0);
}

void Node::kill_adopted() const {
  for (const pid_t pid : util::child_processes()) {
    if (children_.count(pid) == 0 && std::find(helpers_.begin(), helpers_.end(), pid) == helpers_.end()) {
      ::kill(pid, SIGKILL);
    }
  }
}

void Node::reap_children() {
  signalfd_siginfo info;
  while (::read(signals_.get(), &info, sizeof info) > 0) {
  }
  for (;;) {
    siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0) {
      return;
    }
    const pid_t pid = ended.si_pid;
    const int status = bury(pid);
    kill_adopted();
    const auto child = children_.find(pid);
    if (child == children_.end()) {
      continue;  // adopted or started by imported code: not ours to report
    }
    const int id = child->second;
    children_.erase(child);
    if (!channel_.send({{"op", "exited"}, {"node", id}, {"status", status}})) {
      ::_exit(1);
    }
  }
}

}  // namespace snapshot_test::host::execution
