#include "session/host_tree.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "util/process.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

using model::BranchFailure;
using model::Ending;
using model::Role;

namespace {

/// Between SIGABRT, at which faulthandler writes every thread's stack, and SIGKILL.
constexpr std::chrono::milliseconds kAbortGrace{500};

void kill_whole(const Process& process) {
  if (process.pid <= 0) {
    return;
  }
  if (process.parent == nullptr) {
    ::kill(process.pid, SIGTERM);  // its guardian kills all that there is below
    ::kill(process.pid, SIGCONT);
  } else {
    ::kill(-process.pid, SIGKILL);
  }
}

}  // namespace

HostTree::HostTree(Settings settings, const Scratch& scratch, Signals& signals, Owner& owner)
    : settings_(std::move(settings)), scratch_(scratch), signals_(signals), owner_(owner) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // what a killed guardian cannot kill any more becomes our child
}

HostTree::~HostTree() {
  for (const auto& [id, process] : processes_) {
    kill_whole(*process);
  }
  for (const auto& [id, process] : processes_) {
    while (process->parent == nullptr && ::waitpid(process->pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  util::kill_children();
}

Process* HostTree::find(int id) {
  const auto found = processes_.find(id);
  return found == processes_.end() ? nullptr : found->second.get();
}

Result<Process*> HostTree::spawn(std::deque<Order> orders) {
  const TimeOfDay clock = settings_.start.frozen_time >= 0 ? TimeOfDay::kMayStandStill : TimeOfDay::kGoesOn;
  TRY_ASSIGN(auto host, start_host(*settings_.python, scratch_.path(), settings_.memory, clock));
  auto process = std::make_unique<Process>(std::move(host.channel), std::move(host.output));
  process->id = next_id_++;
  process->pid = host.pid;
  process->role = orders.empty() ? Role::kBase : orders.back().role;
  process->grant(settings_.import_timeout, LimitFrom::kImportTimeout);
  nlohmann::json body = settings_.start;
  body["op"] = "start";
  if (!orders.empty()) {
    body["preload"] = nlohmann::json::array();
  }
  process->orders = std::move(orders);
  // If it has ended already, that is about to be known.
  (void)process->channel.send(body);
  return processes_.emplace(process->id, std::move(process)).first->second.get();
}

Result<Process*> HostTree::fork(Process& parent, Order order) {
  TRY_ASSIGN(auto channels, util::Channel::make_pair());
  TRY_ASSIGN(util::Pipe output, make_output_pipe());
  auto process = std::make_unique<Process>(std::move(channels.first), std::move(output.read));
  process->id = next_id_++;
  process->parent = &parent;
  process->role = order.role;
  process->grant(order.timeout, order.limit_from);
  const int fds[] = {channels.second.fd(), output.write.get()};
  const nlohmann::json body = {
      {"op", "fork"}, {"node", process->id}, {"role", order.role}, {"request", std::move(order.request)}};
  if (parent.channel.fd() < 0 || !parent.channel.send(body, fds)) {
    release(parent);
    parent.expect_end();
    return nullptr;
  }
  return processes_.emplace(process->id, std::move(process)).first->second.get();
}

void HostTree::preload(Process* base, const std::vector<std::string>& modules) {
  settings_.start.preload = modules;
  if (base != nullptr) {
    (void)base->channel.send({{"op", "preload"}, {"modules", modules}});
  }
}

Result<void> HostTree::turn(std::chrono::milliseconds at_most) {
  std::vector<pollfd> waits{{signals_.fd(), POLLIN, 0}};
  std::vector<std::pair<int, bool>> owners;  // process id, is it the output pipe?
  for (const auto& [id, process] : processes_) {
    if (!process->broken && process->channel.fd() >= 0) {
      waits.push_back({process->channel.fd(), POLLIN, 0});
      owners.emplace_back(id, false);
    }
    if (process->output) {
      waits.push_back({process->output.get(), POLLIN, 0});
      owners.emplace_back(id, true);
    }
  }
  const auto wait = static_cast<int>(until_next_deadline(at_most).count());
  if (::poll(waits.data(), waits.size(), wait) < 0 && errno != EINTR) {
    return fail(ErrorKind::kInternal, "poll() failed in the event loop");
  }
  for (std::size_t i = 0; i < owners.size(); ++i) {
    const auto [id, is_output] = owners[i];
    Process* process = find(id);
    if (waits[i + 1].revents == 0 || process == nullptr) {
      continue;
    }
    if (is_output) {
      process->read_output();
    } else {
      read_channel(*process);
    }
  }
  if (waits[0].revents != 0) {
    signals_.read_pending();
    reap_own_children();
  }
  enforce_deadlines();
  return {};
}

std::chrono::milliseconds HostTree::until_next_deadline(std::chrono::milliseconds at_most) const {
  const auto now = Clock::now();
  for (const auto& [id, process] : processes_) {
    if (process->deadline) {
      at_most = std::min(at_most, std::chrono::ceil<std::chrono::milliseconds>(*process->deadline - now));
    }
  }
  return std::max(at_most, std::chrono::milliseconds(0));
}

void HostTree::enforce_deadlines() {
  const auto now = Clock::now();
  for (const auto& [id, process] : processes_) {
    if (!process->deadline || now < *process->deadline) {
      continue;
    }
    if (process->pid <= 0) {  // its parent has not even forked it
      lose_reporter(*process);
      continue;
    }
    if (process->killing == Process::Killing::kNo) {
      process->timed_out = true;
      process->killing = Process::Killing::kAsked;
      process->deadline = now + kAbortGrace;
      ::kill(process->pid, SIGABRT);
    } else if (process->killing == Process::Killing::kAsked) {
      kill_whole(*process);
      process->expect_end();
    } else {
      lose_reporter(*process);
    }
  }
}

/// It should have ended, and nobody says so. It may be stopped, or free much memory; but if it has ended, what should
/// say so is stopped, or stuck.
void HostTree::lose_reporter(Process& process) {
  const bool ended = process.pid <= 0 || util::is_zombie(process.pid);
  Process& culprit = ended && process.parent != nullptr ? *process.parent : process;
  kill_whole(culprit);
  process.expect_end();
  culprit.expect_end();
}

void HostTree::read_channel(Process& process) {
  const int id = process.id;
  const auto progress = process.channel.read_available();
  for (;;) {
    auto body = process.channel.next();
    if (!body || (*body && !(*body)->is_object())) {
      process.broken = true;
      break;
    }
    if (!*body) {
      break;
    }
    on_message(process, std::move(**body));
    if (find(id) == nullptr) {
      return;
    }
  }
  if (process.broken || (progress && *progress == util::Channel::Progress::kClosed)) {
    release(process);
    if (process.answer) {
      process.expect_end();  // it has said all that it had to
    }
  }
}

void HostTree::on_message(Process& process, nlohmann::json body) {
  try {
    const std::string op = body.value("op", "");
    if (op == "forked" || op == "exited" || op == "fork-failed") {
      Process* child = find(body.at("node").get<int>());
      if (child == nullptr || child->parent != &process) {
        return;
      }
      if (op == "forked") {
        child->pid = body.at("pid").get<pid_t>();
      } else if (op == "exited") {
        on_exit(child->id, body.at("status").get<int>());
      } else {
        child->answer = BranchFailure{Ending::kRefused, body.at("cause").get<std::string>(), ""};
        (*child->answer)["op"] = "failed";
        on_exit(child->id, 0);
      }
    } else if (op == "ready") {
      on_ready(process);
    } else if (op == "importing") {
      process.importing = body.at("module").get<std::string>();
      process.grant(process.timeout, process.limit_from);
    } else if (op == "looking") {
      process.pause();
    } else if (op == "running") {
      process.resume();
    } else {
      process.answer = std::move(body);
    }
  } catch (const nlohmann::json::exception&) {
    process.broken = true;
  }
}

void HostTree::on_ready(Process& process) {
  if (!process.orders.empty()) {
    give_next_order(process);
    return;
  }
  process.ready = true;
  process.deadline.reset();
  owner_.on_ready(process);
}

void HostTree::give_next_order(Process& process) {
  Order order = std::move(process.orders.front());
  process.orders.pop_front();
  process.grant(order.timeout, order.limit_from);
  (void)process.channel.send({{"op", "become"}, {"role", order.role}, {"request", std::move(order.request)}});
}

void HostTree::reap_own_children() {
  std::vector<std::pair<int, int>> ended;
  for (const auto& [id, process] : processes_) {
    int status = 0;
    if (process->parent == nullptr && ::waitpid(process->pid, &status, WNOHANG) == process->pid) {
      ended.emplace_back(id, status);
    }
  }
  if (!ended.empty()) {
    kill_adopted();
  }
  for (const auto& [id, status] : ended) {
    on_exit(id, status);
  }
}

/// What a guardian leaves behind that was killed itself.
void HostTree::kill_adopted() const {
  for (const pid_t pid : util::child_processes()) {
    const bool ours = std::any_of(processes_.begin(), processes_.end(), [pid](const auto& each) {
      return each.second->parent == nullptr && each.second->pid == pid;
    });
    if (!ours) {
      ::kill(pid, SIGKILL);
    }
  }
}

void HostTree::on_exit(int id, int status) {
  Process& ending = *processes_.at(id);
  // What it sent before it ended is still in the socket and the pipe.
  ending.read_output();
  if (ending.channel.fd() >= 0 && !ending.broken) {
    read_channel(ending);
  }
  ending.status = status;
  lose_children(ending);
  const auto found = processes_.find(id);
  std::unique_ptr<Process> process = std::move(found->second);
  processes_.erase(found);
  owner_.on_ended(std::move(process));
}

/// They die with it: the kernel sees to that, and nobody is left to report them.
void HostTree::lose_children(const Process& parent) {
  std::vector<int> orphans;
  for (const auto& [id, process] : processes_) {
    if (process->parent == &parent) {
      orphans.push_back(id);
    }
  }
  for (const int id : orphans) {
    if (Process* orphan = find(id)) {
      orphan->lost_with = parent.lost_with.value_or(util::describe_wait_status(parent.status));
      on_exit(id, SIGKILL);
    }
  }
}

}  // namespace snapshot_test::session
