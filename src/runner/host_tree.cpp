#include "runner/host_tree.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <span>
#include <utility>

#include "util/overloaded.hpp"
#include "util/process.hpp"
#include "util/try.hpp"

namespace snapshot_test::runner {

using model::BranchFailure;
using model::Ending;

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

HostTree::HostTree(Settings settings, Signals& signals, Owner& owner)
    : settings_(std::move(settings)), signals_(signals), owner_(owner) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // what a killed guardian cannot kill any more becomes our child
}

HostTree::~HostTree() {
  for (const auto& [id, process] : processes_) {
    kill_whole(*process);
  }
  for (const auto& [id, process] : processes_) {
    if (process->parent == nullptr) {
      (void)util::wait_for(process->pid);
    }
  }
  util::kill_children();
}

Process* HostTree::find(int id) {
  const auto found = processes_.find(id);
  return found == processes_.end() ? nullptr : found->second.get();
}

Result<Process*> HostTree::spawn(std::deque<Order> orders) {
  TRY_ASSIGN(HostProcess host, settings_.launch());
  auto process = std::make_unique<Process>(model::HostLink(std::move(host.channel)), std::move(host.output));
  process->id = next_id_++;
  process->pid = host.pid;
  process->grant(settings_.import_timeout, LimitFrom::kImportTimeout);
  model::HostStart start = settings_.start;
  if (!orders.empty()) {
    start.preload.clear();
  }
  process->orders = std::move(orders);
  // If it has ended already, that is about to be known.
  (void)process->link.send(std::move(start));
  return processes_.emplace(process->id, std::move(process)).first->second.get();
}

Result<Process*> HostTree::fork(Process& parent, Order order) {
  TRY_ASSIGN(auto channels, util::Channel::make_pair());
  TRY_ASSIGN(util::Pipe output, make_output_pipe());
  auto process = std::make_unique<Process>(model::HostLink(std::move(channels.first)), std::move(output.read));
  process->id = next_id_++;
  process->parent = &parent;
  process->is_series = std::holds_alternative<model::SeriesRequest>(order.request);
  process->grant(order.timeout, order.limit_from);
  const int fds[] = {channels.second.fd(), output.write.get()};
  if (parent.link.fd() < 0 || !parent.link.send(model::Fork{process->id, std::move(order.request)}, fds)) {
    release(parent);
    parent.expect_end();
    return nullptr;
  }
  return processes_.emplace(process->id, std::move(process)).first->second.get();
}

void HostTree::give(Process& process, Order order) {
  process.ready = false;
  process.answer.reset();
  process.orders.push_back(std::move(order));
  give_next_order(process);
}

bool HostTree::run(Process& series, model::RunCase order, double timeout, LimitFrom limit_from) {
  if (series.link.fd() < 0 || !series.link.send(std::move(order))) {
    release(series);
    series.expect_end();
    return false;
  }
  series.begin_case(timeout, limit_from);
  return true;
}

void HostTree::preload(Process* base, const std::vector<std::string>& modules) {
  settings_.start.preload = modules;
  if (base != nullptr) {
    (void)base->link.send(model::Preload{modules});
  }
}

Result<void> HostTree::turn(std::chrono::milliseconds at_most) {
  std::vector<pollfd> waits{{signals_.fd(), POLLIN, 0}};
  std::vector<std::pair<int, bool>> owners;  // process id, is it the output pipe?
  for (const auto& [id, process] : processes_) {
    if (!process->broken && process->link.fd() >= 0) {
      waits.push_back({process->link.fd(), POLLIN, 0});
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
      read_link(*process);
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
      if (process->give_back_waiting()) {
        continue;
      }
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

void HostTree::read_link(Process& process) {
  const int id = process.id;
  const auto progress = process.link.read_available();
  for (;;) {
    auto report = process.link.next();
    if (!report) {
      process.broken = true;
      break;
    }
    if (!*report) {
      break;
    }
    on_report(process, std::move(**report));
    if (find(id) == nullptr) {
      return;
    }
    if (process.broken) {
      break;
    }
  }
  if (process.broken || (progress && *progress == util::Channel::Progress::kClosed)) {
    release(process);
    if (process.answer) {
      process.expect_end();  // it has said all that it had to
    }
  }
}

void HostTree::retire(Process& process) {
  process.retired = true;
  const bool has_children = std::any_of(processes_.begin(), processes_.end(),
                                        [&](const auto& each) { return each.second->parent == &process; });
  if (!has_children) {
    release(process);
  }
}

Process* HostTree::child_of(const Process& parent, int id) {
  Process* child = find(id);
  return child != nullptr && child->parent == &parent ? child : nullptr;
}

void HostTree::on_report(Process& process, model::Report report) {
  const util::Overloaded handle{
      [&](model::Ready&) { on_ready(process); },
      [&](model::Forked& forked) {
        if (Process* child = child_of(process, forked.node)) {
          child->pid = forked.pid;
        }
      },
      [&](model::ForkFailed& refused) {
        if (Process* child = child_of(process, refused.node)) {
          child->answer = BranchFailure{Ending::kRefused, std::move(refused.cause), ""};
          on_exit(child->id, 0);
        }
      },
      [&](model::Exited& exited) {
        if (Process* child = child_of(process, exited.node)) {
          on_exit(child->id, exited.status);
        }
      },
      [&](model::Importing& importing) {
        process.importing = std::move(importing.module);
        process.grant(process.timeout, process.limit_from);
      },
      [&](model::Looking&) { process.pause(); },
      [&](model::Running&) { process.resume(); },
      [&](model::Offer& offer) { on_offer(process, offer); },
      [&](model::CaseReply& reply) { on_reply(process, std::move(reply)); },
      [&](auto& answer) { process.answer = std::move(answer); },
  };
  std::visit(handle, report);
}

void HostTree::on_offer(Process& process, const model::Offer& offer) {
  auto wanted = owner_.on_offered(process, offer);
  if (!wanted) {
    process.broken = true;
    return;
  }
  const int socket = wanted->socket.get();
  // If it has ended meanwhile, that is about to be known.
  (void)process.link.send(std::move(wanted->message), std::span(&socket, wanted->socket ? 1 : 0));
}

void HostTree::on_reply(Process& process, model::CaseReply reply) {
  if (process.is_series && !process.runnable) {
    return;  // nobody asked
  }
  process.answer = std::move(reply);
  if (!process.is_series || process.killing != Process::Killing::kNo) {
    return;
  }
  process.deadline.reset();
  process.read_output();  // all of it: it was written before the reply
  owner_.on_answered(process);
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
  (void)process.link.send(model::Become{std::move(order.request)});
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
  if (ending.link.fd() >= 0 && !ending.broken) {
    read_link(ending);
  }
  ending.status = status;
  lose_children(ending);
  const auto found = processes_.find(id);
  std::unique_ptr<Process> process = std::move(found->second);
  processes_.erase(found);
  if (process->parent != nullptr && process->parent->retired) {
    retire(*process->parent);
  }
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

}  // namespace snapshot_test::runner
