// Cases that run one after the other in one process: which they are, and that no verdict depends on it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "support/hostile_suite.hpp"
#include "support/leftovers.hpp"
#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The process that each case ran in; each has written its id to stdout.
std::map<std::string, std::string> processes_of(const Report& report) {
  std::map<std::string, std::string> processes;
  for (const auto& [label, outcome] : report.outcomes()) {
    processes[label] = report.entry(label).at("observation").value("output", "");
  }
  return processes;
}

std::size_t count_of(const std::map<std::string, std::string>& processes) {
  std::set<std::string> all;
  for (const auto& [label, process] : processes) all.insert(process);
  return all.size();
}

constexpr const char* kSaysWhere =
    "import os, lib\n"
    "class A:\n"
    "    params = [[1, 2, 3, 4, 5, 6]]\n"
    "    def time_f(self, n):\n"
    "        os.write(1, b'%07d' % os.getpid())\n"
    "        return lib.f(n)\n"
    "    def time_g(self, n):\n"
    "        os.write(1, b'%07d' % os.getpid())\n"
    "        return lib.f(-n)\n";

TEST(Series, CasesThatDependOnNothing_ShareAProcessButForTheFirstOfEachBenchmark) {
  const Sandbox box;
  box.write_suite(kSaysWhere);
  box.write_library("def f(n): return [n, n * n]\n");
  ASSERT_EQ(box.capture().run.status, 0);
  const auto verified = box.verify({"-j1", "--verbose"});
  EXPECT_EQ(verified.run.status, 0) << verified.text();
  const auto processes = processes_of(verified);
  EXPECT_EQ(count_of(processes), 3u) << verified.json.dump(1);
  EXPECT_EQ(processes.at("bench.A.time_f(2)"), processes.at("bench.A.time_g(6)"));
  EXPECT_NE(processes.at("bench.A.time_f(1)"), processes.at("bench.A.time_f(2)"));
}

TEST(Series, IsolationCase_GivesEachCaseAProcess) {
  const Sandbox box;
  box.write_suite(kSaysWhere);
  box.write_library("def f(n): return [n, n * n]\n");
  ASSERT_EQ(box.capture().run.status, 0);
  for (const char* isolation : {"case", "fork", "spawn"}) {
    const auto verified = box.verify({"-j2", "--isolation", isolation});
    EXPECT_EQ(verified.run.status, 0) << verified.text();
    EXPECT_EQ(count_of(processes_of(verified)), 12u) << isolation;
  }
}

TEST(Series, BaselineWithoutASecondRun_GivesEachCaseAProcess) {
  const Sandbox box;
  box.write_suite(kSaysWhere);
  box.write_library("def f(n): return [n, n * n]\n");
  ASSERT_EQ(box.capture({"--no-stability-check"}).run.status, 0);
  EXPECT_EQ(count_of(processes_of(box.verify())), 12u);
}

/// State that no object shows, so that only what cases compute can tell.
constexpr const char* kHidden =
    "import io\n"
    "CALLS = io.BytesIO()\n"
    "def calls():\n"
    "    CALLS.write(b'.')\n"
    "    return CALLS.tell()\n";

TEST(Series, CaseThatDependsOnOthers_IsStableAndRunsByItself) {
  const Sandbox box;
  box.write_suite(kSaysWhere);
  box.write_library(std::string(kHidden) + "def f(n): return [n, calls()]\n");
  const auto captured = box.capture();
  ASSERT_EQ(captured.run.status, 0) << captured.text();
  EXPECT_EQ(captured.of("bench.A.time_f(3)"), "outer") << captured.text();
  const auto verified = box.verify({"-j1"});
  EXPECT_EQ(verified.run.status, 0) << verified.text();
  const auto processes = processes_of(verified);
  // What came first in its series did not see any other, and may be in one.
  EXPECT_GE(count_of(processes), 11u) << verified.json.dump(1);
}

TEST(Series, CaseThatFailsAfterOthersAlone_IsIdenticalAndSaysSo) {
  const Sandbox box;
  box.write_suite(kSaysWhere);
  box.write_library("def f(n): return [n, n * n]\n");
  ASSERT_EQ(box.capture().run.status, 0);
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"[n]", "different"},
      {"1 / 0", "raised: ZeroDivisionError"},
      {"os._exit(3)", "crashed"},
      {"time.sleep(99)", "timed-out"},
      {"os.kill(os.getpid(), 9)", "crashed"},
  };
  for (const auto& [change, found] : changes) {
    SCOPED_TRACE(change);
    box.write_library(
        "import io, os, time\nCALLS = io.BytesIO()\n"
        "def f(n): return [n, n * n] if CALLS.write(b'.') and CALLS.tell() < 2 else " +
        change + "\n");
    const auto verified = box.verify({"-j2", "--timeout", "2"});
    EXPECT_EQ(verified.run.status, 0) << verified.text();
    for (const auto& [label, verdict] : verified.outcomes()) EXPECT_EQ(verdict, "identical") << label;
    EXPECT_THAT(verified.json.dump(),
                HasSubstr("ran by itself: in a process in which other cases had run it was " + found));
  }
}

// ---- What could make a wrong result look right.

/// Two functions of a library that share something, so that a call of one could hide that the other is wrong.
struct Shared {
  const char* name;
  const char* library;  ///< defines slow(n), and fast(n), which is wrong for 5 where WRONG
  const char* bench = "import lib\n";
};
void PrintTo(const Shared& tested, std::ostream* out) { *out << tested.name; }

class SharedState : public ::testing::TestWithParam<Shared> {};

/// time_a runs before time_b, so what it leaves behind is there; only time_b(5) can show that `fast` is wrong.
TEST_P(SharedState, WrongResultThatAnEarlierCaseWouldHide_IsDifferent) {
  const Sandbox box;
  const std::string cases =
      "class A:\n"
      "    params = [[3, 4, 5, 6]]\n"
      "    def time_a(self, n): return lib.slow(n)\n"
      "    def time_b(self, n): return lib.fast(n)\n";
  box.write_suite(GetParam().bench + cases);
  box.write_library(std::string("WRONG = False\n") + GetParam().library);
  ASSERT_EQ(box.capture().run.status, 0);
  box.write_library(std::string("WRONG = True\n") + GetParam().library);
  for (const std::string isolation : {"case", "auto"}) {
    const auto verified = box.verify({"-j1", "--isolation", isolation});
    EXPECT_EQ(verified.run.status, 1) << isolation << verified.text();
    for (const auto& [label, verdict] : verified.outcomes()) {
      EXPECT_EQ(verdict, label == "bench.A.time_b(5)" ? "different" : "identical") << isolation << label;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Series, SharedState,
    ::testing::Values(Shared{"Dict",
                             "KEPT = {}\n"
                             "def slow(n): return KEPT.setdefault(n, [n])\n"
                             "def fast(n): return KEPT[n] if n in KEPT else [n + (WRONG and n == 5)]\n"},
                      Shared{"NestedDict",
                             "KEPT = {'a': ({},)}\n"
                             "def slow(n): return KEPT['a'][0].setdefault(n, [n])\n"
                             "def fast(n): return KEPT['a'][0].get(n) or [n + (WRONG and n == 5)]\n"},
                      Shared{"DefaultArgument",
                             "def fast(n, kept={}, keep=False):\n"
                             "    if keep: kept[n] = [n]\n"
                             "    return kept.get(n) or [n + (WRONG and n == 5)]\n"
                             "def slow(n): return fast(n, keep=True)\n"},
                      Shared{"List",
                             "KEPT = [1, 2]\n"
                             "def slow(n): KEPT.append(n); return [n]\n"
                             "def fast(n): return [n] if n in KEPT else [n + (WRONG and n == 5)]\n"},
                      Shared{"Set",
                             "KEPT = {1, 2}\n"
                             "def slow(n): KEPT.add(n); return [n]\n"
                             "def fast(n): return [n] if n in KEPT else [n + (WRONG and n == 5)]\n"},
                      Shared{"Global",
                             "KEPT = None\n"
                             "def slow(n):\n"
                             "    global KEPT\n"
                             "    KEPT = n\n"
                             "    return [n]\n"
                             "def fast(n): return [n] if KEPT == 6 else [n + (WRONG and n == 5)]\n"},
                      Shared{"Instance",
                             "class Solver:\n"
                             "    def __init__(self): self.last = 0\n"
                             "SOLVER = Solver()\n"
                             "def slow(n): SOLVER.last = n; return [n]\n"
                             "def fast(n): return [n] if SOLVER.last else [n + (WRONG and n == 5)]\n"},
                      Shared{"InstanceWithSlots",
                             "class Solver:\n"
                             "    __slots__ = ('last',)\n"
                             "SOLVER = Solver(); SOLVER.last = 0\n"
                             "def slow(n): SOLVER.last = n; return [n]\n"
                             "def fast(n): return [n] if SOLVER.last else [n + (WRONG and n == 5)]\n"},
                      Shared{"ClassAttribute",
                             "class Solver:\n"
                             "    last = 0\n"
                             "def slow(n): Solver.last = n; return [n]\n"
                             "def fast(n): return [n] if Solver.last else [n + (WRONG and n == 5)]\n"},
                      Shared{"Closure",
                             "def make():\n"
                             "    last = 0\n"
                             "    def slow(n):\n"
                             "        nonlocal last\n"
                             "        last = n\n"
                             "        return [n]\n"
                             "    def fast(n): return [n] if last else [n + (WRONG and n == 5)]\n"
                             "    return slow, fast\n"
                             "slow, fast = make()\n"},
                      Shared{"CachedFunction",
                             "import functools\n"
                             "@functools.lru_cache(maxsize=None)\n"
                             "def work(n): return [n + WRONG_NOW[0]]\n"
                             "WRONG_NOW = [0]\n"
                             "def slow(n): return list(work(n))\n"
                             "def fast(n):\n"
                             "    WRONG_NOW[0] = int(WRONG and n == 5)\n"
                             "    try: return list(work(n))\n"
                             "    finally: WRONG_NOW[0] = 0\n"},
                      Shared{"BoundedCachedFunction",
                             "import functools\n"
                             "@functools.lru_cache(maxsize=2)\n"
                             "def work(n): return [n + WRONG_NOW[0]]\n"
                             "WRONG_NOW = [0]\n"
                             "def slow(n): return [list(work(i)) for i in range(3, 7)][n - 3]\n"
                             "def fast(n):\n"
                             "    WRONG_NOW[0] = int(WRONG and n == 5)\n"
                             "    try: return list(work(n))\n"
                             "    finally: WRONG_NOW[0] = 0\n"},
                      Shared{"Bytes",
                             "KEPT = bytearray(3)\n"
                             "def slow(n): KEPT[1] = 1; return [n]\n"
                             "def fast(n): return [n] if KEPT[1] else [n + (WRONG and n == 5)]\n"},
                      Shared{"FunctionOfAModule",
                             "import json\n"
                             "def patched(*a): return 'patched'\n"
                             "def slow(n): json.dumps = patched; return [n]\n"
                             "def fast(n): return [n] if json.dumps is patched else [n + (WRONG and n == 5)]\n"},
                      Shared{"Environment",
                             "import os\n"
                             "def slow(n): os.environ['KEPT'] = str(n); return [n]\n"
                             "def fast(n): return [n] if 'KEPT' in os.environ else [n + (WRONG and n == 5)]\n"},
                      Shared{"CurrentFolder",
                             "import os\n"
                             "def slow(n): os.chdir('/'); return [n]\n"
                             "def fast(n): return [n] if os.getcwd() == '/' else [n + (WRONG and n == 5)]\n"},
                      Shared{"FileInItsFolder",
                             "import os\n"
                             "def slow(n): open('kept', 'w').close(); return [n]\n"
                             "def fast(n): return [n] if os.path.exists('kept') else [n + (WRONG and n == 5)]\n"},
                      Shared{"RandomNumbers",
                             "import random\n"
                             "START = random.getstate()\n"
                             "def slow(n): random.random(); return [n]\n"
                             "def fast(n): return [n] if random.random() == 0.6394267984578837 and not WRONG else [n + "
                             "(WRONG and n == 5)]\n"},
                      Shared{
                          "Locale",
                          "import decimal, sys\n"
                          "def slow(n): sys.setrecursionlimit(1234); return [n]\n"
                          "def fast(n): return [n] if sys.getrecursionlimit() == 1234 else [n + (WRONG and n == 5)]\n"},
                      Shared{"SuiteItself",
                             "def slow(n): return [n]\n"
                             "def fast(n): return [n + (WRONG and n == 5)]\n",
                             "import lib as library\n"
                             "KEPT = {}\n"
                             "class lib:\n"
                             "    def slow(n): return KEPT.setdefault(n, library.slow(n))\n"
                             "    def fast(n): return KEPT.get(n) or library.fast(n)\n"}),
    [](const auto& tested) { return std::string(tested.param.name); });

/// What is no Python object, and so cannot be put back: only the first case of each benchmark is sure to see it.
TEST(Series, FirstCallThatIsWrong_FailsTheFirstCaseOfEachBenchmark) {
  const Sandbox box;
  box.write_suite(kSaysWhere);
  box.write_library(std::string(kHidden) + "def f(n): calls(); return [n, n * n]\n");
  ASSERT_EQ(box.capture().run.status, 0);
  box.write_library(std::string(kHidden) + "def f(n): return [n, n * n] if calls() > 1 else [n, 0]\n");
  const auto verified = box.verify({"-j1"});
  EXPECT_EQ(verified.run.status, 1) << verified.text();
  EXPECT_EQ(verified.of("bench.A.time_f(1)"), "different");
  EXPECT_EQ(verified.of("bench.A.time_g(1)"), "different");
  // So is the first case of the series.
  EXPECT_EQ(verified.of("bench.A.time_f(2)"), "different");
}

/// The same of a table that a name leads to: it is put back, so that each call is the first one.
TEST(Series, FirstCallThatFillsATableWrongly_FailsEachCase) {
  const Sandbox box;
  box.write_suite(kSaysWhere);
  const std::string table = "TABLE = {}\ndef f(n):\n    known = bool(TABLE)\n    TABLE.update({1: 1})\n    return [n, ";
  box.write_library(table + "n]\n");
  ASSERT_EQ(box.capture().run.status, 0);
  box.write_library(table + "n if known else 0]\n");
  const auto verified = box.verify({"-j2"});
  EXPECT_EQ(verified.run.status, 1) << verified.text();
  for (const auto& [label, verdict] : verified.outcomes()) EXPECT_EQ(verdict, "different") << label;
}

TEST(Series, MemoryThatAnEarlierCaseFreed_HidesNothing) {
  ST_NEEDS_NUMPY();
  const Sandbox box;
  box.write_suite(
      "import lib\n"
      "class A:\n"
      "    params = [[100, 1000, 50_000, 200_000]]\n"
      "    def time_a(self, n): return lib.right(n)\n"
      "    def time_b(self, n): return lib.work(n)\n");
  const std::string right = "import numpy as np\ndef right(n): return np.arange(n) * 1.5\n";
  box.write_library(right + "def work(n):\n    out = np.empty(n)\n    out[:] = np.arange(n) * 1.5\n    return out\n");
  ASSERT_EQ(box.capture().run.status, 0);
  box.write_library(right + "def work(n): return np.empty(n) if n > 100 else right(n)\n");
  const auto verified = box.verify({"-j1"});
  EXPECT_EQ(verified.run.status, 1) << verified.text();
  for (const char* n : {"1000", "50000", "200000"}) {
    EXPECT_EQ(verified.of(std::string("bench.A.time_b(") + n + ")"), "different") << n;
  }
}

/// Set-up of a suite may keep what it has made for others: that is no reason to end a series.
TEST(Series, InputsThatASuiteKeeps_AreMadeOnce) {
  const Sandbox box;
  box.write_suite(
      "import os, lib\n"
      "KEPT = []\n"
      "class A:\n"
      "    params = [[1, 2, 3, 4, 5, 6]]\n"
      "    def setup(self, n):\n"
      "        if not KEPT: KEPT.append(list(range(10)))\n"
      "        self.numbers = KEPT[0]\n"
      "    def time_f(self, n):\n"
      "        os.write(1, b'%07d' % os.getpid())\n"
      "        return lib.f(self.numbers, n)\n");
  box.write_library("def f(numbers, n): return [n * each for each in numbers]\n");
  ASSERT_EQ(box.capture().run.status, 0);
  EXPECT_EQ(count_of(processes_of(box.verify({"-j1"}))), 2u);
  // One that changes them is no case to run others after.
  box.write_library("def f(numbers, n): numbers[0] = n - n; numbers.append(n); return [n * i for i in numbers[:10]]\n");
  const auto verified = box.verify({"-j1"});
  for (const auto& [label, verdict] : verified.outcomes()) EXPECT_EQ(verdict, "identical") << label;
}

// ---- Each hostile benchmark between two honest ones.

/// Those of the hostile suite that its own tests are about, too, and some that concern series.
Deeds deeds_between() {
  Deeds deeds = {
      {"segfault", "ctypes.string_at(0)", "crashed", "SIGSEGV"},
      {"exit_zero", "os._exit(0)", "crashed", "status 0"},
      {"sys_exit", "sys.exit(0)", "crashed", "SystemExit"},
      {"interrupt", "raise KeyboardInterrupt", "raised", "KeyboardInterrupt"},
      {"kills_its_group", "os.killpg(0, signal.SIGKILL)", "crashed", "SIGKILL"},
      {"loop_in_python", "\n    while True: pass", "timed-out", "2 s"},
      {"stops_itself", "os.kill(os.getpid(), signal.SIGSTOP)", "timed-out", "2 s"},
      {"opens_some", "HELD.append(open('/dev/null'))", "identical"},
      {"library_replaced", "global good; good = lambda n: 'bad'; return original(3)", "identical"},
      {"code_replaced", "\n    result = good(3)\n    good.__code__ = broken.__code__\n    return result", "identical"},
  };
  for (const Deeds& each : {kLeaves, kDescriptors, kChanges}) {
    deeds.insert(deeds.end(), each.begin(), each.end());
  }
  return deeds;
}

TEST(SeriesOfHostileCases, HonestCasesAroundThem_KeepTheirVerdicts) {
  const Sandbox box;
  const Deeds deeds = deeds_between();
  box.write("benchmarks/__init__.py", "");
  // The second case of each benchmark is the one that is in a series.
  std::string suite = "import lib\nclass A:\n    params = [[1, 2, 3]]\n";
  std::size_t number = 0;
  const auto add = [&](const std::string& name, const std::string& call) {
    suite += "    def time_" + std::to_string(100 + number++) + "_" + name + "(self, n): return lib." + call + "\n";
  };
  for (const auto& deed : deeds) {
    add("honest", "good(n)");
    add(deed.name, deed.name + "()");
  }
  add("honest", "good(n)");
  box.write("benchmarks/bench.py", suite);
  const std::string original = "def original(n): return [n / 7, {'n': str(n)}, (n, None)]\n";
  write_library_of(box, deeds, Manners::kGood);
  box.write_library(box.read("project/lib.py") + original);
  RunOptions options;
  options.deadline = std::chrono::seconds(200);
  const auto captured = box.capture({"-j2"}, options);
  ASSERT_EQ(captured.run.status, 0) << captured.run.text();
  write_library_of(box, deeds, Manners::kHostile);
  box.write_library(box.read("project/lib.py") + original);
  for (const char* workers : {"-j1", "-j4"}) {
    SCOPED_TRACE(workers);
    const auto verified = box.verify({"--timeout", "2", workers}, options);
    const auto outcomes = verified.outcomes();
    EXPECT_EQ(outcomes.size(), 3 * number) << verified.run.text();
    for (const auto& [label, verdict] : outcomes) {
      const std::string name = label.substr(std::string("bench.A.time_100_").size());
      std::string wanted = "identical";
      std::string reason;
      for (const auto& deed : deeds) {
        if (name.starts_with(deed.name + "(")) {
          wanted = deed.verdict;
          reason = deed.reason;
        }
      }
      EXPECT_EQ(verdict, wanted) << verified.entry(label).dump(1);
      EXPECT_THAT(verified.entry(label).value("reason", ""), HasSubstr(reason)) << label;
    }
    EXPECT_THAT(processes_left(box), IsEmpty());
    EXPECT_THAT(files_left(box), IsEmpty());
  }
}

}  // namespace
}  // namespace snapshot_test::support
