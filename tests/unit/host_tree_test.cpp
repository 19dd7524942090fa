// The event loop over the processes of a host, with processes that speak the protocol and are no Python.
#include "runner/host_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "util/process.hpp"

namespace snapshot_test::runner {
namespace {

using model::BranchFailure;
using model::Ending;
using testing::ElementsAre;
using testing::HasSubstr;

using Life = std::function<void(model::SupervisorLink&)>;

/// Runs `life` in a forked process that has a channel, an output pipe and a group of its own.
Result<HostProcess> launch(const Life& life) {
  auto channels = util::Channel::make_pair();
  auto output = make_output_pipe();
  if (!channels || !output) {
    return fail(ErrorKind::kIo, "no descriptors");
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_UNBLOCK, &all, nullptr);
    ::dup2(output->write.get(), STDOUT_FILENO);
    (void)channels->first.take_fd();
    model::SupervisorLink link(std::move(channels->second));
    life(link);
    ::_exit(0);
  }
  return HostProcess{pid, std::move(channels->first), std::move(output->read)};
}

/// Waits for commands and hands them to `on_command` until the supervisor closes the link.
template <class OnCommand>
void serve(model::SupervisorLink& link, OnCommand on_command) {
  for (auto message = link.receive(); message && *message; message = link.receive()) {
    on_command((*message)->body, (*message)->fds);
  }
}

/// What has ended, in words.
struct Ended {
  int id;
  BranchFailure failure;
  std::string output;
  std::optional<std::string> lost_with;
  std::optional<Answer> answer;
};

class HostTreeTest : public testing::Test, private Processes::Owner {
 protected:
  HostTree& tree(Life life, double import_timeout = 20) {
    HostTree::Settings settings;
    settings.launch = [life = std::move(life)] { return launch(life); };
    settings.start.preload = {"numpy"};
    settings.import_timeout = import_timeout;
    Processes::Owner& owner = *this;
    return tree_.emplace(std::move(settings), signals_, owner);
  }
  Process* spawn(std::deque<Order> orders = {}) {
    auto process = tree_->spawn(std::move(orders));
    EXPECT_TRUE(process);
    return process ? *process : nullptr;
  }
  /// Until `done`, or for ten seconds.
  template <class Done>
  bool turn_until(Done done) {
    for (int i = 0; i < 1000 && !done(); ++i) {
      EXPECT_TRUE(tree_->turn(std::chrono::milliseconds(10)));
    }
    return done();
  }
  bool turn_until_ended(std::size_t count = 1) {
    return turn_until([&] { return ended.size() >= count; });
  }

  std::vector<int> ready;
  std::vector<std::string> answered;  ///< what series had written when they answered
  std::vector<Ended> ended;
  std::vector<std::size_t> offered;  ///< of how many sites

 private:
  void on_ready(Process& process) override { ready.push_back(process.id); }
  void on_answered(Process& process) override { answered.push_back(process.output_text()); }
  std::optional<Hearing::Wanted> on_offered(Process&, const model::Offer& offer) override {
    offered.push_back(offer.sites.size());
    return offered.size() == 1 ? std::optional(Hearing::Wanted{{{0}}, util::Fd(::dup(STDOUT_FILENO))}) : std::nullopt;
  }
  void on_ended(std::unique_ptr<Process> process) override {
    ended.push_back({process->id, process->failure(), process->output_text(), process->lost_with, process->answer});
  }

  Signals signals_;
  std::optional<HostTree> tree_;
};

TEST_F(HostTreeTest, Process_ThatSaysReady_IsReadyOnce) {
  tree([](model::SupervisorLink& link) {
    serve(link, [&](const model::Command& command, auto&) {
      (void)link.send(std::holds_alternative<model::HostStart>(command)
                          ? model::Report(model::Ready{})
                          : model::Report(BranchFailure{Ending::kProtocol, "not told to start", ""}));
    });
  });
  const Process* process = spawn();
  ASSERT_TRUE(turn_until([&] { return !ready.empty(); }));
  EXPECT_THAT(ready, ElementsAre(process->id));
  EXPECT_TRUE(process->ready);
  EXPECT_FALSE(process->deadline);
}

TEST_F(HostTreeTest, Offer_IsAnsweredOnceAndWithASocket) {
  tree([&](model::SupervisorLink& link) {
    (void)link.receive();
    (void)link.send(model::Offer{{{}}, {}});
    const auto answer = link.receive();
    const bool wanted =
        answer && *answer && std::holds_alternative<model::Wanted>((*answer)->body) && (*answer)->fds.size() == 1;
    (void)link.send(model::Offer{{{}, {}}, {}});
    const auto none = link.receive();  // the second breaks the link
    if (wanted && none && !*none) {
      (void)!::write(STDOUT_FILENO, "answered once", 13);
    }
  });
  spawn();
  ASSERT_TRUE(turn_until_ended());
  EXPECT_THAT(offered, ElementsAre(1, 2));
  EXPECT_EQ(ended[0].output, "answered once");
  EXPECT_THAT(ended[0].failure.detail, HasSubstr("wrote to a descriptor that it did not open"));
}

TEST_F(HostTreeTest, Released_ProcessEnds) {
  HostTree& processes =
      tree([](model::SupervisorLink& link) { serve(link, [&](auto&, auto&) { (void)link.send(model::Ready{}); }); });
  Process* process = spawn();
  ASSERT_TRUE(turn_until([&] { return !ready.empty(); }));
  processes.release(*process);
  ASSERT_TRUE(turn_until_ended());
  EXPECT_EQ(processes.find(ended[0].id), nullptr);
}

TEST_F(HostTreeTest, Orders_AreGivenOneAfterTheOther) {
  tree([](model::SupervisorLink& link) {
    std::string order;
    serve(link, [&](const model::Command& command, auto&) {
      if (const auto* become = std::get_if<model::Become>(&command)) {
        order += std::visit([](const auto& each) { return std::string(each.kOp); }, become->request) + " ";
      } else {
        order += std::get<model::HostStart>(command).preload.empty() ? "cold " : "warm ";
      }
      if (order == "cold module case ") {
        (void)link.send(BranchFailure{Ending::kRaised, order, ""});
        ::_exit(0);
      }
      (void)link.send(model::Ready{});
    });
  });
  std::deque<Order> orders;
  orders.push_back({model::ModuleRequest{}, 20, LimitFrom::kImportTimeout});
  orders.push_back({model::CaseRequest{}, 20, LimitFrom::kTimeout});
  spawn(std::move(orders));
  ASSERT_TRUE(turn_until_ended());
  EXPECT_EQ(ended[0].failure.detail, "cold module case ");
  EXPECT_THAT(ready, ElementsAre()) << "it has more to do each time";
}

TEST_F(HostTreeTest, Output_AndEnd_AreKept) {
  tree([](model::SupervisorLink&) {
    (void)!::write(STDOUT_FILENO, "said\n", 5);
    ::signal(SIGSEGV, SIG_DFL);  // a sanitizer's handler would exit instead
    ::raise(SIGSEGV);
  });
  spawn();
  ASSERT_TRUE(turn_until_ended());
  EXPECT_EQ(ended[0].output, "said\n");
  EXPECT_EQ(ended[0].failure.ending, Ending::kSignalled);
  EXPECT_EQ(ended[0].failure.detail, "killed by SIGSEGV");
}

TEST_F(HostTreeTest, Process_ThatWritesSomethingElse_IsAProtocolFailure) {
  tree([](model::SupervisorLink& link) {
    (void)!::write(link.fd(), "what the benchmark wrote", 24);
    ::_exit(0);
  });
  spawn();
  ASSERT_TRUE(turn_until_ended());
  EXPECT_EQ(ended[0].failure.ending, Ending::kProtocol);
}

TEST_F(HostTreeTest, Process_ThatSendsAnUnknownMessage_IsAProtocolFailure) {
  tree([](model::SupervisorLink& link) {
    const std::string text = R"({"op": "explode"})";
    const std::string frame = std::string("sT\1\0", 4) + static_cast<char>(text.size()) + std::string(3, '\0') + text;
    (void)!::write(link.fd(), frame.data(), frame.size());
    ::_exit(0);
  });
  spawn();
  ASSERT_TRUE(turn_until_ended());
  EXPECT_EQ(ended[0].failure.ending, Ending::kProtocol);
}

TEST_F(HostTreeTest, Process_ThatIsNotReadyInTime_IsAbortedAndTimedOut) {
  tree([](model::SupervisorLink&) { ::pause(); }, 0.05);
  spawn();
  ASSERT_TRUE(turn_until_ended());
  EXPECT_EQ(ended[0].failure.ending, Ending::kTimedOut);
  EXPECT_EQ(ended[0].failure.detail, "did not end within 0.05 s, the limit that --import-timeout sets");
}

TEST_F(HostTreeTest, Process_ThatIgnoresTheAbort_IsKilled) {
  tree(
      [](model::SupervisorLink&) {
        ::signal(SIGABRT, SIG_IGN);
        for (;;) {
          ::pause();
        }
      },
      0.05);
  spawn();
  ASSERT_TRUE(turn_until_ended());
  EXPECT_EQ(ended[0].failure.ending, Ending::kTimedOut);
}

TEST_F(HostTreeTest, Looking_StopsTheProcessesOwnTime) {
  tree(
      [](model::SupervisorLink& link) {
        (void)link.send(model::Looking{});
        ::usleep(800'000);
        (void)link.send(model::Running{});
        (void)link.send(BranchFailure{Ending::kRaised, "in time", ""});
      },
      0.5);
  spawn();
  ASSERT_TRUE(turn_until_ended());
  EXPECT_EQ(ended[0].failure.detail, "in time");
}

TEST_F(HostTreeTest, Importing_GrantsTheTimeAnew) {
  tree(
      [](model::SupervisorLink& link) {
        for (int i = 0; i < 4; ++i) {
          (void)link.send(model::Importing{"bench"});
          ::usleep(200'000);
        }
        (void)link.send(BranchFailure{Ending::kRaised, "in time", ""});
      },
      0.5);
  spawn();
  ASSERT_TRUE(turn_until_ended());
  EXPECT_EQ(ended[0].failure.detail, "in time");
}

/// Forks a child that pauses for each Fork, and reports it.
void fork_children(model::SupervisorLink& link) {
  (void)link.send(model::Ready{});
  serve(link, [&](const model::Command& command, auto&) {
    const auto* order = std::get_if<model::Fork>(&command);
    if (order == nullptr) {
      return;
    }
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::setpgid(0, 0);
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::pause();
    }
    (void)link.send(model::Forked{order->node, pid});
    const auto* module = std::get_if<model::ModuleRequest>(&order->request);
    if (module != nullptr && module->module == "dies") {
      ::kill(pid, SIGTERM);
      (void)link.send(model::Exited{order->node, util::wait_for(pid)});
    } else if (module != nullptr && module->module == "takes its parent down") {
      ::raise(SIGKILL);
    }
  });
}

TEST_F(HostTreeTest, Child_ThatItsParentReports_Ends) {
  HostTree& processes = tree(fork_children);
  Process* parent = spawn();
  ASSERT_TRUE(turn_until([&] { return !ready.empty(); }));
  const auto child = processes.fork(*parent, {model::ModuleRequest{"dies", ""}, 20, LimitFrom::kTimeout});
  ASSERT_TRUE(child && *child);
  const int id = (*child)->id;
  ASSERT_TRUE(turn_until_ended());
  EXPECT_EQ(ended[0].id, id);
  EXPECT_EQ(ended[0].failure.detail, "killed by SIGTERM");
  EXPECT_FALSE(ended[0].lost_with);
  EXPECT_NE(processes.find(parent->id), nullptr);
}

TEST_F(HostTreeTest, Children_OfAProcessThatDies_AreLostWithItAndReportedFirst) {
  HostTree& processes = tree(fork_children);
  Process* parent = spawn();
  const int parent_id = parent->id;
  ASSERT_TRUE(turn_until([&] { return !ready.empty(); }));
  ASSERT_TRUE(processes.fork(*parent, {model::ModuleRequest{"lives", ""}, 20, LimitFrom::kTimeout}));
  ASSERT_TRUE(processes.fork(*parent, {model::ModuleRequest{"takes its parent down", ""}, 20, LimitFrom::kTimeout}));
  ASSERT_TRUE(turn_until_ended(3));
  EXPECT_EQ(ended[2].id, parent_id);
  EXPECT_FALSE(ended[2].lost_with);
  EXPECT_EQ(ended[0].lost_with, "killed by SIGKILL");
  EXPECT_EQ(ended[1].lost_with, "killed by SIGKILL");
}

TEST_F(HostTreeTest, Fork_ThatTheMachineRefuses_IsTheChildsFailure) {
  HostTree& processes = tree([](model::SupervisorLink& link) {
    (void)link.send(model::Ready{});
    serve(link, [&](const model::Command& command, auto&) {
      if (const auto* order = std::get_if<model::Fork>(&command)) {
        (void)link.send(model::ForkFailed{order->node, "no more processes"});
      }
    });
  });
  Process* parent = spawn();
  ASSERT_TRUE(turn_until([&] { return !ready.empty(); }));
  ASSERT_TRUE(processes.fork(*parent, {model::CaseRequest{}, 20, LimitFrom::kTimeout}));
  ASSERT_TRUE(turn_until_ended());
  EXPECT_EQ(ended[0].failure.ending, Ending::kRefused);
  EXPECT_EQ(ended[0].failure.detail, "no more processes");
}

TEST_F(HostTreeTest, Report_OfAChildThatIsAnothers_IsIgnored) {
  HostTree& processes = tree([](model::SupervisorLink& link) {
    (void)link.send(model::Ready{});
    (void)link.send(model::Exited{0, 9});  // itself
    (void)link.send(model::Exited{77, 9});
    serve(link, [](auto&, auto&) {});
  });
  Process* process = spawn();
  ASSERT_TRUE(turn_until([&] { return !ready.empty(); }));
  ASSERT_TRUE(processes.turn(std::chrono::milliseconds(20)));
  EXPECT_EQ(processes.find(process->id), process);
  EXPECT_TRUE(ended.empty());
}

TEST_F(HostTreeTest, Fork_FromAProcessThatHasGone_IsNull) {
  HostTree& processes = tree([](model::SupervisorLink& link) {
    (void)link.send(model::Ready{});
    ::_exit(0);
  });
  Process* process = spawn();
  processes.release(*process);
  const auto child = processes.fork(*process, {model::CaseRequest{}, 20, LimitFrom::kTimeout});
  ASSERT_TRUE(child);
  EXPECT_EQ(*child, nullptr);
}

}  // namespace
}  // namespace snapshot_test::runner
