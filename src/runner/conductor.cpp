#include "runner/conductor.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <chrono>
#include <utility>

#include "util/overloaded.hpp"
#include "util/process.hpp"
#include "util/try.hpp"

namespace snapshot_test::runner {

using model::BranchFailure;
using model::Ending;

namespace {

/// How often the event loop looks up when nothing happens.
constexpr std::chrono::milliseconds kTick{200};
/// A case that a signal kills within this time may have died of the fork.
constexpr std::chrono::seconds kSoon{2};
/// So often a process may be lost with nothing running below it, and no case ending in between.
constexpr unsigned kMaxLosses = 5;
/// So often an import, or a setup_cache, may be killed by a signal: the second time it is its own doing.
constexpr unsigned kMaxDeathsInPreparation = 2;

CaseOutcome outcome_of(const BranchFailure& failure, std::string output) {
  CaseOutcome outcome;
  outcome.observation.ending = failure.ending;
  outcome.observation.detail = failure.detail;
  outcome.observation.traceback = failure.traceback;
  outcome.observation.output = std::move(output);
  return outcome;
}

CaseOutcome outcome_of(Process& process) {
  auto* reply = process.answer ? std::get_if<model::CaseReply>(&*process.answer) : nullptr;
  CaseOutcome outcome = reply != nullptr ? CaseOutcome{std::move(reply->observation), std::move(reply->comparisons)}
                                         : outcome_of(process.failure(), "");
  outcome.ran = true;
  outcome.in_discovery = process.in_discovery;
  outcome.in_series = process.is_series;
  outcome.observation.output = process.output_text();
  outcome.observation.total_seconds = std::chrono::duration<double>(Process::Clock::now() - process.begun).count();
  return outcome;
}

bool killed_by_a_signal(const Process& process) {
  return !process.answer && !process.timed_out && !process.broken && WIFSIGNALED(process.status);
}

/// What an interpreter of a case's own becomes before it runs the case: what the branches above are, where they matter.
std::deque<Order> orders_above(const Branch* branch) {
  std::deque<Order> orders;
  for (; branch != nullptr; branch = branch->parent) {
    if (!branch->request || branch->is_benchmark()) {
      continue;
    }
    orders.push_front({*branch->request, branch->timeout, branch->limit_from});
    if (auto* cache = std::get_if<model::CacheRequest>(&orders.front().request)) {
      cache->build = model::CacheBuild::kDone;
    }
  }
  return orders;
}

}  // namespace

Result<std::unique_ptr<Conductor>> Conductor::start(const MakeProcesses& make_processes, const Scratch& scratch,
                                                    Options options) {
  std::unique_ptr<Conductor> conductor(new Conductor(make_processes, scratch, std::move(options)));
  TRY(conductor->start_base());
  return conductor;
}

Result<void> Conductor::start_base() {
  TRY_ASSIGN(base_, processes_->spawn({}));
  while (base_ != nullptr && !base_->ready) {
    TRY(turn());
    if (options_.interrupted()) {
      return fail(ErrorKind::kInterrupted, "interrupted while the host started");
    }
  }
  if (base_ == nullptr && ended_base_->answered_failure()) {
    const BranchFailure failure = ended_base_->failure();
    return fail(failure.ending == Ending::kRefused ? ErrorKind::kIo : ErrorKind::kPython, failure.detail);
  }
  if (base_ == nullptr) {
    return fail(ErrorKind::kInternal,
                fmt::format("the host that embeds '{}' ended while it started: {}\n{}", options_.host,
                            ended_base_->failure().detail, ended_base_->output_text()));
  }
  return {};
}

Result<model::DiscoverReply> Conductor::discover(model::DiscoverRequest request) {
  for (;;) {
    if (base_ == nullptr) {  // a module of the suite has killed it
      TRY(start_base());
    }
    TRY_ASSIGN(staying_, processes_->fork(*base_, {request, options_.timeouts.of_import, LimitFrom::kImportTimeout}));
    const bool forked = staying_ != nullptr;
    while (!discovery_ && (forked ? !staying_->ready : base_ != nullptr)) {
      if (options_.interrupted()) {
        return fail(ErrorKind::kInterrupted, "interrupted while the suite was imported");
      }
      TRY(turn());
    }
    const std::unique_ptr<Process> ended = std::move(discovery_);
    if (ended == nullptr && staying_ == nullptr) {
      continue;  // the base ended before it could fork
    }
    std::optional<Answer>& answer = ended != nullptr ? ended->answer : staying_->answer;
    if (auto* reply = answer ? std::get_if<model::DiscoverReply>(&*answer) : nullptr) {
      const std::vector<model::Benchmark>& found = reply->suite.benchmarks;
      stays_for_ = reply->stays && !found.empty() ? std::optional(found.front().module) : std::nullopt;
      return std::move(*reply);
    }
    if (ended == nullptr) {
      return fail(ErrorKind::kPython, "the process that looked for benchmarks says that it is ready, and not for what");
    }
    const BranchFailure failure = ended->failure();
    if (failure.ending == Ending::kRefused) {
      return fail(ErrorKind::kIo, failure.detail);
    }
    // A module that takes the process down is left out of the next try; the rest of the suite goes on.
    if (ended->answered_failure() || ended->importing.empty() ||
        !request.lost.emplace(ended->importing, failure.detail).second) {
      return fail(ended->answered_failure() ? ErrorKind::kUsage : ErrorKind::kPython, failure.detail);
    }
  }
}

/// What an earlier run() has opened ends before its tree does. None of its cases runs any more.
Result<void> Conductor::leave_last_run() {
  if (tree_.forked == nullptr) {
    return {};
  }
  const auto opened_processes = [this] {
    std::vector<Process*> found;
    for (Branch* root : {tree_.forked.get(), tree_.spawned.get()}) {
      root->for_each([&](const Branch& each) {
        Process* process = each.is_base() ? nullptr : processes_->find(each.process);
        if (process != nullptr) {
          found.push_back(process);
        }
      });
    }
    return found;
  };
  for (Process* process : opened_processes()) {
    processes_->retire(*process);
  }
  while (!opened_processes().empty()) {
    if (options_.interrupted()) {
      return fail(ErrorKind::kInterrupted, "interrupted while the cases before ended");
    }
    TRY(turn());
  }
  stopped_ = false;
  running_ = 0;
  alone_ = false;
  return {};
}

Result<void> Conductor::run(std::vector<CaseTask> tasks, const RulesOf& rules_of, const MakeRequest& make_request,
                            const OnStarted& on_started, const OnFinished& on_finished) {
  TRY(leave_last_run());
  rules_of_ = rules_of;
  make_request_ = make_request;
  on_started_ = on_started;
  on_finished_ = on_finished;
  unfinished_ = tasks.size();
  TRY_ASSIGN(tree_, plan_work(std::move(tasks), rules_of, options_.timeouts, scratch_));
  schedule_.emplace(tree_, options_.workers);
  opened(*tree_.spawned);
  if (base_ != nullptr) {
    base_->branch = tree_.forked.get();
    tree_.forked->process = base_->id;
    opened(*tree_.forked);
  } else {
    schedule_->add(*tree_.forked);
  }
  while (unfinished_ > 0 && !options_.interrupted() && !stopped_) {
    start_ready_work();
    TRY(turn());
  }
  return {};
}

Result<void> Conductor::turn() {
  auto turned = processes_->turn(kTick);
  const auto now = Process::Clock::now();
  if (options_.on_tick && now - last_tick_ >= kTick) {
    last_tick_ = now;
    options_.on_tick();
  }
  return turned;
}

void Conductor::start_ready_work() {
  while (running_ < options_.workers && !alone_) {
    const std::optional<Work> work = schedule_->take(running_);
    if (!work) {
      return;
    }
    const util::Overloaded begin{[this](Branch* branch) { open(*branch); },
                                 [this](const RunnableCase& runnable) { start_case(runnable); },
                                 [this](Series* series) { start_series(*series); }};
    std::visit(begin, *work);
  }
}

void Conductor::open(Branch& branch) {
  if (branch.isolation == Isolation::kSpawn && std::holds_alternative<model::ModuleRequest>(*branch.request)) {
    opened(branch);
    return;
  }
  const auto process = start_branch(branch);
  if (!process) {
    fail_branch(branch, outcome_of({Ending::kRefused, process.error().message, ""}, ""));
    return;
  }
  if (*process == nullptr) {
    return;  // the process above is about to be lost, and it will be tried again with that
  }
  (*process)->branch = &branch;
  branch.process = (*process)->id;
  branch.state = Branch::State::kOpening;
  base_ = branch.is_base() ? *process : base_;
  ++running_;
}

Result<Process*> Conductor::start_branch(const Branch& branch) {
  if (branch.is_base()) {
    return processes_->spawn({});
  }
  Order order{*branch.request, branch.timeout, branch.limit_from};
  const auto* module = std::get_if<model::ModuleRequest>(&*branch.request);
  if (module != nullptr && staying_ != nullptr && module->module == stays_for_) {
    staying_->in_discovery = true;
    processes_->give(*staying_, std::move(order));
    return std::exchange(staying_, nullptr);
  }
  return start_below(*branch.parent, branch.isolation, std::move(order));
}

/// The processes that were forked from the one that found the benchmarks end when no case runs below them any more.
void Conductor::leave_discovery() {
  for (const auto& module : tree_.forked->children) {
    Process* process = processes_->find(module->process);
    if (process == nullptr || !process->in_discovery) {
      continue;
    }
    module->for_each([&](const Branch& each) {
      running_ -= each.state == Branch::State::kOpening ? 1 : 0;
      if (Process* below = processes_->find(each.process)) {
        below->branch = nullptr;
        processes_->retire(*below);
      }
    });
    close_below(*module);
    schedule_->add(*module);
  }
}

Result<Process*> Conductor::start_below(const Branch& above, Isolation isolation, Order order) {
  if (isolation == Isolation::kSpawn) {
    std::deque<Order> orders = orders_above(&above);
    orders.push_back(std::move(order));
    return processes_->spawn(std::move(orders));
  }
  Process* parent = processes_->find(above.process);
  if (parent == nullptr) {
    return nullptr;
  }
  TRY_ASSIGN(Process* const child, processes_->fork(*parent, std::move(order)));
  if (child != nullptr) {
    child->in_discovery = parent->in_discovery;
  }
  return child;
}

void Conductor::opened(Branch& branch) {
  branch.state = Branch::State::kOpen;
  for (auto child = branch.children.rbegin(); child != branch.children.rend(); ++child) {
    if ((*child)->unfinished > 0 && (*child)->state == Branch::State::kClosed) {
      schedule_->add(**child);
    }
  }
  for (auto series = branch.series.rbegin(); series != branch.series.rend(); ++series) {
    if (!series->cases.empty()) {
      schedule_->add(*series);
    }
  }
  for (auto task = branch.cases.rbegin(); task != branch.cases.rend(); ++task) {
    if (task->state == CaseTask::State::kWaiting && !task->in_series) {
      schedule_->add(RunnableCase{&branch, &*task});
    }
  }
}

void Conductor::start_case(const RunnableCase& runnable) {
  CaseTask& task = *runnable.task;
  task.state = CaseTask::State::kRunning;
  announce(task);
  const std::string folder = scratch_.numbered_folder("case", folders_++).string();
  const auto process = start_process(runnable, folder);
  if (!process) {
    finish(runnable, outcome_of({Ending::kRefused, process.error().message, ""}, ""));
    return;
  }
  if (*process == nullptr) {
    task.state = CaseTask::State::kWaiting;  // until its branch, which is about to be lost, is open again
    return;
  }
  (*process)->runnable = runnable;
  (*process)->folder = folder;
  ++running_;
  alone_ = task.suspect;
}

void Conductor::announce(CaseTask& task) {
  if (!std::exchange(task.announced, true)) {
    on_started_(task);
  }
}

model::CaseRequest Conductor::request_for(const CaseTask& task, const std::string& folder) {
  model::CaseRequest request = make_request_(task);
  request.scratch = scratch_.path().string();
  request.temporary = folder + "/tmp";
  if (!task.benchmark->setup_cache_key) {  // its users run in the cache's folder
    request.workdir = folder + "/work";
  }
  return request;
}

Result<Process*> Conductor::start_process(const RunnableCase& runnable, const std::string& folder) {
  const CaseTask& task = *runnable.task;
  model::CaseRequest request = request_for(task, folder);
  if (task.isolation == Isolation::kSpawn || !runnable.branch->is_benchmark()) {
    request.alone = benchmark_request(*task.benchmark, rules_of_);
  }
  return start_below(*runnable.branch, task.isolation,
                     {std::move(request), task.benchmark->timeout.value_or(options_.timeouts.of_case),
                      limit_from(task.benchmark->timeout)});
}

void Conductor::start_series(Series& series) {
  const auto process = start_below(*series.branch, Isolation::kFork,
                                   {model::SeriesRequest{}, options_.timeouts.of_case, LimitFrom::kTimeout});
  if (!process) {
    for (CaseTask* task : series.cases) {
      task->in_series = false;  // each asks for a process of its own, and says what it is refused
      schedule_->add(RunnableCase{series.branch, task});
    }
    series.cases.clear();
    return;
  }
  if (*process == nullptr) {
    return;  // until its branch, which is about to be lost, is open again
  }
  (*process)->series = &series;
  ++running_;
  go_on(**process);
}

void Conductor::go_on(Process& process) {
  Series& series = *process.series;
  while (!series.cases.empty() &&
         (series.cases.front()->state != CaseTask::State::kWaiting || !series.cases.front()->in_series)) {
    series.cases.pop_front();
  }
  if (series.cases.empty() || stopped_ || options_.interrupted()) {
    leave_series(process);
    return;
  }
  CaseTask& task = *series.cases.front();
  if (process.folder.empty()) {
    process.folder = scratch_.numbered_folder("case", folders_++).string();
  }
  model::CaseRequest request = request_for(task, process.folder);
  if (process.prepared.insert(task.benchmark).second) {
    request.alone = benchmark_request(*task.benchmark, rules_of_);
  }
  if (!processes_->run(process, {task.benchmark->name, std::move(request)},
                       task.benchmark->timeout.value_or(options_.timeouts.of_case),
                       limit_from(task.benchmark->timeout))) {
    series.cases.pop_front();
    task.in_series = false;  // or a process that cannot be told anything might be followed by more of its kind
    schedule_->add(RunnableCase{series.branch, &task});
    leave_series(process);
    return;
  }
  series.cases.pop_front();
  task.state = CaseTask::State::kRunning;
  announce(task);
  process.runnable = RunnableCase{series.branch, &task};
}

void Conductor::leave_series(Process& process) {
  Series& series = *std::exchange(process.series, nullptr);
  --running_;
  processes_->release(process);
  process.expect_end();
  if (!series.cases.empty()) {
    schedule_->add(series);
  }
}

void Conductor::on_answered(Process& process) {
  const RunnableCase runnable = *std::exchange(process.runnable, std::nullopt);
  const std::string spoiled = std::get<model::CaseReply>(*process.answer).spoiled;
  CaseOutcome outcome = outcome_of_case(*runnable.task, process);
  if (!spoiled.empty()) {
    leave_series(process);
  }
  finish(runnable, std::move(outcome));
  if (process.series != nullptr) {
    go_on(process);
  }
}

void Conductor::series_ended(Series& series, Process& process) {
  --running_;
  if (process.lost_with) {
    if (process.runnable) {
      process.runnable->task->in_series = false;
      case_lost(*process.runnable, process);
    }
    return;  // what is left goes on when its branch is open again
  }
  if (!series.cases.empty()) {
    schedule_->add(series);
  }
  if (process.runnable) {
    finish(*process.runnable, outcome_of_case(*process.runnable->task, process));
  }
}

void Conductor::on_ready(Process& process) {
  if (process.branch != nullptr) {
    --running_;
    opened(*process.branch);
  }
}

void Conductor::on_ended(std::unique_ptr<Process> process) {
  if (process.get() == base_) {
    base_ = nullptr;
  }
  if (process.get() == staying_) {
    staying_ = nullptr;
  }
  if (process->is_series) {
    remove_folder(process->folder);
    if (process->series != nullptr) {
      series_ended(*process->series, *process);
    }
  } else if (process->runnable) {
    --running_;
    alone_ = false;
    remove_folder(process->folder);
    case_ended(*process->runnable, *process);
  } else if (process->branch != nullptr) {
    branch_ended(*process->branch, *process);
  } else {
    (process->parent != nullptr ? discovery_ : ended_base_) = std::move(process);
  }
}

CaseOutcome Conductor::outcome_of_case(const CaseTask& task, Process& process) {
  CaseOutcome outcome = outcome_of(process);
  if (referee_ != nullptr) {
    const auto* reply = process.answer ? std::get_if<model::CaseReply>(&*process.answer) : nullptr;
    referee_->conclude(task, std::exchange(process.hearing, nullptr).get(), reply, outcome);
  }
  return outcome;
}

std::optional<Hearing::Wanted> Conductor::on_offered(Process& process, const model::Offer& offer) {
  if (referee_ == nullptr || !process.runnable || process.hearing || process.answer) {
    return std::nullopt;
  }
  process.hearing = referee_->hear(*process.runnable->task, offer);
  return process.hearing->wanted();
}

void Conductor::case_ended(const RunnableCase& runnable, Process& process) {
  CaseTask& task = *runnable.task;
  if (process.lost_with && !process.answer) {
    case_lost(runnable, process);
    return;
  }
  CaseOutcome outcome = outcome_of_case(task, process);
  const bool soon = Process::Clock::now() - process.begun < kSoon;
  if (killed_by_a_signal(process) && soon && task.isolation == Isolation::kFork) {
    task.died = outcome.observation.detail;
    task.isolation = Isolation::kSpawn;
    task.state = CaseTask::State::kWaiting;
    schedule_->add(runnable);
    return;
  }
  if (!task.died.empty() && !killed_by_a_signal(process)) {
    outcome.observation.notes.push_back(
        fmt::format("ran in an interpreter of its own: in a forked process it was {}", task.died));
  }
  finish(runnable, std::move(outcome));
}

/// A process above it has died while it ran.
void Conductor::case_lost(const RunnableCase& runnable, const Process& process) {
  CaseTask& task = *runnable.task;
  if (std::exchange(task.suspect, true)) {
    const std::string detail = fmt::format("took down the process it was forked from, twice: {}", *process.lost_with);
    finish(runnable, outcome_of({Ending::kSignalled, detail, ""}, ""));
  } else {
    task.state = CaseTask::State::kWaiting;  // until its branch is open again
    if (runnable.branch->state == Branch::State::kOpen && runnable.branch->process != process.parent->id) {
      schedule_->add(runnable);  // which it is already, in another process
    }
    for (Branch* above = runnable.branch; above != nullptr; above = above->parent) {
      above->losses = 0;  // there is a suspect now
    }
  }
}

void Conductor::branch_ended(Branch& branch, const Process& process) {
  const bool was_open = branch.state == Branch::State::kOpen;
  if (!was_open) {
    --running_;
  }
  close_below(branch);
  if (branch.unfinished == 0 || process.lost_with) {
    return;  // what took it down is opened again, and this with it
  }
  const bool of_its_own = !was_open && !branch.is_base();
  const unsigned most = of_its_own ? kMaxDeathsInPreparation : kMaxLosses;
  const BranchFailure failure = process.failure();
  const bool may_pass = killed_by_a_signal(process) || failure.ending == Ending::kRefused;
  if ((was_open || may_pass) && ++branch.losses < most) {
    schedule_->add(branch);
    return;
  }
  CaseOutcome outcome = outcome_of(failure, process.output_text());
  outcome.observation.detail = fmt::format("{}: {}", branch.title, failure.detail);
  fail_branch(branch, outcome);
}

/// It and all that was forked from it have no process any more.
void Conductor::close_below(Branch& branch) {
  schedule_->drop_below(branch);
  branch.for_each([](Branch& each) {
    each.state = Branch::State::kClosed;
    each.process = -1;
  });
}

void Conductor::finish(const RunnableCase& runnable, CaseOutcome outcome) {
  // What others hold now the machine may give when it runs alone.
  const bool try_alone = outcome.observation.ending == Ending::kRefused && running_ > 0 && !runnable.task->suspect;
  runnable.task->suspect = runnable.task->suspect || try_alone;
  for (Branch* above = runnable.branch; above != nullptr && !try_alone; above = above->parent) {
    above->losses = 0;
  }
  const Then then = try_alone ? Then::kRunAgain : on_finished_(*runnable.task, std::move(outcome));
  if (then == Then::kRunAgain || then == Then::kRunAfresh) {
    runnable.task->state = CaseTask::State::kWaiting;
    runnable.task->in_series = false;
    if (then == Then::kRunAfresh) {
      leave_discovery();
    }
    if (runnable.branch->state == Branch::State::kOpen) {  // else it is among what waits for that
      schedule_->add(runnable);
    }
    return;
  }
  stopped_ = stopped_ || then == Then::kStop;
  runnable.task->state = CaseTask::State::kDone;
  --unfinished_;
  one_done(runnable.branch);
}

void Conductor::fail_branch(Branch& branch, const CaseOutcome& outcome) {
  schedule_->drop_below(branch);
  fail_unfinished(branch, outcome);
  one_done(branch.parent);
}

void Conductor::fail_unfinished(Branch& branch, const CaseOutcome& outcome) {
  for (CaseTask& task : branch.cases) {
    if (task.state != CaseTask::State::kWaiting) {
      continue;  // in an interpreter of its own it can still come to an end
    }
    announce(task);
    task.state = CaseTask::State::kDone;
    stopped_ = on_finished_(task, outcome) == Then::kStop || stopped_;
    --unfinished_;
  }
  for (const auto& child : branch.children) {
    if (child->unfinished > 0) {
      fail_unfinished(*child, outcome);
    }
  }
  branch.unfinished = 0;
}

void Conductor::one_done(Branch* branch) {
  if (branch == nullptr || branch->unfinished == 0 || --branch->unfinished > 0) {
    return;
  }
  // It has no children any more, and a base is kept for whatever comes.
  if (Process* process = processes_->find(branch->process); process != nullptr && branch->parent != nullptr) {
    processes_->release(*process);
  }
  one_done(branch->parent);
}

}  // namespace snapshot_test::runner
