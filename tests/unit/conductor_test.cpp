// What a conductor starts, tries again and blames, with processes that end as a test says.
#include "runner/conductor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <deque>
#include <map>
#include <set>

#include "planned_benchmarks.hpp"

namespace snapshot_test::runner {
namespace {

using model::BranchFailure;
using model::Ending;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

/// Processes that do what a script says, one thing a turn.
class FakeProcesses : public Processes {
 public:
  /// What a process does when it has been told `request`; none: it is a base.
  using Script = std::function<void(FakeProcesses&, Process&, const model::Request* request)>;

  FakeProcesses(Owner& owner, Script& script) : owner_(owner), script_(script) {}

  Result<Process*> spawn(std::deque<Order> orders) override {
    std::optional<model::Request> last;
    if (!orders.empty()) {
      last = std::move(orders.back().request);
    }
    return make(nullptr, std::move(last));
  }
  Result<Process*> fork(Process& parent, Order order) override {
    const bool is_series = std::holds_alternative<model::SeriesRequest>(order.request);
    auto made = make(&parent, std::move(order.request));
    (*made)->is_series = is_series;
    return made;
  }
  void give(Process& process, Order order) override {
    process.ready = false;
    process.answer.reset();
    waiting_.emplace_back(process.id, std::move(order.request));
  }
  bool run(Process& series, model::RunCase order, double timeout, LimitFrom limit_from) override {
    series.begin_case(timeout, limit_from);
    waiting_.emplace_back(series.id, std::move(order.request));
    return true;
  }
  void preload(Process*, const std::vector<std::string>&) override {}
  void release(Process& process) override { released.insert(process.id); }
  void retire(Process& process) override { released.insert(process.id); }
  Process* find(int id) override {
    const auto found = processes_.find(id);
    return found == processes_.end() ? nullptr : found->second.get();
  }
  Result<void> turn(std::chrono::milliseconds) override {
    if (waiting_.empty() && end_released()) {
      return {};
    }
    if (waiting_.empty()) {
      return ++idle_ > 100 ? fail(ErrorKind::kInternal, "nothing more happens") : Result<void>();
    }
    auto [id, request] = std::move(waiting_.front());
    waiting_.pop_front();
    if (Process* process = find(id)) {
      script_(*this, *process, request ? &*request : nullptr);
    }
    return {};
  }

  void ready(Process& process) {
    process.ready = true;
    owner_.on_ready(process);
  }
  void answer(Process& process, Answer what) {
    process.answer = std::move(what);
    if (process.is_series) {
      owner_.on_answered(process);
    } else {
      end(process, 0);
    }
  }
  /// It ends with this wait status, and all below it is lost with it.
  void end(Process& process, int status) {
    process.status = status;
    std::vector<int> below;
    for (const auto& [id, each] : processes_) {
      if (each->parent == &process) {
        below.push_back(id);
      }
    }
    for (const int id : below) {
      Process& child = *processes_.at(id);
      child.lost_with = process.lost_with.value_or("killed");
      end(child, SIGKILL);
    }
    auto gone = std::move(processes_.extract(process.id).mapped());
    owner_.on_ended(std::move(gone));
  }

  std::set<int> released;
  std::size_t most_at_once = 0;

 private:
  /// One of which nothing more will be asked, and that has no children.
  bool end_released() {
    for (const int id : released) {
      Process* process = find(id);
      const bool is_leaf =
          process != nullptr && std::none_of(processes_.begin(), processes_.end(),
                                             [&](const auto& each) { return each.second->parent == process; });
      if (is_leaf) {
        end(*process, 0);
        return true;
      }
    }
    return false;
  }

  Result<Process*> make(Process* parent, std::optional<model::Request> request) {
    auto process = std::make_unique<Process>(model::HostLink(util::Channel(util::Fd())), util::Fd());
    process->id = next_++;
    process->parent = parent;
    waiting_.emplace_back(process->id, std::move(request));
    Process* made = processes_.emplace(process->id, std::move(process)).first->second.get();
    most_at_once = std::max(most_at_once, waiting_.size());
    return made;
  }

  Owner& owner_;
  Script& script_;
  std::map<int, std::unique_ptr<Process>> processes_;
  std::deque<std::pair<int, std::optional<model::Request>>> waiting_;
  int next_ = 0;
  int idle_ = 0;
};

model::CaseReply returned() {
  model::CaseReply reply;
  reply.observation.ending = Ending::kReturned;
  return reply;
}

class Conducting : public PlannedBenchmarks {
 protected:
  CaseTask task(const model::Benchmark& of, Isolation isolation = Isolation::kFork) {
    CaseTask made;
    made.benchmark = &of;
    made.isolation = isolation;
    return made;
  }
  CaseTask task(const std::string& name) { return task(benchmark(name)); }

  Result<std::unique_ptr<Conductor>> start() {
    Conductor::Options options;
    options.host = "/usr/bin/python3";
    options.workers = workers;
    options.interrupted = [this] { return interrupted; };
    const auto make = [this](Processes::Owner& owner) -> std::unique_ptr<Processes> {
      auto made = std::make_unique<FakeProcesses>(owner, script);
      processes = made.get();
      return made;
    };
    return Conductor::start(make, *scratch_, std::move(options));
  }

  /// Runs them, and remembers how each ended.
  Result<void> run(std::vector<CaseTask> tasks) {
    auto conductor = start();
    if (!conductor) {
      return tl::unexpected(conductor.error());
    }
    if (stays_for) {
      const auto found = (*conductor)->discover({});
      EXPECT_TRUE(found) << found.error().message;
    }
    Result<void> ran;
    for (unsigned round = 0; round < rounds && ran; ++round) {
      ran = (*conductor)
                ->run(
                    tasks, [](const model::Benchmark& each) { return rules_of(each); },
                    [](const CaseTask& each) {
                      model::CaseRequest request;
                      request.ids = {each.benchmark->function};
                      return request;
                    },
                    [this](const CaseTask& each) { started.push_back(each.benchmark->function); },
                    [this](CaseTask& each, CaseOutcome outcome) {
                      return on_finished(
                          each, outcomes.insert_or_assign(each.benchmark->function, std::move(outcome)).first->second);
                    });
    }
    most_at_once = processes->most_at_once;
    released = processes->released;
    return ran;
  }

  /// Nodes get ready; a case does what `on_case` says of its function and of how often that has run before.
  FakeProcesses::Script script = [this](FakeProcesses& all, Process& process, const model::Request* request) {
    if (stays_for && request != nullptr && std::holds_alternative<model::DiscoverRequest>(*request)) {
      discovery_process = process.id;
      model::DiscoverReply reply;
      reply.stays = true;
      reply.suite.benchmarks.emplace_back().module = *stays_for;
      process.answer = std::move(reply);
      all.ready(process);
      return;
    }
    const auto* of_case = request != nullptr ? std::get_if<model::CaseRequest>(request) : nullptr;
    if (request != nullptr && std::holds_alternative<model::SeriesRequest>(*request)) {
      return;  // it waits to be told
    }
    if (of_case == nullptr) {
      on_node(all, process, request);
      return;
    }
    const std::string& function = of_case->ids.front();
    runs.push_back(function);
    requests.push_back(*of_case);
    on_case(all, process, function, times[function]++);
  };
  std::function<void(FakeProcesses&, Process&, const model::Request*)> on_node =
      [](FakeProcesses& all, Process& process, const model::Request*) { all.ready(process); };
  std::function<void(FakeProcesses&, Process&, const std::string&, int)> on_case =
      [](FakeProcesses& all, Process& process, const std::string&, int) { all.answer(process, returned()); };
  std::function<CaseRunner::Then(CaseTask&, const CaseOutcome&)> on_finished = [](CaseTask&, const CaseOutcome&) {
    return CaseRunner::Then::kDone;
  };

  unsigned workers = 1;
  unsigned rounds = 1;  ///< so often all cases run, one time after the other
  bool interrupted = false;
  std::optional<std::string> stays_for;  ///< there is a discovery, and its process stays
  int discovery_process = -1;            ///< that of it
  FakeProcesses* processes = nullptr;
  std::size_t most_at_once = 0;
  std::set<int> released;                    ///< processes
  std::vector<std::string> runs;             ///< the cases that got a process
  std::vector<model::CaseRequest> requests;  ///< what these were asked
  std::vector<std::string> started;          ///< those that were announced
  std::map<std::string, int> times;
  std::map<std::string, CaseOutcome> outcomes;
};

TEST_F(Conducting, Cases_ThatReturn_EndOnceEach) {
  ASSERT_TRUE(run({task("f"), task("g")}));
  EXPECT_THAT(runs, ElementsAre("f", "g"));
  EXPECT_THAT(started, ElementsAre("f", "g"));
  EXPECT_EQ(outcomes.at("f").observation.ending, Ending::kReturned);
  EXPECT_TRUE(outcomes.at("f").ran);
}

TEST_F(Conducting, Cases_RunOnceMoreInTheSameHost_EachRunIsByItself) {
  rounds = 3;
  std::vector<int> bases;
  on_node = [&](FakeProcesses& all, Process& process, const model::Request* request) {
    if (request == nullptr) {
      bases.push_back(process.id);
    }
    all.ready(process);
  };
  ASSERT_TRUE(run({task("f"), task("g")}));
  EXPECT_THAT(runs, ElementsAre("f", "g", "f", "g", "f", "g"));
  EXPECT_EQ(bases.size(), 1U);
}

TEST_F(Conducting, Run_AfterOneThatWasStopped_RunsAll) {
  rounds = 2;
  on_finished = [&](CaseTask&, const CaseOutcome&) {
    return runs.size() == 1 ? CaseRunner::Then::kStop : CaseRunner::Then::kDone;
  };
  ASSERT_TRUE(run({task("f"), task("g")}));
  EXPECT_THAT(runs, ElementsAre("f", "f", "g"));
}

class ConductingAfterDiscovery : public Conducting {
 protected:
  ConductingAfterDiscovery() {
    stays_for = "bench";
    on_node = [this](FakeProcesses& all, Process& process, const model::Request* request) {
      if (request != nullptr && std::holds_alternative<model::ModuleRequest>(*request)) {
        modules.push_back(process.id);
      }
      all.ready(process);
    };
  }

  std::vector<int> modules;  ///< the processes that became modules
};

TEST_F(ConductingAfterDiscovery, ProcessThatStays_BecomesItsModule) {
  ASSERT_TRUE(run({task("f"), task("g"), task(benchmark("f", "other"))}));
  EXPECT_EQ(std::count(modules.begin(), modules.end(), discovery_process), 1);
  EXPECT_EQ(modules.size(), 2U);
  EXPECT_TRUE(outcomes.at("g").in_discovery);
  EXPECT_FALSE(outcomes.at("f").in_discovery) << "of the other module, which ended last";
}

TEST_F(ConductingAfterDiscovery, CaseThatIsToRunAfresh_IsForkedFromTheBaseAsAllAfterIt) {
  workers = 2;
  on_finished = [](CaseTask& task, const CaseOutcome& outcome) {
    return outcome.in_discovery && task.benchmark->function == "f" ? CaseRunner::Then::kRunAfresh
                                                                   : CaseRunner::Then::kDone;
  };
  std::vector<CaseTask> tasks;
  for (const std::string name : {"f", "g", "h", "i", "j"}) {
    tasks.push_back(task(name));
  }
  ASSERT_TRUE(run(std::move(tasks)));
  EXPECT_THAT(modules, ElementsAre(discovery_process, testing::Ne(discovery_process)));
  EXPECT_EQ(times["f"], 2);
  EXPECT_FALSE(outcomes.at("f").in_discovery);
  EXPECT_TRUE(outcomes.at("g").in_discovery) << "it ran already";
  EXPECT_EQ(times["g"], 1);
  EXPECT_EQ(times["j"], 1);
  EXPECT_FALSE(outcomes.at("j").in_discovery);
  EXPECT_EQ(started.size(), 5U);
}

TEST_F(ConductingAfterDiscovery, ProcessThatStays_EndsBeforeItIsUsed_ModuleIsForked) {
  script = [this, inner = script](FakeProcesses& all, Process& process, const model::Request* request) {
    const bool finds = request != nullptr && std::holds_alternative<model::DiscoverRequest>(*request);
    inner(all, process, request);
    if (finds) {
      all.end(process, SIGKILL);
    }
  };
  auto conductor = start();
  ASSERT_TRUE(conductor);
  const auto found = (*conductor)->discover({});
  EXPECT_TRUE(found);
}

TEST_F(ConductingAfterDiscovery, ProcessThatStays_IsLostWhileACaseRuns_IsMadeByTheBase) {
  on_case = [](FakeProcesses& all, Process& process, const std::string&, int before) {
    if (before == 0 && process.in_discovery) {
      all.end(*process.parent, SIGKILL);
    } else {
      all.answer(process, returned());
    }
  };
  ASSERT_TRUE(run({task("f")}));
  EXPECT_EQ(times["f"], 2);
  EXPECT_FALSE(outcomes.at("f").in_discovery);
  EXPECT_EQ(outcomes.at("f").observation.ending, Ending::kReturned);
}

TEST_F(Conducting, Workers_BoundWhatRunsAtOnce) {
  workers = 3;
  std::vector<CaseTask> tasks;
  for (int i = 0; i < 10; ++i) {
    tasks.push_back(task("f" + std::to_string(i)));
  }
  ASSERT_TRUE(run(std::move(tasks)));
  EXPECT_EQ(most_at_once, 3U);
}

TEST_F(Conducting, Case_ThatASignalKillsAtOnce_RunsAgainInAnInterpreterOfItsOwn) {
  on_case = [](FakeProcesses& all, Process& process, const std::string&, int) {
    if (process.parent != nullptr) {
      all.end(process, SIGSEGV);
    } else {
      all.answer(process, returned());
    }
  };
  ASSERT_TRUE(run({task("f")}));
  EXPECT_THAT(runs, ElementsAre("f", "f"));
  EXPECT_THAT(started, ElementsAre("f"));
  EXPECT_EQ(outcomes.at("f").observation.ending, Ending::kReturned);
  EXPECT_THAT(outcomes.at("f").observation.notes, ElementsAre(HasSubstr("killed by SIGSEGV")));
}

TEST_F(Conducting, Case_ThatASignalKillsThereToo_Crashed) {
  on_case = [](FakeProcesses& all, Process& process, const std::string&, int) { all.end(process, SIGSEGV); };
  ASSERT_TRUE(run({task("f"), task("g")}));
  EXPECT_EQ(times["f"], 2);
  EXPECT_EQ(outcomes.at("f").observation.ending, Ending::kSignalled);
  EXPECT_EQ(outcomes.at("g").observation.ending, Ending::kSignalled);
}

TEST_F(Conducting, Case_ThatIsLostWithItsModule_RunsAgainAlone) {
  workers = 2;
  bool first = true;
  on_case = [&first](FakeProcesses& all, Process& process, const std::string&, int) {
    if (std::exchange(first, false)) {
      all.end(*process.parent, SIGSEGV);
    } else {
      all.answer(process, returned());
    }
  };
  ASSERT_TRUE(run({task("f"), task("g")}));
  EXPECT_EQ(outcomes.at("f").observation.ending, Ending::kReturned);
  EXPECT_EQ(outcomes.at("g").observation.ending, Ending::kReturned);
}

TEST_F(Conducting, Case_UnderWhichItsModuleDiesTwice_IsBlamedAndNoOther) {
  on_case = [](FakeProcesses& all, Process& process, const std::string& function, int) {
    if (function == "f") {
      all.end(*process.parent, SIGSEGV);
    } else {
      all.answer(process, returned());
    }
  };
  ASSERT_TRUE(run({task("f"), task("g")}));
  EXPECT_EQ(times["f"], 2);
  EXPECT_EQ(outcomes.at("f").observation.ending, Ending::kSignalled);
  EXPECT_THAT(outcomes.at("f").observation.detail, HasSubstr("took down the process it was forked from, twice"));
  EXPECT_EQ(outcomes.at("g").observation.ending, Ending::kReturned);
}

TEST_F(Conducting, Module_ThatDiesWithoutACase_IsOpenedAgainAndThenGivenUp) {
  int imports = 0;
  on_node = [&imports](FakeProcesses& all, Process& process, const model::Request* request) {
    if (request != nullptr) {
      ++imports;
      all.end(process, SIGSEGV);
    } else {
      all.ready(process);
    }
  };
  ASSERT_TRUE(run({task("f"), task("g")}));
  EXPECT_EQ(imports, 2);
  for (const char* name : {"f", "g"}) {
    EXPECT_EQ(outcomes.at(name).observation.ending, Ending::kSignalled);
    EXPECT_THAT(outcomes.at(name).observation.detail, HasSubstr("import of bench: killed by SIGSEGV"));
    EXPECT_FALSE(outcomes.at(name).ran);
  }
  EXPECT_THAT(started, ElementsAre("f", "g"));
}

TEST_F(Conducting, Module_ThatDoesNotImport_IsTheOutcomeOfItsCasesAlone) {
  on_node = [](FakeProcesses& all, Process& process, const model::Request* request) {
    const auto* module = request != nullptr ? std::get_if<model::ModuleRequest>(request) : nullptr;
    if (module != nullptr && module->module == "bad") {
      all.answer(process, BranchFailure{Ending::kImportFailed, "ImportError: x", "Traceback"});
    } else {
      all.ready(process);
    }
  };
  ASSERT_TRUE(run({task(benchmark("f", "bad")), task("g")}));
  EXPECT_EQ(outcomes.at("f").observation.ending, Ending::kImportFailed);
  EXPECT_EQ(outcomes.at("f").observation.detail, "import of bad: ImportError: x");
  EXPECT_EQ(outcomes.at("f").observation.traceback, "Traceback");
  EXPECT_EQ(outcomes.at("g").observation.ending, Ending::kReturned);
}

TEST_F(Conducting, Base_ThatDies_IsMadeAgainForWhatIsLeft) {
  int bases = 0;
  on_node = [&bases](FakeProcesses& all, Process& process, const model::Request* request) {
    bases += request == nullptr ? 1 : 0;
    all.ready(process);
  };
  on_case = [](FakeProcesses& all, Process& process, const std::string& function, int before) {
    if (function == "f" && before == 0) {
      all.end(*process.parent->parent, SIGKILL);
    } else {
      all.answer(process, returned());
    }
  };
  ASSERT_TRUE(run({task("f"), task("g")}));
  EXPECT_EQ(bases, 2);
  EXPECT_EQ(outcomes.at("f").observation.ending, Ending::kReturned);
  EXPECT_EQ(outcomes.at("g").observation.ending, Ending::kReturned);
}

TEST_F(Conducting, Case_ThatIsRefusedBesideOthers_RunsAgainAlone) {
  workers = 2;
  on_case = [](FakeProcesses& all, Process& process, const std::string& function, int before) {
    model::CaseReply reply = returned();
    if (function == "f" && before == 0) {
      reply.observation.ending = Ending::kRefused;
    }
    all.answer(process, std::move(reply));
  };
  ASSERT_TRUE(run({task("f"), task("g")}));
  EXPECT_EQ(times["f"], 2);
  EXPECT_EQ(outcomes.at("f").observation.ending, Ending::kReturned);
}

TEST_F(Conducting, Case_ThatIsRefusedAlone_IsRefused) {
  on_case = [](FakeProcesses& all, Process& process, const std::string&, int) {
    all.answer(process, BranchFailure{Ending::kRefused, "no more processes", ""});
  };
  ASSERT_TRUE(run({task("f")}));
  EXPECT_EQ(times["f"], 1);
  EXPECT_EQ(outcomes.at("f").observation.ending, Ending::kRefused);
  EXPECT_EQ(outcomes.at("f").observation.detail, "no more processes");
}

TEST_F(Conducting, Finish_ThatWantsAnotherRun_GetsIt) {
  on_finished = [this](CaseTask& each, const CaseOutcome&) {
    each.observe = model::Observe::kUnheld;
    return times["f"] == 1 ? CaseRunner::Then::kRunAgain : CaseRunner::Then::kDone;
  };
  ASSERT_TRUE(run({task("f")}));
  EXPECT_EQ(times["f"], 2);
  EXPECT_THAT(started, ElementsAre("f"));
}

TEST_F(Conducting, Finish_ThatStops_LeavesTheRestWithoutAnOutcome) {
  on_finished = [](CaseTask&, const CaseOutcome&) { return CaseRunner::Then::kStop; };
  ASSERT_TRUE(run({task("f"), task("g")}));
  EXPECT_THAT(runs, ElementsAre("f"));
}

TEST_F(Conducting, Interrupt_WhileCasesRun_LeavesTheRestWithoutAnOutcome) {
  on_case = [this](FakeProcesses& all, Process& process, const std::string&, int) {
    interrupted = true;
    all.answer(process, returned());
  };
  ASSERT_TRUE(run({task("f"), task("g")}));
  EXPECT_THAT(runs, ElementsAre("f"));
  EXPECT_EQ(outcomes.size(), 1U);
}

TEST_F(Conducting, Interrupt_WhileTheBaseStarts_IsAnError) {
  interrupted = true;
  on_node = [](FakeProcesses&, Process&, const model::Request*) {};
  const auto conductor = start();
  ASSERT_FALSE(conductor);
  EXPECT_EQ(conductor.error().kind, ErrorKind::kInterrupted);
}

TEST_F(Conducting, Base_ThatSaysWhyItCannotStart_IsAnError) {
  on_node = [](FakeProcesses& all, Process& process, const model::Request*) {
    all.answer(process, BranchFailure{Ending::kImportFailed, "no module named encodings", ""});
  };
  const auto conductor = start();
  ASSERT_FALSE(conductor);
  EXPECT_EQ(conductor.error().kind, ErrorKind::kPython);
  EXPECT_EQ(conductor.error().message, "no module named encodings");
}

TEST_F(Conducting, BenchmarkOfSeveralCases_IsSaidToItsProcessAlone) {
  const model::Benchmark& f = benchmark("f");
  std::vector<model::BenchmarkRequest> said;
  on_node = [&said](FakeProcesses& all, Process& process, const model::Request* request) {
    if (const auto* each = request != nullptr ? std::get_if<model::BenchmarkRequest>(request) : nullptr) {
      said.push_back(*each);
    }
    all.ready(process);
  };
  ASSERT_TRUE(run({task(f), task(f), task(f)}));
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].benchmark.function, "f");
  EXPECT_EQ(said[0].rules.tolerance.atol, 'f');
  ASSERT_EQ(requests.size(), 3U);
  for (const model::CaseRequest& each : requests) {
    EXPECT_FALSE(each.alone) << "its process is forked from the benchmark's";
  }
}

TEST_F(Conducting, CaseWithoutAProcessOfItsBenchmark_BringsItAlong) {
  const model::Benchmark& g = benchmark("g");
  ASSERT_TRUE(run({task("f"), task(g, Isolation::kSpawn), task(g, Isolation::kSpawn)}));
  ASSERT_EQ(requests.size(), 3U);
  for (const model::CaseRequest& each : requests) {
    ASSERT_TRUE(each.alone);
    EXPECT_EQ(each.alone->benchmark.function, each.ids.front());
    EXPECT_EQ(each.alone->rules.tolerance.atol, each.ids.front().back());
  }
}

TEST_F(Conducting, Spawned_CasesShareNoProcess) {
  const model::Benchmark& f = benchmark("f");
  std::vector<std::size_t> parents;
  on_case = [&parents](FakeProcesses& all, Process& process, const std::string&, int) {
    parents.push_back(process.parent == nullptr ? 0 : 1);
    all.answer(process, returned());
  };
  ASSERT_TRUE(run({task(f, Isolation::kSpawn), task("g")}));
  EXPECT_EQ(std::count(parents.begin(), parents.end(), 0U), 1);
}

class ConductingSeries : public Conducting {
 protected:
  CaseTask in_series(const std::string& name) {
    CaseTask made = task(name);
    made.in_series = true;
    return made;
  }
  /// What a case ran in, and whether its benchmark came with it.
  std::vector<std::pair<std::string, int>> ran;
  void note(const Process& process, const std::string& function) { ran.emplace_back(function, process.id); }
  [[nodiscard]] std::vector<std::string> together() const {
    std::vector<std::string> groups;
    int last = -1;
    for (const auto& [function, process] : ran) {
      if (process == last) {
        groups.back() += function;
      } else {
        groups.push_back(function);
      }
      last = process;
    }
    return groups;
  }
};

TEST_F(ConductingSeries, Cases_RunInOneProcessAndSaySo) {
  on_case = [this](FakeProcesses& all, Process& process, const std::string& function, int) {
    note(process, function);
    all.answer(process, returned());
  };
  ASSERT_TRUE(run({in_series("f"), task("g"), in_series("h"), in_series("i")}));
  EXPECT_THAT(together(), ElementsAre("g", "fhi"));
  EXPECT_THAT(started, testing::UnorderedElementsAre("f", "g", "h", "i"));
  EXPECT_TRUE(outcomes.at("h").in_series);
  EXPECT_FALSE(outcomes.at("g").in_series);
  EXPECT_THAT(released, testing::Contains(ran.back().second));
}

TEST_F(ConductingSeries, Benchmark_IsSaidOnceASeries) {
  const model::Benchmark& f = benchmark("f");
  CaseTask first = task(f);
  CaseTask second = task(f);
  first.in_series = second.in_series = true;
  ASSERT_TRUE(run({first, second}));
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_TRUE(requests[0].alone);
  EXPECT_FALSE(requests[1].alone);
}

TEST_F(ConductingSeries, Case_ThatLeavesSomethingBehind_IsTheLastOfItsProcess) {
  on_case = [this](FakeProcesses& all, Process& process, const std::string& function, int) {
    note(process, function);
    model::CaseReply reply = returned();
    reply.spoiled = function == "g" ? "it has left threads" : "";
    all.answer(process, std::move(reply));
  };
  ASSERT_TRUE(run({in_series("f"), in_series("g"), in_series("h"), in_series("i")}));
  EXPECT_THAT(together(), ElementsAre("fg", "hi"));
  EXPECT_EQ(outcomes.at("g").observation.ending, Ending::kReturned);
}

TEST_F(ConductingSeries, Case_ThatEndsTheProcess_RunsAgainByItselfWhereThatIsWanted) {
  on_case = [this](FakeProcesses& all, Process& process, const std::string& function, int before) {
    note(process, function);
    if (function == "g" && before == 0) {
      all.end(process, SIGSEGV);
    } else {
      all.answer(process, returned());
    }
  };
  on_finished = [](CaseTask&, const CaseOutcome& outcome) {
    const bool again = outcome.in_series && outcome.observation.ending != Ending::kReturned;
    return again ? CaseRunner::Then::kRunAgain : CaseRunner::Then::kDone;
  };
  ASSERT_TRUE(run({in_series("f"), in_series("g"), in_series("h")}));
  EXPECT_THAT(together(), testing::UnorderedElementsAre("fg", "g", "h"));
  EXPECT_EQ(outcomes.at("g").observation.ending, Ending::kReturned);
  EXPECT_FALSE(outcomes.at("g").in_series);
  EXPECT_THAT(started, ElementsAre("f", "g", "h"));
}

TEST_F(ConductingSeries, Module_ThatDies_IsOpenedAgainAndTheSeriesGoesOn) {
  on_case = [this](FakeProcesses& all, Process& process, const std::string& function, int before) {
    note(process, function);
    if (function == "g" && before == 0) {
      all.end(*process.parent, SIGKILL);
    } else {
      all.answer(process, returned());
    }
  };
  ASSERT_TRUE(run({in_series("f"), in_series("g"), in_series("h")}));
  EXPECT_EQ(outcomes.size(), 3U);
  for (const auto& [function, outcome] : outcomes) {
    EXPECT_EQ(outcome.observation.ending, Ending::kReturned) << function;
  }
  EXPECT_THAT(runs, testing::UnorderedElementsAre("f", "g", "g", "h"));
}

TEST_F(Conducting, Discovery_ThatAModuleKills_GoesOnWithoutIt) {
  std::vector<std::map<std::string, std::string>> lost;
  on_node = [&lost](FakeProcesses& all, Process& process, const model::Request* request) {
    const auto* discovery = request != nullptr ? std::get_if<model::DiscoverRequest>(request) : nullptr;
    if (discovery == nullptr) {
      all.ready(process);
      return;
    }
    lost.push_back(discovery->lost);
    if (discovery->lost.empty()) {
      process.importing = "bench.bad";
      all.end(process, SIGSEGV);
    } else {
      all.answer(process, model::DiscoverReply{});
    }
  };
  auto conductor = start();
  ASSERT_TRUE(conductor) << conductor.error().message;
  ASSERT_TRUE((*conductor)->discover({}));
  ASSERT_EQ(lost.size(), 2U);
  EXPECT_THAT(lost[1].at("bench.bad"), HasSubstr("killed by SIGSEGV"));
}

TEST_F(Conducting, Discovery_ThatCannotReadTheFolder_IsAUsageError) {
  on_node = [](FakeProcesses& all, Process& process, const model::Request* request) {
    if (request == nullptr) {
      all.ready(process);
    } else {
      all.answer(process, BranchFailure{Ending::kImportFailed, "there is no such folder", ""});
    }
  };
  auto conductor = start();
  ASSERT_TRUE(conductor);
  const auto reply = (*conductor)->discover({});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace snapshot_test::runner
