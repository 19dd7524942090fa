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

TEST_P(StateOf, NothingReturnedAndStateChanged_IsDifferent) {
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

/// The kinds of site that a capture stored of a case.
std::vector<std::string> sites_of(const Report& captured, const std::string& label) {
  std::vector<std::string> sites;
  const nlohmann::json entry = captured.entry(label);
  for (const auto& site : entry.at("sites")) {
    sites.push_back(site.at("site"));
  }
  return sites;
}

class StateBesideValues : public ::testing::TestWithParam<InPlace> {};

TEST_P(StateBesideValues, ValueSameAndStateChanged_IsDifferent) {
  ST_NEEDS_NUMPY();
  const Sandbox box;
  box.write_suite(std::string("import lib\n") + GetParam().bench);
  box.write_library(GetParam().right);
  const auto captured = box.capture();
  ASSERT_EQ(captured.json.at("cases").size(), 1u) << captured.text();
  EXPECT_EQ(captured.json.at("cases")[0].at("status"), "outer") << captured.text();
  const auto unchanged = box.verify({"-j2"});
  EXPECT_EQ(unchanged.json.at("cases")[0].at("verdict"), "identical") << unchanged.text();
  box.write_library(GetParam().wrong);
  const auto changed = box.verify();
  EXPECT_EQ(changed.json.at("cases")[0].at("verdict"), "different") << changed.text();
}

INSTANTIATE_TEST_SUITE_P(
    State, StateBesideValues,
    ::testing::Values(InPlace{"AnUnrelatedValueBefore",
                              "class A:\n    def setup(self): self.a = [3, 1, 2]\n"
                              "    def time_f(self):\n        n = len(self.a)\n        lib.sort(self.a)\n",
                              "def sort(a): a.sort()\n", "def sort(a): a.sort(reverse=True)\n"},
                      InPlace{"AReturnedStatus",
                              "import numpy as np\nclass A:\n    def setup(self): self.a = np.array([3., 1., 2.])\n"
                              "    def time_f(self): return lib.in_place(self.a)\n",
                              "def in_place(a):\n    a.sort()\n    return 0\n", "def in_place(a):\n    return 0\n"},
                      InPlace{"ATool",
                              "class A:\n    def setup(self): self.a = [3, 1, 2]\n"
                              "    def time_f(self):\n        s = lib.Sorter()\n        s.sort(self.a)\n",
                              "class Sorter:\n    def __init__(self): self.n = 1\n    def sort(self, a): a.sort()\n",
                              "class Sorter:\n    def __init__(self): self.n = 1\n    def sort(self, a): pass\n"},
                      InPlace{"AnAttributeOfAnObject",
                              "class A:\n    def setup(self): self.solver = lib.Solver()\n"
                              "    def time_f(self): return self.solver.run()\n",
                              "class Solver:\n    def __init__(self): self.x = [0]\n"
                              "    def run(self):\n        self.x[0] = 5\n        return True\n",
                              "class Solver:\n    def __init__(self): self.x = [0]\n"
                              "    def run(self):\n        self.x[0] = 6\n        return True\n"},
                      InPlace{"AnArgument",
                              "class A:\n    params = [[[3, 1, 2]]]\n    def time_f(self, x): return lib.sort(x)\n",
                              "def sort(x):\n    x.sort()\n    return len(x)\n", "def sort(x):\n    return len(x)\n"},
                      InPlace{"ATable", "TABLE = {'n': 0}\ndef time_f(): return lib.count(TABLE)\n",
                              "def count(t):\n    t['n'] += 1\n    return True\n",
                              "def count(t):\n    t['n'] += 2\n    return True\n"},
                      InPlace{"PartOfAnArrayIsReturned",
                              "import numpy as np\nclass A:\n    def setup(self): self.a = np.arange(6.0)\n"
                              "    def time_f(self): return lib.double(self.a)\n",
                              "def double(a):\n    a *= 2\n    return a[:1]\n",
                              "def double(a):\n    a *= 3\n    return a[:1]\n"}),
    [](const auto& tested) { return tested.param.name; });

/// What an optimisation may add beside a value: a case whose state must not be looked at.
class NoState : public ::testing::TestWithParam<InPlace> {};

TEST_P(NoState, ValueShowsTheChangeOrItIsACache_HasNoStateSite) {
  ST_NEEDS_NUMPY();
  const Sandbox box;
  box.write_suite(std::string("import lib\n") + GetParam().bench);
  box.write_library(GetParam().right);
  const auto captured = box.capture();
  EXPECT_THAT(sites_of(captured, "bench.A.time_f"), ::testing::Not(::testing::Contains("state"))) << captured.text();
  box.write_library(GetParam().wrong);  // it is not
  const auto changed = box.verify();
  EXPECT_THAT(changed.of("bench.A.time_f"), ::testing::AnyOf("identical", "inner-changed")) << changed.text();
}

INSTANTIATE_TEST_SUITE_P(
    State, NoState,
    ::testing::Values(
        InPlace{"TheChangedObjectIsReturned",
                "class A:\n    def setup(self): self.a = [3, 1, 2]\n    def time_f(self): return lib.sort(self.a)\n",
                "def sort(a):\n    a.sort()\n    return a\n", "def sort(a): return sorted(a)\n"},
        InPlace{"ItsContentIsReturned",
                "class A:\n    def setup(self): self.a = [3, 1, 2]\n    def time_f(self): return lib.sort(self.a)\n",
                "def sort(a):\n    a.sort()\n    return list(a)\n", "def sort(a): return sorted(a)\n"},
        InPlace{"ItsMemoryIsReturned",
                "import numpy as np\nclass A:\n    def setup(self): self.a = np.array([3, 1, 2])\n"
                "    def time_f(self): return lib.sort(self.a)\n",
                "def sort(a):\n    a.sort()\n    return a[::1].reshape(3)\n",
                "import numpy\ndef sort(a): return numpy.sort(a)\n"},
        InPlace{"AnAttributeIsFilled",
                "class A:\n    def setup(self): self.t = lib.Tree()\n    def time_f(self): return self.t.size()\n",
                "class Tree:\n    def __init__(self): self.n = None\n"
                "    def size(self):\n        self.n = 3\n        return 3\n",
                "class Tree:\n    def __init__(self): self.n = None\n"
                "    def size(self):\n        self.m = [3]\n        return 3\n"},
        InPlace{"AModuleGainsAnEntry", "CACHE = {}\nclass A:\n    def time_f(self): return lib.fib(9, CACHE)\n",
                "def fib(n, cache):\n    if n in cache: return cache[n]\n"
                "    cache[n] = n if n < 2 else fib(n - 1, cache) + fib(n - 2, cache)\n    return cache[n]\n",
                "def fib(n, cache):\n    a, b = 0, 1\n    for _ in range(n): a, b = b, a + b\n    return a\n"},
        InPlace{
            "AnIteratorIsUsed",
            "class A:\n    def setup(self): self.i = iter(range(9))\n    def time_f(self): return lib.first(self.i)\n",
            "def first(i): return next(i)\n", "def first(i):\n    x = next(i)\n    next(i)\n    return x\n"}),
    [](const auto& tested) { return tested.param.name; });

// Files are state, whatever else there is.
class Files : public ::testing::TestWithParam<InPlace> {};

TEST_P(Files, FileWrittenDifferently_IsDifferent) {
  ST_NEEDS_NUMPY();
  const Sandbox box;
  box.write_suite(std::string("import lib\nimport numpy as np\nimport os, tempfile, time\n") + GetParam().bench);
  box.write_library(GetParam().right);
  const auto captured = box.capture();
  EXPECT_THAT(sites_of(captured, "bench.A.time_f"), ::testing::Contains("state")) << captured.text();
  const auto unchanged = box.verify({"-j2"});
  EXPECT_EQ(unchanged.of("bench.A.time_f"), "identical") << unchanged.text();
  EXPECT_THAT(unchanged.entry("bench.A.time_f").dump(), ::testing::Not(HasSubstr("\"unstable\""))) << unchanged.text();
  box.write_library(GetParam().wrong);
  const auto changed = box.verify();
  EXPECT_EQ(changed.of("bench.A.time_f"), "different") << changed.text();
}

INSTANTIATE_TEST_SUITE_P(
    State, Files,
    ::testing::Values(
        InPlace{"Array", "class A:\n    def time_f(self): np.save('out.npy', lib.work())\n",
                "import numpy\ndef work(): return numpy.arange(3.0)\n",
                "import numpy\ndef work(): return numpy.arange(3.0) + 1\n"},
        InPlace{"Archive", "class A:\n    def time_f(self): np.savez_compressed('out.npz', a=lib.work())\n",
                "import numpy\ndef work(): return numpy.arange(3.0)\n",
                "import numpy\ndef work(): return numpy.arange(3.0) + 1\n"},
        InPlace{"Text", "class A:\n    def time_f(self):\n        with open('out', 'w') as f: f.write(lib.work())\n",
                "def work(): return 'abc'\n", "def work(): return 'abd'\n"},
        InPlace{"NotClosed",
                "class A:\n    def time_f(self):\n        f = open('out', 'w')\n        f.write(lib.work())\n",
                "def work(): return 'abc'\n", "def work(): return 'abd'\n"},
        InPlace{"Temporary",
                "class A:\n    def time_f(self):\n        fd, self.p = tempfile.mkstemp(suffix='.txt')\n"
                "        os.write(fd, lib.work())\n        os.close(fd)\n",
                "def work(): return b'abc'\n", "def work(): return b'abd'\n"},
        InPlace{"GivenByItsPath",
                "class A:\n    def setup(self): self.p = os.path.abspath('given')\n"
                "    def time_f(self):\n        with open(self.p, 'w') as f: f.write(lib.work())\n",
                "def work(): return 'abc'\n", "def work(): return 'abd'\n"},
        InPlace{"InTheFolderOfItsSetupCache",
                "class A:\n    def setup_cache(self): return 1\n"
                "    def time_f(self, p):\n        with open('out', 'w') as f: f.write(lib.work())\n",
                "def work(): return 'abc'\n", "def work(): return 'abd'\n"},
        InPlace{"Deleted",
                "class A:\n    def setup(self): open('a', 'w').close(); open('b', 'w').close()\n"
                "    def time_f(self): os.remove(lib.work())\n",
                "def work(): return 'a'\n", "def work(): return 'b'\n"},
        InPlace{"ZipWithTheTime",
                "import zipfile\nclass A:\n    def time_f(self):\n"
                "        with zipfile.ZipFile('out.zip', 'w') as z:\n"
                "            z.writestr(zipfile.ZipInfo('a', time.gmtime(10**9 + time.time_ns() % 10**8)[:6]), "
                "lib.work())\n",
                "def work(): return 'abc'\n", "def work(): return 'abd'\n"},
        InPlace{"LargeZipWithTheTime",
                "import zipfile\nclass A:\n    def time_f(self):\n"
                "        with zipfile.ZipFile('out.zip', 'w') as z:\n"
                "            z.writestr(zipfile.ZipInfo('a', time.gmtime(10**9 + time.time_ns() % 10**8)[:6]), "
                "lib.work())\n",
                "def work(): return b'abc' + bytes(70_000_000)\n", "def work(): return b'abd' + bytes(70_000_000)\n"},
        InPlace{"Gzip",
                "import gzip\nclass A:\n    def time_f(self):\n"
                "        with open('out.gz', 'wb') as f:\n"
                "            f.write(gzip.compress(lib.work(), mtime=time.time_ns() % 10**9))\n",
                "def work(): return b'abc'\n", "def work(): return b'abd'\n"},
        InPlace{
            "Pdf",
            "class A:\n    def time_f(self):\n        with open('out.pdf', 'wb') as f:\n"
            "            f.write(b'%PDF-1.4 /CreationDate (D:' + str(time.time_ns()).encode() + b') ' + lib.work())\n",
            "def work(): return b'abc'\n", "def work(): return b'abd'\n"},
        InPlace{"Database",
                "import sqlite3\nclass A:\n    def setup(self):\n        self.c = sqlite3.connect('x.db')\n"
                "        self.c.execute('create table t(a)')\n        self.c.commit()\n"
                "    def time_f(self):\n        self.c.execute('insert into t values (?)', (lib.work(),))\n"
                "        self.c.commit()\n",
                "def work(): return 1\n", "def work(): return 2\n"}),
    [](const auto& tested) { return tested.param.name; });

TEST(State, NumbersInAFileWithinTolerance_AreClose) {
  ST_NEEDS_NUMPY();
  const Sandbox box;
  box.write_suite("import lib\nimport numpy as np\ndef time_f(): np.savetxt('out.csv', np.ones(3) * lib.X)\n");
  box.write_library("X = 1.0\n");
  ASSERT_EQ(box.capture().of("bench.time_f"), "state");
  box.write_library("X = 1.0 + 1e-14\n");
  EXPECT_EQ(box.verify().of("bench.time_f"), "close");
}

TEST(State, NamedPipe_IsNotOpened) {
  const Sandbox box;
  box.write_suite("import os\ndef time_f(): os.mkfifo('pipe')\n");
  EXPECT_EQ(box.capture().of("bench.time_f"), "state");
  EXPECT_EQ(box.verify().of("bench.time_f"), "identical");
}

TEST(State, IteratorThatTheCaseUses_IsNotUsedUpByLooking) {
  const Sandbox box;
  box.write_suite(
      "class A:\n    def setup(self): self.i = iter([1, 2, 3]); self.seen = []\n"
      "    def time_f(self):\n        for x in self.i: self.seen.append(x)\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.A.time_f"), "state") << captured.text();
  EXPECT_THAT(box.run({"show", "bench.A.time_f"}).out, HasSubstr("['self.seen']: [1, 2, 3]"));
}

TEST(State, StateThatNeverIsTheSame_IsUnstable) {
  const Sandbox box;
  box.write_suite(
      "import os\nclass A:\n    def setup(self): self.x = []\n"
      "    def time_f(self): self.x.append(os.getpid())\n");
  EXPECT_EQ(box.capture().of("bench.A.time_f"), "unstable");
}

// A value that is held cannot be resized in place: the observer must not make the benchmark fail.
TEST(State, CaseThatFailsWhenItsValuesAreHeld_IsCheckedByState) {
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

// What it returns is compared all the same, and verify looks in the way that capture did.
TEST(State, CaseThatFailsWhenItsValuesAreHeld_IsCheckedByValue) {
  ST_NEEDS_NUMPY();
  const Sandbox box;
  box.write_suite(
      "import sys\nimport numpy as np\nimport lib\nclass A:\n    def time_resize(self):\n"
      "        a = np.arange(4)\n        a.resize(6)\n        return a + lib.N\n"
      "    def setup(self): self.x = [object()]\n"
      "    def time_references(self):\n        y = [1, 2, 3]\n        z = y\n"
      "        assert sys.getrefcount(y) == 3, 'held'\n        return [lib.N]\n"
      "    def time_nothing(self):\n        a = np.arange(4)\n        a.resize(6)\n");
  box.write_library("N = 1\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.A.time_resize"), "outer") << captured.text();
  EXPECT_EQ(captured.of("bench.A.time_references"), "outer") << captured.text();
  EXPECT_EQ(captured.of("bench.A.time_nothing"), "vacuous") << captured.text();
  const auto unchanged = box.verify();
  EXPECT_EQ(unchanged.of("bench.A.time_resize"), "identical") << unchanged.text();
  EXPECT_EQ(unchanged.of("bench.A.time_references"), "identical") << unchanged.text();
  EXPECT_EQ(unchanged.of("bench.A.time_nothing"), "vacuous") << unchanged.text();
  box.write_library("N = 2\n");
  const auto changed = box.verify();
  EXPECT_EQ(changed.of("bench.A.time_resize"), "different") << changed.text();
  EXPECT_EQ(changed.of("bench.A.time_references"), "different") << changed.text();
}

TEST(Timeraw, CodeThatRaises_FailsAndNamesTheError) {
  const Sandbox box;
  box.write_suite("def timeraw_f():\n    return '1 / 0'\ndef time_g(): return 1\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.timeraw_f"), "failed") << captured.text();
  EXPECT_THAT(captured.run.out, HasSubstr("ZeroDivisionError"));
}

TEST(Timeraw, VariableThatCannotBePickled_IsNoted) {
  const Sandbox box;
  box.write_suite("def timeraw_f():\n    return 'x = 1\\nclass A: pass\\ny = A()\\nz = lambda: 0'\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.timeraw_f"), "state") << captured.text();
  const auto notes = captured.entry("bench.timeraw_f").at("observation").at("notes");
  ASSERT_EQ(notes.size(), 1u) << captured.text();
  EXPECT_THAT(notes[0].get<std::string>(), HasSubstr("the variable y is not observed"));
}

TEST(ModeDeepest, DeepestCallSame_IsIdenticalWhateverTheOuterReturns) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_f():\n    return lib.outer()\n");
  box.write_library("def inner(): return [1]\ndef outer(): return inner() + [2]\n");
  EXPECT_EQ(box.capture({"--mode", "deepest"}).of("bench.time_f"), "inner");
  box.write_library("def inner(): return [1]\ndef outer(): return inner() + [3]\n");
  EXPECT_EQ(box.verify({"--mode", "deepest"}).of("bench.time_f"), "identical");
  box.write_library("def inner(): return [0]\ndef outer(): return [1, 2]\n");
  EXPECT_EQ(box.verify({"--mode", "deepest"}).run.status, 1);
}

TEST(ModeDeepest, SnapshotOfAllSites_IsJudgedByTheDeepestCall) {
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

TEST(CaptureAccounting, TooFewVerifiableCases_FailCaptureAndStillStore) {
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

TEST(ChangedBenchmarks, OtherBenchmarkCode_IsSaidToHaveChanged) {
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

TEST(ChangedBenchmarks, SnapshotWithoutAVersion_IsNotSaidToHaveChanged) {
  const Sandbox box;
  box.write_suite("def time_f():\n    return 1\n");
  EXPECT_EQ(box.capture().run.status, 0);
  const std::string manifest = ".snapshots/cases/bench/time_f.json";
  auto json = box.read_json(manifest);
  json.at("version") = "";  // as a script leaves it that stores a case
  box.write(manifest, json.dump());
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_f"), "identical") << verified.text();
  EXPECT_FALSE(verified.entry("bench.time_f").at("source_changed"));
}

/// A library whose work() knows how many runs there were before; project/count holds their number.
constexpr const char* kCounting =
    "import pathlib\ncount = pathlib.Path(__file__).with_name('count')\n"
    "def work():\n    n = int(count.read_text())\n    count.write_text(str(n + 1))\n";

TEST(UnstableLeaves, NumberThatMovesALittle_IsComparedWithinItsBound) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_f():\n    return lib.work()\n");
  // Each run is a little off the one before.
  box.write_library(
      std::string(kCounting) +
      "    return {'noisy': 5.0 * (1 + 3e-7 * n), 'wild': 2.0 ** n, 'counted': 1000000 + n, 'same': 3}\n");
  box.write("project/count", "0");
  // Two runs in all: a series that does not confirm the first would take a third.
  const std::vector<std::string> tight = {"--tolerance", "1e-9", "0", "--isolation", "case"};
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
TEST(UnstableLeaves, NumberThatMovesMoreThanRounding_IsNotCompared) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_f():\n    return [lib.work(), 3]\n");
  box.write_library(std::string(kCounting) + "    return [0.0012, 0.0012001, 0.0014][n]\n");
  box.write("project/count", "0");
  EXPECT_EQ(box.capture({"--isolation", "case"}).of("bench.time_f"), "part");  // two runs in all
  EXPECT_EQ(box.verify().of("bench.time_f"), "identical");
}

// Calls that happen to return the same must not outweigh what they contribute to.
TEST(InnerValues, OutermostInnerCallChanges_IsDifferent) {
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
TEST(State, StateBesideInnerValues_DecidesTheVerdict) {
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

TEST(BodyValues, AssignmentExpressionOrFilledList_IsCompared) {
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

TEST(ClockReadings, TimeReadInABenchmark_IsNotCompared) {
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

TEST(FreezeTime, TimeOfDayWhenFrozen_IsComparedAndDurationsStayReal) {
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

TEST(Limits, LimitThatCutsAValue_IsNoted) {
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
