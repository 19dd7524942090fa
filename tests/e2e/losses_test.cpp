// A process from which cases are forked ends before its time: what comes of the cases below it, and of all others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <ostream>
#include <string>
#include <vector>

#include "support/hostile_suite.hpp"
#include "support/leftovers.hpp"
#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t kCasesOfAModule = 3;
constexpr std::size_t kOtherCases = 18;

enum class Where { kImport, kSetupCache };

std::string module_of(const Deed& deed) { return "does_" + deed.name; }

/// A module for each deed, of which three cases depend on the import and on a setup_cache.
void write_modules(const Sandbox& box, const Deeds& deeds, Where where, Manners manners) {
  for (const auto& deed : deeds) {
    const auto statement = manners == Manners::kHostile ? deed.body : "pass";
    box.write("benchmarks/" + module_of(deed) + ".py",
              "import lib\nfrom lib import *\n" + (where == Where::kImport ? statement : "pass") +
                  "\nclass Suite:\n"
                  "    params = [[1, 2, 3]]\n"
                  "    def setup_cache(self):\n        " +
                  (where == Where::kSetupCache ? statement : "pass") +
                  "\n        return {'base': 10}\n"
                  "    def time_f(self, cache, n): return lib.good(cache['base'] + n)\n");
  }
}

void expect_loss_of_modules(const Report& verified, const Deeds& deeds) {
  auto outcomes = verified.outcomes();
  EXPECT_EQ(outcomes.size(), kOtherCases + kCasesOfAModule * deeds.size()) << verified.text();
  for (const auto& deed : deeds) {
    for (const char* parameter : {"1", "2", "3"}) {
      const auto label = module_of(deed) + ".Suite.time_f(" + parameter + ")";
      EXPECT_EQ(outcomes[label], deed.verdict) << verified.entry(label).dump(1);
      EXPECT_THAT(verified.entry(label).value("reason", ""), HasSubstr(deed.reason)) << label;
      outcomes.erase(label);
    }
  }
  for (const auto& [label, outcome] : outcomes) EXPECT_EQ(outcome, "identical") << verified.entry(label).dump(1);
  EXPECT_EQ(verified.run.status, 1) << verified.run.text();
}

void check_loss_of_modules(const Deeds& deeds, Where where, const std::vector<std::string>& options = {}) {
  const Sandbox box;
  write_hostile_suite(box, {});
  write_library_of(box, {}, Manners::kGood);
  write_modules(box, deeds, where, Manners::kGood);
  ASSERT_EQ(box.capture({"--no-stability-check"}).run.status, 0);
  write_modules(box, deeds, where, Manners::kHostile);
  const auto before = places(box);
  for (const char* workers : {"1", "4"}) {
    SCOPED_TRACE(std::string("-j ") + workers);
    std::vector<std::string> arguments{"--timeout", "3", "-j", workers};
    arguments.insert(arguments.end(), options.begin(), options.end());
    expect_loss_of_modules(box.verify(arguments), deeds);
    EXPECT_THAT(processes_left(box), IsEmpty());
    EXPECT_THAT(files_left(box), IsEmpty());
    EXPECT_EQ(places(box), before);
  }
}

TEST(Losses, ImportThatDies_FailsItsModuleAlone) {
  check_loss_of_modules({{"segfault", "ctypes.string_at(0)", "raised", "SIGSEGV"},
                         {"exit_zero", "os._exit(0)", "raised", "status 0"},
                         {"sys_exit", "sys.exit(0)", "raised", "SystemExit"},
                         {"interrupt", "raise KeyboardInterrupt", "raised", "KeyboardInterrupt"},
                         {"kill", "os.kill(os.getpid(), signal.SIGKILL)", "raised", "SIGKILL"},
                         {"syntax_error", "def f(:", "raised", "SyntaxError"},
                         {"close_descriptors", "os.closerange(0, 4096)", "raised"},
                         {"garbage", "spray(b'garbage')", "raised", "descriptor"}},
                        Where::kImport);
}

TEST(Losses, SetupCacheThatFails_FailsItsUsersAlone) {
  check_loss_of_modules({{"segfault", "ctypes.string_at(0)", "crashed", "SIGSEGV"},
                         {"exit_zero", "os._exit(0)", "crashed", "status 0"},
                         {"sys_exit", "sys.exit(0)", "crashed", "SystemExit"},
                         {"interrupt", "raise KeyboardInterrupt", "raised", "KeyboardInterrupt"},
                         {"kill", "os.kill(os.getpid(), signal.SIGKILL)", "crashed", "SIGKILL"},
                         {"hang", "time.sleep(99)", "timed-out", "3 s"},
                         {"close_descriptors", "os.closerange(0, 4096)", "crashed"},
                         {"garbage", "spray(b'garbage')", "crashed", "descriptor"}},
                        Where::kSetupCache);
}

TEST(Losses, ImportThatNeverEnds_FailsItsModuleAlone) {
  check_loss_of_modules(
      {{"loop", "while True: pass", "raised", "2 s"},
       {"sleep", "import time; time.sleep(99)", "raised", "2 s"},
       {"wait_deaf", "import signal, time; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65)); time.sleep(99)",
        "raised", "2 s"}},
      Where::kImport, {"--import-timeout", "2"});
}

/// Which process a case ends, and how.
struct Murder {
  const char* name;
  const char* statement;
};
void PrintTo(const Murder& murder, std::ostream* out) { *out << murder.name; }

class LossOf : public ::testing::TestWithParam<Murder> {
 protected:
  /// A module in which one of six cases does it, below all processes that there are: base, module, cache, benchmark.
  static void write_murderers(const Sandbox& box, Manners manners) {
    write_hostile_suite(box, {});
    box.write("benchmarks/lossy.py",
              "import lib, time\n"
              "class Suite:\n"
              "    params = [[1, 2, 3, 4, 5, 6]]\n"
              "    def setup_cache(self): return {'base': 10}\n"
              "    def time_f(self, cache, n):\n"
              "        time.sleep(0.05)\n"
              "        if n == 3: lib.murder()\n"
              "        return lib.good(cache['base'] + n)\n"
              "    def time_bystander(self, cache, n):\n"
              "        time.sleep(0.05)\n"
              "        return lib.good(cache['base'] * n)\n");
    write_library_of(box, {{"murder", GetParam().statement, ""}}, manners);
  }
  static constexpr const char* kMurderer = "lossy.Suite.time_f(3)";
};

TEST_P(LossOf, ProcessKilledByACase_FailsThatCaseAlone) {
  const Sandbox box;
  write_murderers(box, Manners::kGood);
  ASSERT_EQ(box.capture({"--no-stability-check"}).run.status, 0);
  write_murderers(box, Manners::kHostile);
  const auto before = places(box);
  for (const char* workers : {"1", "4"}) {
    SCOPED_TRACE(std::string("-j ") + workers);
    const auto verified = box.verify({"-j", workers});
    EXPECT_EQ(verified.outcomes().size(), kOtherCases + 12) << verified.text();
    for (const auto& [label, outcome] : verified.outcomes()) {
      EXPECT_EQ(outcome, label == kMurderer ? "crashed" : "identical") << verified.entry(label).dump(1);
    }
    EXPECT_THAT(verified.entry(kMurderer).value("reason", ""), HasSubstr("took down the process it was forked from"));
    EXPECT_EQ(verified.run.status, 1) << verified.run.text();
    EXPECT_THAT(processes_left(box), IsEmpty());
    EXPECT_THAT(files_left(box), IsEmpty());
    EXPECT_EQ(places(box), before);
  }
}

TEST_P(LossOf, ProcessKilledByACase_LeavesTheOthersCaptured) {
  const Sandbox box;
  write_murderers(box, Manners::kHostile);
  const auto captured = box.capture({"-j", "4"});
  EXPECT_EQ(captured.outcomes().size(), kOtherCases + 12) << captured.text();
  for (const auto& [label, outcome] : captured.outcomes()) {
    EXPECT_EQ(outcome, label == kMurderer ? "failed" : "outer") << captured.entry(label).dump(1);
  }
  EXPECT_EQ(captured.run.status, 0) << captured.run.text();
  EXPECT_THAT(processes_left(box), IsEmpty());
  EXPECT_THAT(files_left(box), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Killed, LossOf,
    ::testing::Values(Murder{"Benchmark", "os.kill(ancestors()[0], 9); time.sleep(9)"},
                      Murder{"Cache", "os.kill(ancestors()[1], 9); time.sleep(9)"},
                      Murder{"Module", "os.kill(ancestors()[2], 9); time.sleep(9)"},
                      Murder{"Base", "os.kill(ancestors()[3], 9); time.sleep(9)"},
                      Murder{"Guardian", "os.kill(ancestors()[4], 9); time.sleep(9)"},
                      Murder{"BenchmarksGroup", "os.killpg(os.getpgid(os.getppid()), 9); time.sleep(9)"},
                      Murder{"AllFromTheBaseDown", "for p in ancestors()[::-1]: os.kill(p, 9)\n    time.sleep(9)"},
                      Murder{"ModuleBySegfault", "os.kill(ancestors()[2], signal.SIGSEGV); time.sleep(9)"}),
    [](const auto& tested) { return std::string(tested.param.name); });

/// It neither ends nor answers: only a deadline can tell.
TEST(Losses, ProcessThatIsStopped_DoesNotHangTheRun) {
  for (const char* victim : {"os.getppid()", "ancestors()[-1]"}) {
    SCOPED_TRACE(victim);
    const Deeds deeds = {{"stop", std::string("os.kill(") + victim + ", signal.SIGSTOP)", "", ""}};
    const Sandbox box;
    write_hostile_suite(box, deeds);
    write_library_of(box, deeds, Manners::kGood);
    ASSERT_EQ(box.capture({"--no-stability-check"}).run.status, 0);
    write_library_of(box, deeds, Manners::kHostile);
    RunOptions options;
    options.deadline = std::chrono::seconds(20);
    const auto verified = box.verify({"--timeout", "2", "-j", "4"}, options);
    EXPECT_FALSE(verified.run.killed_at_deadline);
    for (const auto& [label, outcome] : verified.outcomes()) {
      if (label == "deeds.time_stop") continue;  // it may have been judged before
      EXPECT_EQ(outcome, "identical") << verified.entry(label).dump(1);
    }
    EXPECT_EQ(verified.outcomes().size(), kOtherCases + 1) << verified.text();
    EXPECT_THAT(processes_left(box), IsEmpty());
    EXPECT_THAT(files_left(box), IsEmpty());
  }
}

}  // namespace
}  // namespace snapshot_test::support
