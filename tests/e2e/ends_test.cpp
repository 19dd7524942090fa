// However a case ends, it has a name, and the others have their own verdicts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <string>
#include <thread>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr const char* kSuite =
    "import lib\n"
    "def time_a_before(): return 1\n"
    "def time_f(): return lib.f()\n"
    "def time_z_after(): return 2\n";

struct End {
  const char* name;
  const char* body;  ///< of lib.f after the capture
  const char* verdict;
  const char* reason;  ///< part of it
};
void PrintTo(const End& param, std::ostream* out) { *out << param.name; }
class Ends : public ::testing::TestWithParam<End> {};

TEST_P(Ends, CaseThatEndsBadly_HasItsVerdictAndOthersPass) {
  const auto& end = GetParam();
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library("def f(): return 3\n");
  ASSERT_EQ(box.capture().run.status, 0);

  box.write_library(std::string("import os, signal, sys, threading, time\ndef f():\n    ") + end.body + "\n");
  const auto verified = box.verify({"--timeout", "1"});
  EXPECT_EQ(verified.of("bench.time_f"), end.verdict) << verified.text();
  EXPECT_EQ(verified.of("bench.time_a_before"), "identical") << verified.text();
  EXPECT_EQ(verified.of("bench.time_z_after"), "identical") << verified.text();
  EXPECT_EQ(verified.run.status, 1) << verified.text();
  EXPECT_THAT(verified.entry("bench.time_f").value("reason", ""), HasSubstr(end.reason)) << verified.text();
}

INSTANTIATE_TEST_SUITE_P(
    All, Ends,
    ::testing::Values(End{"Segfault", "os.kill(os.getpid(), signal.SIGSEGV)", "crashed", "SIGSEGV"},
                      End{"Abort", "os.abort()", "crashed", "SIGABRT"},
                      End{"Killed", "os.kill(os.getpid(), signal.SIGKILL)", "crashed", "SIGKILL"},
                      End{"ExitZero", "os._exit(0)", "crashed", "0"}, End{"ExitSeven", "os._exit(7)", "crashed", "7"},
                      End{"Hang", "time.sleep(600)", "timed-out", "1"},
                      End{"Busy", "\n    while True: pass", "timed-out", "1"},
                      End{"HangIgnoringTerm", "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)",
                          "timed-out", "1"},
                      End{"Raises", "raise KeyError('lost')", "raised", "KeyError"},
                      End{"Interrupt", "raise KeyboardInterrupt", "raised", "KeyboardInterrupt"},
                      End{"Recursion", "return f()", "raised", "RecursionError"}),
    [](const auto& tested) { return tested.param.name; });

TEST(Ends, SysExitInACase_Fails) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library("def f(): return 3\n");
  ASSERT_EQ(box.capture().run.status, 0);
  box.write_library("import sys\ndef f(): sys.exit(0)\n");
  const auto verified = box.verify();
  EXPECT_THAT(verified.of("bench.time_f"), AnyOf("crashed", "raised")) << verified.text();
  EXPECT_EQ(verified.run.status, 1);
}

TEST(Ends, BadEndInCapture_FailsThatCaseAlone) {
  const Sandbox box;
  box.write_suite(
      "import os, signal, time\n"
      "def time_ok(): return 1\n"
      "def time_segfault(): os.kill(os.getpid(), signal.SIGSEGV)\n"
      "def time_exit(): os._exit(0)\n"
      "def time_hang(): time.sleep(600)\n"
      "def time_raise(): raise ValueError('boom')\n");
  const auto captured = box.capture({"--timeout", "1"});
  EXPECT_EQ(captured.of("bench.time_ok"), "outer") << captured.text();
  for (const char* label : {"bench.time_segfault", "bench.time_exit", "bench.time_hang", "bench.time_raise"}) {
    EXPECT_EQ(captured.of(label), "failed") << captured.text();
    EXPECT_NE(captured.entry(label).value("reason", ""), "") << captured.text();
  }
  EXPECT_EQ(captured.run.status, 0) << "what ran is stored\n" << captured.text();
}

TEST(Ends, TimeoutOfTheBenchmark_OverridesTheOption) {
  const Sandbox box;
  box.write_suite(
      "import time\n"
      "def time_short(): time.sleep(600)\n"
      "time_short.timeout = 0.5\n"
      "def time_long(): time.sleep(1.2); return 1\n"
      "time_long.timeout = 30\n");
  const auto captured = box.capture({"--timeout", "0.8", "--no-stability-check"});
  EXPECT_EQ(captured.of("bench.time_short"), "failed") << captured.text();
  EXPECT_EQ(captured.of("bench.time_long"), "outer") << captured.text();
}

TEST(Ends, MoreWorkersThanProcessors_NoCaseTimesOut) {
  const Sandbox box;
  box.write_suite(
      "import time\n"
      "class Busy:\n"
      "    params = list(range(16))\n"
      "    def time_f(self, n):\n"
      "        begun = time.process_time()\n"
      "        while time.process_time() - begun < 0.5: pass\n"
      "        return n\n");
  const std::string many = std::to_string(8 * std::max(1U, std::thread::hardware_concurrency()));
  const auto captured = box.capture({"--timeout", "1", "-j", many, "--no-stability-check"});
  for (int n = 0; n < 16; ++n) {
    EXPECT_EQ(captured.of("bench.Busy.time_f(" + std::to_string(n) + ")"), "outer") << captured.text();
  }
}

TEST(Ends, TimedOutCase_NamesTheLimitAndWhoSetsIt) {
  const Sandbox box;
  box.write_suite(
      "import os, time\n"
      "def wait(): time.sleep(600)\n"
      "def time_option():\n    print('what it says', flush=True)\n    wait()\n"
      "def time_own(): wait()\n"
      "time_own.timeout = 0.7\n"
      "class Cached:\n"
      "    def setup_cache(self): wait()\n"
      "    def time_f(self, cache): return 1\n");
  box.write("benchmarks/bench_import.py",
            "import os, time\nif os.environ.get('SLOW'): time.sleep(600)\n"
            "def time_i(): return 1\n");
  const auto captured = box.capture({"--timeout", "1.5", "--no-stability-check"});
  const auto reason = [&](const char* label) { return captured.entry(label).value("reason", ""); };
  EXPECT_EQ(reason("bench.time_option"), "did not end within 1.5 s, the limit that --timeout sets");
  EXPECT_EQ(reason("bench.time_own"), "did not end within 0.7 s, the limit that the benchmark's own timeout sets");
  EXPECT_THAT(reason("bench.Cached.time_f"), HasSubstr("1.5 s, the limit that --timeout sets"));
  const auto seen = captured.entry("bench.time_option")["observation"];
  EXPECT_EQ(seen["output"], "what it says\n");
  EXPECT_THAT(seen.value("traceback", ""), HasSubstr("in wait"));
  for (const char* crash : {"Fatal Python error", "Aborted", "SIGABRT", "Extension modules"}) {
    EXPECT_EQ(captured.run.out.find(crash), std::string::npos) << crash << '\n' << captured.text();
  }
  RunOptions slow;
  slow.environment = {{"SLOW", "1"}};
  const auto verified = box.verify({"--import-timeout", "1.5"}, slow);
  EXPECT_THAT(verified.text(), HasSubstr("1.5 s, the limit that --import-timeout sets")) << verified.text();
}

TEST(Ends, RaiseInSetupOrTeardown_FailsThatCase) {
  const Sandbox box;
  box.write_suite(
      "class First:\n    def setup(self): raise ValueError('in setup')\n    def time_f(self): return 1\n"
      "class Last:\n    def teardown(self): raise ValueError('in teardown')\n    def time_f(self): return 1\n"
      "class Cache:\n    def setup_cache(self): raise ValueError('in setup_cache')\n"
      "    def time_f(self, cache): return 1\n"
      "def time_ok(): return 1\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.First.time_f"), "failed") << captured.text();
  EXPECT_EQ(captured.of("bench.Last.time_f"), "failed") << captured.text();
  EXPECT_EQ(captured.of("bench.Cache.time_f"), "failed") << captured.text();
  EXPECT_EQ(captured.of("bench.time_ok"), "outer") << captured.text();
  EXPECT_THAT(captured.entry("bench.Cache.time_f").value("reason", ""), HasSubstr("in setup_cache"));
}

TEST(Ends, RaisingCase_ShowsItsOutputAndTraceback) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library("def f(): return 3\n");
  ASSERT_EQ(box.capture().run.status, 0);
  box.write_library(
      "import sys\n"
      "def f():\n"
      "    print('printed to stdout')\n"
      "    print('printed to stderr', file=sys.stderr)\n"
      "    raise ValueError('boom')\n");
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_f"), "raised") << verified.text();
  for (const char* shown : {"printed to stdout", "printed to stderr", "ValueError: boom", "lib.py"}) {
    EXPECT_THAT(verified.run.out + verified.run.err, HasSubstr(shown));
  }
}

TEST(Ends, PassingCaseThatPrints_ShowsNoOutput) {
  const Sandbox box;
  box.write_suite("def time_f():\n    print('chatter of a benchmark')\n    return 1\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.run.status, 0) << captured.text();
  EXPECT_EQ((captured.run.out + captured.run.err).find("chatter of a benchmark"), std::string::npos);
}

TEST(Ends, TimedOutCaseWithAChild_EndsTheChild) {
  const Sandbox box;
  box.write_suite(
      "import os, subprocess, sys, time\n"
      "def time_f():\n"
      "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
      "    open(os.environ['CHILD'], 'w').write(str(child.pid))\n"
      "    time.sleep(600)\n");
  RunOptions options;
  options.environment = {{"CHILD", box.path("child").string()}};
  const auto captured = box.capture({"--timeout", "2", "--no-stability-check"}, options);
  EXPECT_EQ(captured.of("bench.time_f"), "failed") << captured.text();
  const auto child = "/proc/" + box.read("child");
  for (int i = 0; i < 100 && std::filesystem::exists(child); ++i) ::usleep(20000);
  EXPECT_FALSE(std::filesystem::exists(child)) << "the benchmark's child process still runs";
}

}  // namespace
}  // namespace snapshot_test::support
