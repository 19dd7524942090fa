// What cases that return nothing are checked by: the state they leave.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using ::testing::HasSubstr;

/// A benchmark that only changes something, and a library that does it wrongly.
struct InPlace {
  const char* name;
  const char* bench;
  const char* right;
  const char* wrong;
};
void PrintTo(const InPlace& tested, std::ostream* out) { *out << tested.name; }

class StateOf : public ::testing::TestWithParam<InPlace> {};

TEST_P(StateOf, IsComparedWhereNothingIsReturned) {
  const Sandbox box;
  box.write_suite(std::string("import lib\n") + GetParam().bench);
  box.write_library(GetParam().right);
  const auto captured = box.capture();
  ASSERT_EQ(captured.json.at("cases").size(), 1u) << captured.text();
  EXPECT_EQ(captured.json.at("cases")[0].at("status"), "state") << captured.text();
  const auto unchanged = box.verify({"--strict", "-j2"});
  EXPECT_EQ(unchanged.json.at("cases")[0].at("verdict"), "identical") << unchanged.text();
  EXPECT_EQ(unchanged.run.status, 0) << unchanged.text();
  box.write_library(GetParam().wrong);
  const auto changed = box.verify();
  EXPECT_EQ(changed.json.at("cases")[0].at("verdict"), "different") << changed.text();
  EXPECT_EQ(changed.run.status, 1) << changed.text();
}

INSTANTIATE_TEST_SUITE_P(
    State, StateOf,
    ::testing::Values(
        InPlace{"Instance",
                "class A:\n    def setup(self): self.x = [3, 1, 2]\n    def time_f(self): lib.work(self.x)\n",
                "def work(x): x.sort()\n", "def work(x): x.sort(reverse=True)\n"},
        InPlace{"InstanceLeftAsItWas",
                "class A:\n    def setup(self): self.x = [3, 1, 2]\n    def time_f(self): lib.work(self.x)\n",
                "def work(x): x.sort()\n", "def work(x): pass\n"},
        InPlace{"NewAttribute", "class A:\n    def time_f(self): lib.work(self)\n", "def work(a): a.x = 1\n",
                "def work(a): a.x = 2\n"},
        InPlace{"DeletedAttribute",
                "class A:\n    def setup(self): self.x = 1; self.y = 1\n    def time_f(self): lib.work(self)\n",
                "def work(a): del a.x; a.y = 2\n", "def work(a): a.y = 2\n"},
        InPlace{"ClassAttribute", "class A:\n    seen = []\n    def time_f(self): lib.work(self.seen)\n",
                "def work(x): x.append(1)\n", "def work(x): x.append(2)\n"},
        InPlace{"Argument",
                "class A:\n    params = [[[1, 2]]]\n"
                "    def time_f(self, x): lib.work(x)\n",
                "def work(x): x.append(1)\n", "def work(x): x.append(2)\n"},
        InPlace{"SetupCache", "class A:\n    def setup_cache(self): return {}\n    def time_f(self, d): lib.work(d)\n",
                "def work(d): d['a'] = 1\n", "def work(d): d['a'] = 2\n"},
        InPlace{"Global", "TABLE = {}\ndef time_f(): lib.work(TABLE)\n", "def work(d): d['a'] = 1\n",
                "def work(d): d['b'] = 1\n"},
        InPlace{"Closure",
                "def make():\n    seen = []\n    def time_f(): lib.work(seen)\n    return time_f\ntime_f = make()\n",
                "def work(x): x.append(1)\n", "def work(x): x.append(2)\n"},
        InPlace{"GlobalsOfAnExecutedFunction",
                "class A:\n    def setup(self):\n        names = {'lib': lib, 'x': []}\n"
                "        exec('def run(): lib.work(x)', names)\n        self.run = names['run']\n"
                "    def time_f(self): self.run()\n",
                "def work(x): x.append(1)\n", "def work(x): x.append(2)\n"},
        InPlace{"IteratorThatIsUsed",
                "class A:\n    def setup(self): self.i = iter(range(5))\n    def time_f(self): lib.work(self.i)\n",
                "def work(i): next(i); return None\n", "def work(i): next(i); next(i); return None\n"},
        InPlace{"Timeraw", "def timeraw_f():\n    return 'x = ' + lib.work()\n", "def work(): return 'sum([1, 2])'\n",
                "def work(): return 'sum([1, 3])'\n"}),
    [](const auto& tested) { return tested.param.name; });

TEST(State, IsNotLookedAtWhereThereIsAValue) {
  const Sandbox box;
  box.write_suite(
      "class A:\n    def setup(self): self.x = []\n    def time_f(self):\n        self.x.append(1)\n"
      "        return 5\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.A.time_f"), "outer") << captured.text();
  EXPECT_EQ(captured.entry("bench.A.time_f").at("sites").size(), 1u) << captured.text();
}

TEST(State, LooksWithoutUsingIteratorsUp) {
  const Sandbox box;
  box.write_suite(
      "class A:\n    def setup(self): self.i = iter([1, 2, 3]); self.seen = []\n"
      "    def time_f(self):\n        for x in self.i: self.seen.append(x)\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.A.time_f"), "state") << captured.text();
  EXPECT_THAT(box.run({"show", "bench.A.time_f"}).out, HasSubstr("['self.seen']: [1, 2, 3]"));
}

TEST(State, ThatIsNeverTheSameIsUnstable) {
  const Sandbox box;
  box.write_suite(
      "import os\nclass A:\n    def setup(self): self.x = []\n"
      "    def time_f(self): self.x.append(os.getpid())\n");
  EXPECT_EQ(box.capture().of("bench.A.time_f"), "unstable");
}

// A value that is held cannot be resized in place: the observer must not make the benchmark fail.
TEST(State, OfACaseThatMindsBeingLookedAt) {
  ST_NEEDS_NUMPY();
  const Sandbox box;
  box.write_suite(
      "import numpy as np\nimport lib\nclass A:\n    def time_resize(self):\n"
      "        self.a = np.arange(4)\n        self.a.resize(lib.SIZE)\n");
  box.write_library("SIZE = 6\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.A.time_resize"), "state") << captured.text();
  EXPECT_EQ(box.verify().of("bench.A.time_resize"), "identical");
  box.write_library("SIZE = 7\n");
  EXPECT_EQ(box.verify().of("bench.A.time_resize"), "different");
}

TEST(Timeraw, ThatFailsIsNamed) {
  const Sandbox box;
  box.write_suite("def timeraw_f():\n    return '1 / 0'\ndef time_g(): return 1\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.timeraw_f"), "failed") << captured.text();
  EXPECT_THAT(captured.run.out, HasSubstr("ZeroDivisionError"));
}

TEST(Timeraw, VariablesThatCannotBeReadAreSaidSo) {
  const Sandbox box;
  box.write_suite("def timeraw_f():\n    return 'x = 1\\nclass A: pass\\ny = A()\\nz = lambda: 0'\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.timeraw_f"), "state") << captured.text();
  const auto notes = captured.entry("bench.timeraw_f").at("observation").at("notes");
  ASSERT_EQ(notes.size(), 1u) << captured.text();
  EXPECT_THAT(notes[0].get<std::string>(), HasSubstr("the variable y is not observed"));
}

TEST(ModeDeepest, JudgesTheDeepestCallAlone) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_f():\n    return lib.outer()\n");
  box.write_library("def inner(): return [1]\ndef outer(): return inner() + [2]\n");
  EXPECT_EQ(box.capture({"--mode", "deepest"}).of("bench.time_f"), "inner");
  box.write_library("def inner(): return [1]\ndef outer(): return inner() + [3]\n");
  EXPECT_EQ(box.verify({"--mode", "deepest"}).of("bench.time_f"), "identical");
  box.write_library("def inner(): return [0]\ndef outer(): return [1, 2]\n");
  EXPECT_EQ(box.verify({"--mode", "deepest"}).run.status, 1);
}

TEST(ModeDeepest, JudgesAFullSnapshotByItsDeepestCall) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_f():\n    return lib.outer()\ndef time_g(): return 3\n");
  box.write_library("def inner(): return [1]\ndef outer(): return inner() + [2]\n");
  EXPECT_EQ(box.capture().of("bench.time_f"), "outer");
  box.write_library("def inner(): return [1]\ndef outer(): return inner() + [3]\n");
  const auto verified = box.verify({"--mode", "deepest"});
  EXPECT_EQ(verified.of("bench.time_f"), "identical") << verified.text();
  EXPECT_EQ(verified.of("bench.time_g"), "vacuous") << verified.text();
  EXPECT_EQ(box.verify().of("bench.time_f"), "different");
}

TEST(CaptureAccounting, FailsWhereTooLittleCanBeVerified) {
  const Sandbox box;
  box.write_suite("def time_f(): return 1\ndef nothing(): pass\ndef time_g(): nothing()\n");
  EXPECT_EQ(box.capture().run.status, 0);
  EXPECT_EQ(box.capture({"--min-verified", "50"}).run.status, 0);
  const auto strict = box.capture({"--strict"});
  EXPECT_EQ(strict.run.status, 1);
  EXPECT_THAT(strict.run.out, HasSubstr("verify will not be able to check 1 case (--strict)"));
  const auto share = box.capture({"--min-verified", "60"});
  EXPECT_EQ(share.run.status, 1);
  EXPECT_THAT(share.run.out, HasSubstr("only 50.0 % of the cases can be checked by their result (--min-verified 60)"));
  EXPECT_EQ(box.verify().of("bench.time_f"), "identical") << "the baseline is stored all the same";
}

TEST(ChangedBenchmarks, AreSaidToHaveChanged) {
  const Sandbox box;
  box.write_suite("def time_f():\n    return 1\ndef time_g():\n    return 1\n");
  EXPECT_EQ(box.capture().run.status, 0);
  box.write_suite("def time_f():\n    return 2\ndef time_g():\n    return 1\n");
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_f"), "different");
  EXPECT_TRUE(verified.entry("bench.time_f").at("source_changed"));
  EXPECT_FALSE(verified.entry("bench.time_g").at("source_changed"));
  EXPECT_THAT(verified.run.out, HasSubstr("own code is not what it was when captured"));
}

/// A library whose work() knows how many runs there were before; project/count holds their number.
constexpr const char* kCounting =
    "import pathlib\ncount = pathlib.Path(__file__).with_name('count')\n"
    "def work():\n    n = int(count.read_text())\n    count.write_text(str(n + 1))\n";

TEST(UnstableLeaves, ThatMoveALittleKeepABoundOfTheirOwn) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_f():\n    return lib.work()\n");
  // Each run is a little off the one before.
  box.write_library(
      std::string(kCounting) +
      "    return {'noisy': 5.0 * (1 + 3e-7 * n), 'wild': 2.0 ** n, 'counted': 1000000 + n, 'same': 3}\n");
  box.write("project/count", "0");
  const std::vector<std::string> tight = {"--tolerance", "1e-9", "0"};
  const auto captured = box.capture(tight);
  EXPECT_EQ(captured.of("bench.time_f"), "part") << captured.text();
  const auto site = captured.entry("bench.time_f").at("sites")[0];
  ASSERT_TRUE(site.contains("bounds")) << captured.text();
  EXPECT_NEAR(site.at("bounds").at("['noisy']").get<double>(), 3e-6, 1e-7);
  EXPECT_EQ(site.at("unstable"), nlohmann::json({"['wild']", "['counted']"})) << "integers are exact";
  EXPECT_EQ(box.verify(tight).of("bench.time_f"), "close") << "twice as far off as the second run was";
  box.write("project/count", "1000");
  EXPECT_EQ(box.verify(tight).of("bench.time_f"), "different");
  EXPECT_THAT(box.run({"show", "bench.time_f"}).out, HasSubstr("it differs a little from run to run: ['noisy']"));
}

// Two measured times may be alike by chance: a bound made of that would fail the next run.
TEST(UnstableLeaves, ThatMoveMoreThanRoundingDoesAreNotCompared) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_f():\n    return [lib.work(), 3]\n");
  box.write_library(std::string(kCounting) + "    return [0.0012, 0.0012001, 0.0014][n]\n");
  box.write("project/count", "0");
  EXPECT_EQ(box.capture().of("bench.time_f"), "part");
  EXPECT_EQ(box.verify().of("bench.time_f"), "identical");
}

// Calls that happen to return the same must not outweigh what they contribute to.
TEST(InnerValues, AreJudgedByTheOutermost) {
  const Sandbox box;
  box.write_suite("import lib\nclass A:\n    def run(self): lib.outer(3)\n    def time_f(self): self.run()\n");
  box.write_library("def inner(x): return [x, x + 1]\ndef outer(x): return sum(inner(x))\n");
  EXPECT_EQ(box.capture().of("bench.A.time_f"), "inner");
  box.write_library("def inner(x): return [x, x + 1]\ndef outer(x): return 2 * sum(inner(x))\n");
  EXPECT_EQ(box.verify().of("bench.A.time_f"), "different");
  box.write_library("def inner(x): return [x + 1, x]\ndef outer(x): return sum(inner(x))\n");
  EXPECT_EQ(box.verify().of("bench.A.time_f"), "inner-changed");
}

// Work in place whose inner calls return something: what they return is not what the call is for.
TEST(State, DecidesBeforeInnerValues) {
  const Sandbox box;
  box.write_suite(
      "import lib\nclass A:\n    def setup(self): self.x = [1.0, 2.0]\n    def time_f(self): lib.scale(self.x)\n");
  box.write_library("def factor(): return 2.0\ndef scale(x):\n    for i in range(2): x[i] *= factor()\n");
  EXPECT_EQ(box.capture().of("bench.A.time_f"), "state");
  EXPECT_EQ(box.verify().of("bench.A.time_f"), "identical");
  box.write_library("def factor(): return 2.0\ndef scale(x):\n    for i in range(2): x[i] *= factor() + 1\n");
  EXPECT_EQ(box.verify().of("bench.A.time_f"), "different");
  box.write_library("def scale(x):\n    x[:] = [v + v for v in x]\n");
  EXPECT_EQ(box.verify().of("bench.A.time_f"), "inner-changed");
}

TEST(BodyValues, OfAssignmentExpressionsAndFilledLists) {
  const Sandbox box;
  box.write_suite(
      "import lib\ndef time_f():\n    if (x := lib.work()) is not None: pass\n"
      "def time_g():\n    out = []\n    for _ in range(2): out.append(lib.work())\n"
      "def time_h():\n    out = []\n    for _ in range(2): lib.nothing()\n");
  box.write_library("def work(): return 5\ndef nothing(): pass\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.time_f"), "outer") << captured.text();
  EXPECT_EQ(captured.of("bench.time_g"), "outer") << captured.text();
  EXPECT_EQ(captured.of("bench.time_h"), "vacuous") << captured.text();
  box.write_library("def work(): return 6\ndef nothing(): pass\n");
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_f"), "different") << verified.text();
  EXPECT_EQ(verified.of("bench.time_g"), "different") << verified.text();
}

TEST(ClockReadings, AreNoResults) {
  const Sandbox box;
  box.write_suite(
      "import time\n"
      "def time_f():\n    t0 = time.time()\n    t1 = time.perf_counter()\n    t2 = time.time_ns()\n    return 5\n"
      "def time_g():\n    return time.monotonic()\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.entry("bench.time_f").at("sites").size(), 1u) << captured.text();
  EXPECT_EQ(captured.entry("bench.time_f").at("observation").at("notes").size(), 3u) << captured.text();
  EXPECT_EQ(captured.of("bench.time_g"), "vacuous") << captured.text();
  EXPECT_EQ(box.verify().of("bench.time_f"), "identical");
}

TEST(FreezeTime, MakesTheTimeOfDayAResult) {
  const Sandbox box;
  box.write_suite(
      "import datetime, time\ndef time_now():\n"
      "    return [time.time(), time.time_ns(), time.gmtime()[:6], datetime.datetime.utcnow().isoformat()]\n"
      "def time_measured():\n    begun = time.perf_counter()\n    time.sleep(0.01)\n"
      "    return time.perf_counter() - begun >= 0.009\n");
  const std::vector<std::string> frozen = {"--freeze-time", "86400"};
  EXPECT_EQ(box.capture(frozen).of("bench.time_now"), "outer");
  EXPECT_THAT(box.run({"show", "bench.time_now"}).out, HasSubstr("'1970-01-02T00:00:00'"));
  const auto verified = box.verify(frozen);
  EXPECT_EQ(verified.of("bench.time_now"), "identical") << verified.text();
  EXPECT_EQ(verified.of("bench.time_measured"), "identical") << verified.text();
  EXPECT_EQ(box.verify({"--freeze-time", "86401"}).of("bench.time_now"), "different");
}

TEST(Limits, ThatBiteAreSaidSo) {
  const Sandbox box;
  box.write("limits.json", R"({"max_iterator_items": 3, "max_value_bytes": 5000})");
  box.write_suite("def time_f():\n    return iter(range(10))\ndef time_g():\n    return list(range(10000))\n");
  const auto captured = box.capture({"--config", "limits.json"});
  EXPECT_EQ(captured.of("bench.time_f"), "outer") << captured.text();
  const auto notes = captured.entry("bench.time_f").at("observation").at("notes");
  ASSERT_FALSE(notes.empty()) << captured.text();
  EXPECT_THAT(notes[0].get<std::string>(), HasSubstr("return: "));
  EXPECT_EQ(captured.of("bench.time_g"), "opaque") << captured.text();
}

}  // namespace
}  // namespace snapshot_test::support
