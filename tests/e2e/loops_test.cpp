// What benchmarks that are loops are checked by: every round, and every item that passes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// A benchmark that is a loop, a library that does it wrongly in a way that its last round does not show, and one that
/// does it in another way.
struct Loop {
  const char* name;
  const char* bench;
  const char* right;
  const char* wrong;
  const char* neutral;
};
enum class Version { kRight, kWrong, kNeutral };

/// Each has a module and a library of its own, so that one run does for all.
void write_libraries(const Sandbox& box, const std::vector<Loop>& loops, Version version) {
  for (const Loop& each : loops) {
    const char* text = version == Version::kRight ? each.right : version == Version::kWrong ? each.wrong : each.neutral;
    box.write(std::string("project/lib") + each.name + ".py", text);
  }
}

void every_round_counts(const std::vector<Loop>& loops) {
  const Sandbox box;
  box.write_suite("");
  for (const Loop& each : loops) {
    const std::string name = each.name;
    box.write("benchmarks/" + name + ".py", "import lib" + name + " as lib\n" + each.bench);
  }
  write_libraries(box, loops, Version::kRight);
  const auto captured = box.capture();
  ASSERT_EQ(captured.outcomes().size(), loops.size()) << captured.text();
  for (const auto& [label, status] : captured.outcomes()) EXPECT_EQ(status, "outer") << label;
  for (const auto& [label, verdict] : box.verify({"--strict"}).outcomes()) EXPECT_EQ(verdict, "identical") << label;
  write_libraries(box, loops, Version::kNeutral);
  const auto other_way = box.verify();
  for (const auto& [label, verdict] : other_way.outcomes()) {
    EXPECT_THAT(verdict, AnyOf("identical", "close", "inner-changed")) << label;
  }
  write_libraries(box, loops, Version::kWrong);
  const auto changed = box.verify();
  for (const auto& [label, verdict] : changed.outcomes()) EXPECT_EQ(verdict, "different") << label;
  EXPECT_EQ(changed.outcomes().size(), loops.size());
  EXPECT_THAT(changed.run.out + changed.json.dump(), Not(HasSubstr("__snapshot_test__"))) << changed.text();
}

TEST(Loops, WrongRoundOfAStatement_IsDifferent) {
  ST_NEEDS_NUMPY();
  every_round_counts(
      {Loop{"Lookups",
            "class A:\n    def setup(self): self.d = lib.make()\n    def time_f(self):\n        d = self.d\n"
            "        for k in range(5): d[k]\n",
            "def make(): return {k: k * k for k in range(5)}\n",
            "def make(): return {k: k * k + (k == 2) for k in range(5)}\n",
            "def make(): return dict(zip(range(5), [0, 1, 4, 9, 16]))\n"},
       Loop{"Calls", "def time_f():\n    for k in range(5): lib.work(k)\n", "def work(k): return [k]\n",
            "def work(k): return [k if k != 1 else 7]\n", "def work(k): return list((k,))\n"},
       Loop{"MissingRound", "def time_f():\n    for k in lib.keys(): lib.work(k)\n",
            "def keys(): return [1, 2, 3]\ndef work(k): return k\n",
            "def keys(): return [1, 3]\ndef work(k): return k\n",
            "def keys(): return [1] + [2, 3]\ndef work(k): return k\n"},
       Loop{"Assigned", "def time_f():\n    for k in range(5):\n        x = lib.work(k)\n",
            "def work(k): return {'k': k}\n", "def work(k): return {'k': k + (k == 3)}\n",
            "def work(k): return dict(k=k)\n"},
       Loop{"Unpacked", "def time_f():\n    for k in range(5):\n        a, b = lib.work(k)\n",
            "def work(k): return k, [k]\n", "def work(k): return k, [k * 2 if k < 2 else k]\n",
            "def work(k): return [k, [k]]\n"},
       Loop{"Augmented",
            "def time_f():\n    n = 0\n    for k in range(5):\n        n += lib.work(k)\n    n = 0\n    n = "
            "lib.work(0)\n",
            "def work(k): return k\n", "def work(k): return {1: 2, 2: 1}.get(k, k)\n", "def work(k): return +k\n"},
       Loop{"Walrus", "def time_f():\n    k = 0\n    while (x := lib.work(k)) < 9: k += 1\n",
            "def work(k): return k * k\n", "def work(k): return {1: 2}.get(k, k * k)\n",
            "def work(k): return k ** 2\n"},
       Loop{"WorkedOnInPlace", "def time_f():\n    for k in range(3):\n        x = lib.make(k)\n        lib.work(x)\n",
            "def make(k): return [k, 0, 3]\ndef work(x): x.sort()\n",
            "def make(k): return [k, 0, 3]\ndef work(x):\n    if x[0] != 1: x.sort()\n",
            "def make(k): return [k, 0, 3]\ndef work(x): x[:] = sorted(x)\n"},
       Loop{"Filled",
            "def time_f():\n    for k in range(3):\n        out = []\n        for i in range(2): out.append(lib.work(k "
            "+ i))\n",
            "def work(k): return k\n", "def work(k): return k if k else 7\n", "def work(k): return int(k)\n"},
       Loop{"SameBuffer",
            "import numpy as np\nclass A:\n    def setup(self): self.out = np.zeros(4)\n"
            "    def time_f(self):\n        for k in range(4): np.add(lib.work(k), 1, out=self.out)\n",
            "def work(k): return float(k)\n", "def work(k): return float(k) + (k == 1)\n",
            "def work(k): return k * 1.0\n"},
       Loop{"Nested", "def time_f():\n    for i in range(3):\n        for j in range(3): lib.work(i, j)\n",
            "def work(i, j): return i * j\n", "def work(i, j): return i * j + (i == j == 1)\n",
            "def work(i, j): return j * i\n"},
       Loop{"UntilItRaises",
            "def time_f():\n    try:\n        for k in range(9): lib.work(k)\n    except ValueError: pass\n",
            "def work(k):\n    if k == 4: raise ValueError\n    return k\n",
            "def work(k):\n    if k == 4: raise ValueError\n    return k or 5\n",
            "def work(k):\n    if k > 3: raise ValueError('no')\n    return k\n"},
       Loop{"BreakAndContinue",
            "def time_f():\n    for k in range(9):\n        if k == 5: break\n        if k == 1: continue\n        "
            "lib.work(k)\n"
            "    else: lib.work(100)\n",
            "def work(k): return k\n", "def work(k): return {2: 3}.get(k, k)\n", "def work(k): return k + 0\n"}});
}

constexpr const char* kGenerator = "def gen():\n    yield [1]\n    yield [2]\n    yield [3]\n";
constexpr const char* kReordered = "def gen():\n    yield [2]\n    yield [1]\n    yield [3]\n";
constexpr const char* kDropped = "def gen():\n    yield [1]\n    yield [3]\n";
constexpr const char* kChanged = "def gen():\n    yield [1]\n    yield [7]\n    yield [3]\n";
constexpr const char* kOtherWay = "def gen(): return iter([[1], [2], [3]])\n";

TEST(Loops, WrongItemThatOnlyPasses_IsDifferent) {
  every_round_counts(
      {Loop{"ForPass", "def time_f():\n    for _ in lib.gen(): pass\n", kGenerator, kReordered, kOtherWay},
       Loop{"ForPassDropped", "def time_f():\n    for _ in lib.gen(): pass\n", kGenerator, kDropped, kOtherWay},
       Loop{"ForPassChanged", "def time_f():\n    for _ in lib.gen(): pass\n", kGenerator, kChanged, kOtherWay},
       Loop{"NamedIterator", "def time_f():\n    g = lib.gen()\n    for _ in g: pass\n", kGenerator, kChanged,
            "def gen(): return map(list, ((1,), (2,), (3,)))\n"},
       Loop{"Deque", "from collections import deque\ndef time_f():\n    deque(lib.gen(), maxlen=0)\n", kGenerator,
            kChanged, "def gen(): return map(list, ((1,), (2,), (3,)))\n"},
       Loop{"Enumerated", "def time_f():\n    for i, x in enumerate(lib.gen()): pass\n", kGenerator, kReordered,
            kOtherWay},
       Loop{"Next",
            "def time_f():\n    it = lib.gen()\n    try:\n        while True: next(it)\n    except StopIteration: "
            "pass\n",
            kGenerator, kReordered, kOtherWay},
       Loop{"Comprehension", "def time_f():\n    return [0 for _ in lib.gen()]\n", kGenerator, kChanged, kOtherWay},
       Loop{"NestedComprehension", "def time_f():\n    return [0 for i in range(2) for _ in lib.gen()]\n", kGenerator,
            kReordered, kOtherWay},
       Loop{"Summed", "def time_f():\n    sum(1 for _ in lib.gen())\n", kGenerator, kChanged, kOtherWay},
       Loop{"Any", "def time_f():\n    any(x == [9] for x in lib.gen())\n", kGenerator, kReordered, kOtherWay},
       Loop{"Length", "def time_f():\n    return len(list(lib.gen()))\n", kGenerator, kChanged,
            "def gen(): return map(list, ((1,), (2,), (3,)))\n"},
       Loop{"GroupBy",
            "import itertools\ndef time_f():\n    for key, group in itertools.groupby(lib.words(), len):\n"
            "        for word in group: pass\n",
            "def words(): return ['a', 'b', 'cc', 'dd', 'e']\n", "def words(): return ['a', 'x', 'cc', 'dd', 'e']\n",
            "def words(): return list('ab') + ['cc', 'dd', 'e']\n"},
       Loop{"Entered", "def time_f():\n    with lib.opened() as x: pass\n",
            "import contextlib\n@contextlib.contextmanager\ndef opened(): yield [1]\n",
            "import contextlib\n@contextlib.contextmanager\ndef opened(): yield [2]\n",
            "import contextlib\ndef opened(): return contextlib.nullcontext([1])\n"}});
}

// What is iterated over is given, and what the rounds compute is None.
TEST(Loops, RoundsThatComputeNothing_AreVacuous) {
  const Sandbox box;
  box.write_suite(
      "import lib\nimport itertools\ndef time_range():\n    for i in range(5): pass\n"
      "def time_calls():\n    for i in range(5): lib.nothing()\n"
      "DATA = [1, 2]\nTABLE = {1: 2}\n"
      "def time_given():\n    for x in DATA: pass\n    for k, v in TABLE.items(): pass\n    for x in sorted(DATA): "
      "pass\n"
      "    for i, x in enumerate(DATA): pass\n    for x in itertools.product(DATA, DATA): pass\n"
      "def time_given_iterator():\n    it = iter(DATA)\n    for x in it: pass\n"
      "def time_names():\n    for x in DATA:\n        n = x\n        t = DATA\n"
      "def time_entered():\n    with lib.lock() as x: pass\n");
  box.write_library("import threading\ndef nothing(): pass\ndef lock(): return threading.Lock()\n");
  const auto captured = box.capture();
  for (const char* name : {"range", "calls", "given", "given_iterator"}) {
    EXPECT_EQ(captured.of(std::string("bench.time_") + name), "vacuous") << name << captured.text();
  }
  EXPECT_NE(captured.of("bench.time_entered"), "outer") << captured.text();
}

// An iterator that was used up says nothing.
TEST(Loops, ExhaustedIterator_IsVacuous) {
  const Sandbox box;
  box.write_suite("import lib\nDATA = [1, 2]\ndef time_f():\n    it = iter(DATA)\n    lib.use(it)\n");
  box.write_library("def use(it):\n    for x in it: pass\n");
  EXPECT_EQ(box.capture().of("bench.time_f"), "vacuous");
}

TEST(Loops, RoundsOfLargeArrays_AreComparedByDigestOrValue) {
  ST_NEEDS_NUMPY();
  const Sandbox box;
  box.write_suite(
      "import lib\nclass A:\n    def time_f(self):\n        for k in range(60): lib.work(k)\n"
      "    def time_same(self):\n        for k in range(60): lib.work(3)\n");
  box.write_library("import numpy as np\nX = np.linspace(1, 2, 131072)\ndef work(k): return X * (k + 1)\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.A.time_f"), "part") << "some rounds are digests\n" << captured.text();
  EXPECT_EQ(captured.of("bench.A.time_same"), "outer") << captured.text();
  EXPECT_LT(captured.entry("bench.A.time_f").at("sites")[0].at("bytes"), 40 << 20);
  EXPECT_LT(captured.entry("bench.A.time_same").at("sites")[0].at("bytes"), 2 << 20);
  EXPECT_EQ(box.verify().of("bench.A.time_f"), "identical");
  box.write_library(
      "import numpy as np\nX = np.linspace(1, 2, 131072)\ndef work(k): return X * (k + 1) * (1 + 1e-13)\n");
  const auto rounded = box.verify();
  EXPECT_EQ(rounded.of("bench.A.time_f"), "close") << rounded.text();
  box.write_library(
      "import numpy as np\nX = np.linspace(1, 2, 131072)\ndef work(k):\n    y = X * (k + 1)\n"
      "    if k == 50: y[77] += 1\n    return y\n");
  const auto changed = box.verify();
  EXPECT_EQ(changed.of("bench.A.time_f"), "different") << changed.text();
  EXPECT_THAT(changed.json.dump(), HasSubstr("[50]"));
  EXPECT_EQ(changed.of("bench.A.time_same"), "identical") << changed.text();
}

// Stores that were made when only the last round counted.
TEST(Loops, BaselineOfOneRound_IsComparedWithTheLastRound) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_f():\n    lib.work(4)\n");
  box.write_library("def work(k): return k * k\n");
  EXPECT_EQ(box.capture().of("bench.time_f"), "outer");
  box.write_suite("import lib\ndef time_f():\n    for k in range(5): lib.work(k)\n");
  EXPECT_THAT(box.verify().of("bench.time_f"), AnyOf("identical", "inner-changed"));
  box.write_library("def work(k): return k * k + (k == 4)\n");
  EXPECT_EQ(box.verify().of("bench.time_f"), "different");
}

TEST(Loops, ShowAndVerify_CountTheRounds) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_f():\n    for k in range(300): lib.work(k)\n");
  box.write_library("def work(k): return [k]\n");
  EXPECT_EQ(box.capture().of("bench.time_f"), "outer");
  EXPECT_THAT(box.run({"show", "bench.time_f"}).out, HasSubstr("300 rounds"));
  box.write_library("def work(k): return [k + (k == 12)]\n");
  const auto changed = box.verify();
  EXPECT_THAT(changed.run.out, HasSubstr("[12][0]")) << changed.text();
  EXPECT_THAT(changed.run.out, HasSubstr("round i of 300")) << changed.text();
}

TEST(Loops, TwoHundredThousandRounds_OneWrongIsDifferent) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_f():\n    for k in range(200_000): lib.work(k)\n");
  box.write_library("def work(k): return k + 1\n");
  EXPECT_EQ(box.capture().of("bench.time_f"), "outer");
  EXPECT_EQ(box.verify().of("bench.time_f"), "identical");
  box.write_library("def work(k): return k + 1 + (k == 123_456)\n");
  const auto changed = box.verify();
  EXPECT_EQ(changed.of("bench.time_f"), "different");
  EXPECT_THAT(changed.json.dump(), HasSubstr("[123456]"));
}

// A later statement writes over what an earlier one computed.
TEST(Loops, BufferWrittenOverLater_WrongValueIsDifferent) {
  ST_NEEDS_NUMPY();
  const Sandbox box;
  box.write_suite(
      "import lib\nimport numpy as np\nclass A:\n    params = [10, 500_000]\n"
      "    def setup(self, n): self.b = np.ones(n)\n"
      "    def time_f(self, n):\n        b = self.b\n        np.add(b, lib.F, out=b)\n        b.fill(0)\n"
      "    def time_named(self, n):\n        x = lib.make(n)\n        x[:] = 0\n"
      "    def time_filled(self, n):\n        x = np.empty(n)\n        x[:] = lib.F\n");
  box.write_library("import numpy as np\nF = 2.0\ndef make(n): return np.full(n, F)\n");
  EXPECT_EQ(box.capture().run.status, 0);
  const auto unchanged = box.verify({"--strict"});
  EXPECT_EQ(unchanged.run.status, 0) << unchanged.text();
  box.write_library("import numpy as np\nF = 2.0 * (1 + 1e-14)\ndef make(n): return np.full(n, F)\n");
  const auto rounded = box.verify();
  EXPECT_EQ(rounded.run.status, 0) << rounded.text();
  box.write_library("import numpy as np\nF = 3.0\ndef make(n): return np.full(n, F)\n");
  const auto changed = box.verify();
  for (const auto& [name, verdict] : changed.outcomes()) EXPECT_EQ(verdict, "different") << name << changed.text();
}

TEST(Loops, NetworkxShortestPaths_WrongPathIsDifferent) {
  ST_SKIP_UNLESS(python_has("networkx"), "the test interpreter lacks networkx");
  const Sandbox box;
  box.write_suite(
      "import lib\nimport networkx as nx\nclass Paths:\n"
      "    def setup(self):\n        self.g = nx.grid_2d_graph(4, 4)\n"
      "        for i, (a, b) in enumerate(sorted(self.g.edges)): self.g[a][b]['weight'] = i % 5 + 1\n"
      "    def time_all(self):\n        for _ in nx.all_shortest_paths(self.g, (0, 0), (3, 3)): pass\n"
      "    def time_dijkstra(self):\n        for s in self.g: nx.single_source_dijkstra(self.g, s)\n");
  box.write_library("");
  EXPECT_EQ(box.capture().run.status, 0);
  const auto unchanged = box.verify({"--strict"});
  EXPECT_EQ(unchanged.run.status, 0) << unchanged.text();
  box.write_library(
      "import networkx as nx\nall_paths, dijkstra = nx.all_shortest_paths, nx.single_source_dijkstra\n"
      "nx.all_shortest_paths = lambda *a: (p[::-1] for p in all_paths(*a))\n"
      "def without_inner(*a):\n    d, paths = dijkstra(*a)\n"
      "    return d, {k: [p[0], p[-1]] if a[1] != (3, 3) and len(p) > 2 else p for k, p in paths.items()}\n"
      "nx.single_source_dijkstra = without_inner\n");
  const auto changed = box.verify();
  EXPECT_EQ(changed.of("bench.Paths.time_all"), "different") << changed.text();
  EXPECT_EQ(changed.of("bench.Paths.time_dijkstra"), "different") << changed.text();
}

}  // namespace
}  // namespace snapshot_test::support
