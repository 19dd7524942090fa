#include "session/conductor.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "util/process.hpp"

namespace snapshot_test::session {

using model::BranchFailure;
using model::Ending;
using model::Role;

namespace {

/// Between SIGABRT, at which faulthandler writes every thread's stack, and SIGKILL.
constexpr std::chrono::milliseconds kAbortGrace{500};
/// Starting the base: an interpreter and the imports that a whole suite shares.
constexpr double kBaseTimeout = 600;
/// Each module that discovery imports.
constexpr double kImportTimeout = 600;
CaseOutcome outcome_of(const BranchFailure& failure, std::string output) {
  CaseOutcome outcome;
  outcome.observation.ending = failure.ending;
  outcome.observation.detail = failure.detail;
  outcome.observation.traceback = failure.traceback;
  outcome.observation.output = std::move(output);
  return outcome;
}

}  // namespace

Result<std::unique_ptr<Conductor>> Conductor::start(const PythonEnvironment& python, const model::HostStart& request,
                                                    const Scratch& scratch, Signals& signals, const Options& options) {
  auto host = start_host(python, scratch.path(), options.memory);
  if (!host) {
    return tl::unexpected(host.error());
  }
  std::unique_ptr<Conductor> conductor(new Conductor(scratch, signals, options));
  auto base = std::make_unique<Process>(std::move(host->channel), std::move(host->output));
  base->pid = host->pid;
  base->grant(kBaseTimeout);
  conductor->base_ = base.get();
  conductor->processes_.emplace(conductor->next_id_++, std::move(base));
  nlohmann::json body = request;
  body["op"] = "start";
  if (auto sent = conductor->base_->channel.send(body); !sent) {
    return fail(ErrorKind::kInternal, "the host ended before it could be told what to do");
  }
  while (!conductor->base_->ready && !conductor->base_->answer && !conductor->base_lost_) {
    if (auto turned = conductor->turn(); !turned) {
      return tl::unexpected(turned.error());
    }
    if (conductor->interrupted()) {
      return fail(ErrorKind::kInterrupted, "interrupted while the host started");
    }
  }
  if (conductor->base_->answer) {
    return fail(ErrorKind::kPython, conductor->base_->answer->value("detail", "the host could not start"));
  }
  if (conductor->base_lost_) {
    return fail(ErrorKind::kInternal, fmt::format("the host that embeds '{}' ended while it started\n{}",
                                                  python.executable, conductor->base_->output_text()));
  }
  return conductor;
}

Conductor::~Conductor() { end_all(); }

void Conductor::end_all() {
  for (const auto& [id, process] : processes_) {
    if (process->pid > 0 && !(process.get() == base_ && base_lost_)) {
      ::kill(-process->pid, SIGKILL);
    }
  }
  if (base_ != nullptr && !base_lost_) {
    while (::waitpid(base_->pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  processes_.clear();
}

Result<Process*> Conductor::fork_process(Process& parent, Role role, const nlohmann::json& request, double timeout) {
  auto channels = util::Channel::make_pair();
  if (!channels) {
    return tl::unexpected(channels.error());
  }
  auto output = make_output_pipe();
  if (!output) {
    return tl::unexpected(output.error());
  }
  const int id = next_id_++;
  auto process = std::make_unique<Process>(std::move(channels->first), std::move(output->first));
  process->id = id;
  process->parent = &parent;
  process->role = role;
  process->grant(timeout);
  const int fds[] = {channels->second.fd(), output->second.get()};
  const nlohmann::json order = {{"op", "fork"}, {"node", id}, {"role", role}, {"request", request}};
  if (auto sent = parent.channel.send(order, fds); !sent) {
    return tl::unexpected(sent.error());
  }
  Process* raw = process.get();
  processes_.emplace(id, std::move(process));
  return raw;
}

Result<model::DiscoverReply> Conductor::discover(model::DiscoverRequest request) {
  for (;;) {
    const auto process = fork_process(*base_, Role::kDiscover, request, kImportTimeout);
    if (!process) {
      return tl::unexpected(process.error());
    }
    while (!discovery_) {
      if (interrupted()) {
        return fail(ErrorKind::kInterrupted, "interrupted while the suite was imported");
      }
      if (auto turned = turn(); !turned) {
        return tl::unexpected(turned.error());
      }
    }
    const std::unique_ptr<Process> ended = std::move(discovery_);
    if (ended->answer && ended->answer->value("op", "") == "discovered") {
      return ended->answer->get<model::DiscoverReply>();
    }
    const BranchFailure failure = ended->failure();
    // A module that takes the process down is left out of the next try; the rest of the suite goes on.
    if (ended->answered_failure() || base_lost_ || ended->importing.empty() ||
        !request.lost.emplace(ended->importing, failure.detail).second) {
      return fail(ended->answered_failure() ? ErrorKind::kUsage : ErrorKind::kPython, failure.detail);
    }
  }
}

void Conductor::preload(const std::vector<std::string>& modules) {
  // If it has gone, the first fork says so.
  (void)base_->channel.send({{"op", "preload"}, {"modules", modules}});
}

Result<void> Conductor::run(std::vector<CaseTask> tasks, const OnStarted& on_started, const OnFinished& on_finished) {
  on_started_ = on_started;
  on_finished_ = on_finished;
  unfinished_ = tasks.size();
  auto tree = plan_work(std::move(tasks), options_.default_timeout, scratch_);
  if (!tree) {
    return tl::unexpected(tree.error());
  }
  for (auto branch = tree->modules.rbegin(); branch != tree->modules.rend(); ++branch) {
    ready_.emplace_back(branch->get());
  }
  while (unfinished_ > 0 && !interrupted() && fatal_.empty()) {
    start_ready_work();
    if (auto turned = turn(); !turned) {
      return turned;
    }
  }
  if (!fatal_.empty()) {
    return fail(ErrorKind::kIo, fatal_);
  }
  ready_.clear();
  return {};
}

void Conductor::start_ready_work() {
  while (!ready_.empty() && (busy_ < options_.workers || base_lost_)) {
    const Work work = ready_.back();
    ready_.pop_back();
    start_work(work);
  }
}

void Conductor::start_work(const Work& work) {
  if (const Leaf* leaf = std::get_if<Leaf>(&work)) {
    start_case(*leaf);
  } else {
    open_branch(*std::get<Branch*>(work));
  }
}

void Conductor::open_branch(Branch& branch) {
  Process* parent = branch.parent == nullptr ? base_ : processes_.at(branch.parent->process).get();
  const auto process = base_lost_ ? fail(ErrorKind::kInternal, "the host ended")
                                  : fork_process(*parent, branch.role, branch.request, branch.timeout);
  if (!process) {
    fail_branch(branch, outcome_of({Ending::kImportFailed, process.error().message, ""}, ""));
    return;
  }
  (*process)->branch = &branch;
  branch.process = (*process)->id;
  ++busy_;
}

void Conductor::start_case(const Leaf& leaf) {
  CaseTask& task = *leaf.task;
  task.started = true;
  announce(task);
  const std::filesystem::path folder = scratch_.path() / fmt::format("case-{}", next_id_);
  task.request.scratch = scratch_.path().string();
  task.request.temporary = (folder / "tmp").string();
  if (!task.benchmark->setup_cache_key) {  // its users run in the cache's folder
    task.request.workdir = (folder / "work").string();
  }
  Process* parent = processes_.at(leaf.branch->process).get();
  const double timeout = task.benchmark->timeout.value_or(options_.default_timeout);
  const auto process = fork_process(*parent, Role::kCase, task.request, timeout);
  if (!process) {
    (void)on_finished_(task, outcome_of({Ending::kProtocol, process.error().message, ""}, ""));
    --unfinished_;
    one_done(leaf.branch);
    return;
  }
  (*process)->leaf = leaf;
  (*process)->folder = folder.string();
  ++busy_;
}

void Conductor::announce(CaseTask& task) {
  if (!std::exchange(task.announced, true)) {
    on_started_(task);
  }
}

Result<void> Conductor::turn() {
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
  if (::poll(waits.data(), waits.size(), poll_timeout()) < 0 && errno != EINTR) {
    return fail(ErrorKind::kInternal, "poll() failed in the event loop");
  }
  if (waits[0].revents != 0) {
    signals_.read_pending();
  }
  for (std::size_t i = 0; i < owners.size(); ++i) {
    const auto [id, is_output] = owners[i];
    const auto found = processes_.find(id);
    if (waits[i + 1].revents == 0 || found == processes_.end()) {
      continue;
    }
    if (is_output) {
      found->second->read_output();
    } else {
      read_channel(*found->second);
    }
  }
  enforce_deadlines();
  return {};
}

int Conductor::poll_timeout() const {
  std::optional<Clock::time_point> next;
  for (const auto& [id, process] : processes_) {
    if (process->deadline && (!next || *process->deadline < *next)) {
      next = process->deadline;
    }
  }
  if (!next) {
    return -1;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void Conductor::enforce_deadlines() {
  const auto now = Clock::now();
  for (const auto& [id, process] : processes_) {
    if (!process->deadline || now < *process->deadline || process->pid <= 0) {
      continue;
    }
    if (process->killing == Process::Killing::kNo) {
      process->timed_out = true;
      process->killing = Process::Killing::kAsked;
      process->deadline = now + kAbortGrace;
      ::kill(process->pid, SIGABRT);
    } else {
      process->killing = Process::Killing::kForced;
      process->deadline.reset();
      ::kill(-process->pid, SIGKILL);
    }
  }
}

void Conductor::read_channel(Process& process) {
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
    if (processes_.count(id) == 0) {
      return;
    }
  }
  if (process.broken || (progress && *progress == util::Channel::Progress::kClosed)) {
    if (&process == base_) {
      lose_base();
    } else {
      (void)process.channel.take_fd();
    }
  }
}

void Conductor::on_message(Process& process, nlohmann::json body) {
  try {
    const std::string op = body.value("op", "");
    if (op == "forked" || op == "exited" || op == "fork-failed") {
      const auto child = processes_.find(body.at("node").get<int>());
      if (child == processes_.end() || child->second->parent != &process) {
        return;
      }
      if (op == "forked") {
        child->second->pid = body.at("pid").get<pid_t>();
      } else if (op == "exited") {
        on_ended(child->first, body.at("status").get<int>());
      } else {
        child->second->answer = BranchFailure{Ending::kProtocol, body.at("cause").get<std::string>(), ""};
        (*child->second->answer)["op"] = "failed";
        on_ended(child->first, 0);
      }
    } else if (op == "ready") {
      on_ready(process);
    } else if (op == "importing") {
      process.importing = body.at("module").get<std::string>();
      process.grant(process.timeout);
    } else {
      process.answer = std::move(body);
    }
  } catch (const nlohmann::json::exception&) {
    process.broken = true;
  }
}

void Conductor::on_ready(Process& process) {
  process.ready = true;
  process.deadline.reset();
  Branch* branch = process.branch;
  if (branch == nullptr) {
    return;
  }
  --busy_;
  for (auto child = branch->children.rbegin(); child != branch->children.rend(); ++child) {
    ready_.emplace_back(child->get());
  }
  for (auto task = branch->cases.rbegin(); task != branch->cases.rend(); ++task) {
    ready_.emplace_back(Leaf{branch, &*task});
  }
}

void Conductor::on_ended(int id, int status) {
  Process& ending = *processes_.at(id);
  // What it sent before it ended is still in the socket and the pipe.
  ending.read_output();
  if (ending.channel.fd() >= 0 && !ending.broken) {
    read_channel(ending);
  }
  const auto found = processes_.find(id);
  std::unique_ptr<Process> process = std::move(found->second);
  processes_.erase(found);
  process->status = status;
  end_process(std::move(process));
}

void Conductor::end_process(std::unique_ptr<Process> process) {
  // Its children die with it: the kernel sees to that, and nobody is left to report them.
  std::vector<int> orphans;
  for (const auto& [id, other] : processes_) {
    if (other->parent == process.get()) {
      orphans.push_back(id);
    }
  }
  for (const int id : orphans) {
    if (processes_.count(id) != 0) {
      on_ended(id, SIGKILL);
    }
  }
  if (process->role == Role::kDiscover) {
    discovery_ = std::move(process);
  } else if (process->leaf) {
    finish_case(*process);
  } else if (process->branch != nullptr && process->branch->unfinished > 0) {
    if (!process->ready) {
      --busy_;
    }
    const BranchFailure failure = process->failure();
    CaseOutcome outcome = outcome_of(failure, process->output_text());
    outcome.observation.detail = fmt::format("{}: {}", process->branch->title, failure.detail);
    process->branch->process = -1;
    fail_branch(*process->branch, outcome);
  }
}

void Conductor::finish_case(Process& process) {
  --busy_;
  if (!process.folder.empty()) {
    remove_folder(process.folder);
  }
  CaseOutcome outcome;
  std::optional<model::CaseReply> reply;
  if (process.answer && !process.answered_failure()) {
    try {
      reply = process.answer->get<model::CaseReply>();
    } catch (const std::exception&) {
      process.broken = true;
    }
  }
  if (reply) {
    outcome = {std::move(reply->observation), std::move(reply->comparisons), std::move(reply->fatal)};
  } else {
    outcome = outcome_of(process.failure(), "");
  }
  outcome.ran = true;
  outcome.observation.output = process.output_text();
  if (!outcome.fatal.empty()) {
    fatal_ = outcome.fatal;
  }
  if (on_finished_(*process.leaf->task, std::move(outcome)) == Then::kRunAgain) {
    process.leaf->task->started = false;
    ready_.emplace_back(*process.leaf);
    return;
  }
  --unfinished_;
  one_done(process.leaf->branch);
}

void Conductor::fail_branch(Branch& branch, const CaseOutcome& outcome) {
  std::erase_if(ready_, [&](const Work& work) {
    const Leaf* leaf = std::get_if<Leaf>(&work);
    return leaf != nullptr ? leaf->branch == &branch : std::get<Branch*>(work)->parent == &branch;
  });
  fail_unstarted(branch, outcome);
  one_done(branch.parent);
}

void Conductor::fail_unstarted(Branch& branch, const CaseOutcome& outcome) {
  for (CaseTask& task : branch.cases) {
    if (!std::exchange(task.started, true)) {
      announce(task);
      (void)on_finished_(task, outcome);
      --unfinished_;
    }
  }
  for (const auto& child : branch.children) {
    if (child->unfinished > 0) {
      fail_unstarted(*child, outcome);
    }
  }
  branch.unfinished = 0;
}

void Conductor::one_done(Branch* branch) {
  if (branch == nullptr || branch->unfinished == 0 || --branch->unfinished > 0) {
    return;
  }
  // Nothing hangs from it any more: closing its channel ends it.
  const auto process = processes_.find(branch->process);
  if (process != processes_.end()) {
    (void)process->second->channel.take_fd();
  }
  one_done(branch->parent);
}

void Conductor::lose_base() {
  if (base_lost_) {
    return;
  }
  base_lost_ = true;
  ::kill(-base_->pid, SIGKILL);
  while (::waitpid(base_->pid, &base_->status, 0) < 0 && errno == EINTR) {
  }
  (void)base_->channel.take_fd();
  base_->read_output();
  std::vector<int> children;
  for (const auto& [id, process] : processes_) {
    if (process->parent == base_) {
      children.push_back(id);
    }
  }
  for (const int id : children) {
    on_ended(id, SIGKILL);
  }
}

}  // namespace snapshot_test::session
