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
#include "util/overloaded.hpp"
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

}  // namespace

Node::Node(model::SupervisorLink link, Work work) : link_(std::move(link)), work_(std::move(work)) {
  const sigset_t set = sigchld_set();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = util::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) {
    send(model::BranchFailure{model::Ending::kRefused, util::refusal("watch its child processes", errno).message, ""});
    ::_exit(1);
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  helpers_ = util::child_processes();
}

void Node::send(const model::Report& report) {
  if (!link_.send(report)) {
    ::_exit(1);
  }
}

void Node::serve() {
  bool open = true;
  while (open || !children_.empty()) {
    pollfd waits[] = {{signals_.get(), POLLIN, 0}, {open ? link_.fd() : -1, POLLIN, 0}};
    // Orders may arrive together; those that are in the link's buffer already wake no poll().
    const bool waiting_order = open && link_.pending();
    if (::poll(waits, 2, waiting_order ? 0 : -1) < 0 && errno != EINTR) {
      ::_exit(1);
    }
    if (waits[0].revents != 0) {
      reap_children();
    }
    if (waits[1].revents == 0 && !waiting_order) {
      continue;
    }
    auto message = link_.receive();
    if (!message) {
      send(model::BranchFailure{model::Ending::kProtocol, message.error().message, ""});
      ::_exit(1);
    }
    if (*message) {
      on_command(std::move(**message));
    } else {
      open = false;
    }
  }
}

void Node::on_command(model::SupervisorLink::Message message) {
  const util::Overloaded handle{
      [&](const model::Fork& order) { fork_child(order, std::move(message.fds)); },
      [&](const model::Become& order) { become(order.request); },
      [&](const model::Preload& order) {
        if (preload_) {
          preload_(order.modules);
        }
      },
      [](const model::HostStart&) {},  // what is a node has started
      [](const model::RunCase&) {},    // and is no series
      [](const model::Wanted&) {},     // nor a case
  };
  std::visit(handle, message.body);
}

void Node::fork_child(const model::Fork& order, std::vector<util::Fd> fds) {
  if (fds.size() != 2) {  // the kernel drops descriptors that a full table has no room for
    send(model::ForkFailed{order.node, util::refusal("take over the descriptors of a child", EMFILE).message});
    return;
  }
  if (prepare_) {
    prepare_(order.request);
  }
  const pid_t self = ::getpid();
  const pid_t pid = interpreter::fork_interpreter();
  if (pid == 0) {
    become_child(self, order.request, std::move(fds));
  }
  if (pid < 0) {
    send(model::ForkFailed{order.node, util::refusal("fork", errno).message});
    return;
  }
  ::setpgid(pid, pid);
  children_.emplace(pid, order.node);
  send(model::Forked{order.node, pid});
}

void Node::become_child(pid_t parent, const model::Request& request, std::vector<util::Fd> fds) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    ::_exit(1);  // the parent died before the line above took effect
  }
  children_.clear();
  link_ = model::SupervisorLink(util::Channel(std::move(fds[0])));
  ::dup2(fds[1].get(), STDOUT_FILENO);
  ::dup2(fds[1].get(), STDERR_FILENO);
  fds.clear();
  become(request);
}

void Node::become(const model::Request& request) {
  const sigset_t set = sigchld_set();
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  signals_.reset();
  // The frames below (serve(), of the parent after a fork) never run again in this process.
  work_(request, std::move(link_));
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
    const int status = util::kill_group_and_reap(pid);
    kill_adopted();
    const auto child = children_.find(pid);
    if (child == children_.end()) {
      continue;  // adopted or started by imported code: not ours to report
    }
    const int id = child->second;
    children_.erase(child);
    send(model::Exited{id, status});
  }
}

}  // namespace snapshot_test::host::execution
