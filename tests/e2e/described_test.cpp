// Values that cannot be pickled as they are: what verify sees of them.
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

struct Change {
  const char* name;
  const char* before;  ///< the library
  const char* after;
  const char* verdict;
  bool numpy = false;
};
void PrintTo(const Change& param, std::ostream* out) { *out << param.name; }

class Described : public ::testing::TestWithParam<Change> {};

TEST_P(Described, UnpicklableValueAfterTheChange_HasTheExpectedVerdict) {
  const auto& change = GetParam();
  if (change.numpy) {
    ST_NEEDS_NUMPY();
  }
  const Sandbox box;
  box.write_suite("import lib\ndef time_f():\n    return lib.f()\n");
  box.write_library(change.before);
  const auto captured = box.capture();
  ASSERT_EQ(captured.run.status, 0) << captured.text();
  const auto unchanged = box.verify();
  EXPECT_EQ(unchanged.of("bench.time_f"), "identical") << unchanged.text();
  box.write_library(change.after);
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_f"), change.verdict) << verified.text();
  for (const std::string& text : {verified.text(), box.run({"show", "bench.time_f"}).out}) {
    EXPECT_EQ(text.find("__snapshot_test__"), std::string::npos) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Functions, Described,
    ::testing::Values(Change{"Closure", "def f(k=3):\n    return lambda x: x * k\n",
                             "def f(k=4):\n    return lambda x: x * k\n", "different"},
                      Change{"Partial", "import functools\ndef f():\n    return functools.partial(lambda a, b: a, 3)\n",
                             "import functools\ndef f():\n    return functools.partial(lambda a, b: a, 4)\n",
                             "different"},
                      Change{"InAList", "def f(k=3):\n    return [1, {'f': lambda x: x * k}]\n",
                             "def f(k=4):\n    return [1, {'f': lambda x: x * k}]\n", "different"},
                      Change{"Vectorize", "import numpy as np\ndef f(k=3):\n    return np.vectorize(lambda x: x * k)\n",
                             "import numpy as np\ndef f(k=4):\n    return np.vectorize(lambda x: x * k)\n", "different",
                             true},
                      Change{"Global", "K = 3\ndef f():\n    return lambda x: x * K\n",
                             "K = 4\ndef f():\n    return lambda x: x * K\n", "different"}),
    [](const auto& tested) { return tested.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Iterators, Described,
    ::testing::Values(
        Change{"Class", "def f():\n    return (i * 2 for i in range(3))\n",
               "import itertools\ndef f():\n    return itertools.chain([0, 2], [4])\n", "identical"},
        Change{"ListIterator", "def f():\n    return map(abs, [-1, 2])\n", "def f():\n    return iter([1, 2])\n",
               "identical"},
        Change{"Items", "def f():\n    return map(abs, [-1, 2])\n", "def f():\n    return iter([1, 3])\n", "different"},
        Change{"Late", "def f():\n    return iter(range(11000))\n",
               "def f():\n    return (i if i != 10500 else 0 for i in range(11000))\n", "different"},
        Change{"Groups", "import itertools\ndef f():\n    return itertools.groupby(['a', 'b', 'cc'], len)\n",
               "import itertools\ndef f():\n    return itertools.groupby(['a', 'x', 'cc'], len)\n", "different"},
        Change{"Exception", "def f():\n    yield 1\n    raise ValueError('a')\n",
               "def f():\n    yield 1\n    raise KeyError('a')\n", "different"},
        Change{"MadeByExec",
               "s = {}\nexec('class A:\\n    def __init__(self, v): self.v = v', s)\n"
               "def f():\n    return [s['A'](1)]\n",
               "s = {}\nexec('class A:\\n    def __init__(self, v): self.v = v', s)\n"
               "def f():\n    return [s['A'](2)]\n",
               "different"}),
    [](const auto& tested) { return tested.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Equal, Described,
    ::testing::Values(
        Change{"Keys", "def f():\n    return {'a': 1, 'b': 2}.keys()\n",
               "def f():\n    return {'b': 1, 'a': 3}.keys()\n", "identical"},
        Change{"OtherKeys", "def f():\n    return {'a': 1}.keys()\n", "def f():\n    return {'b': 1}.keys()\n",
               "different"},
        Change{"Range", "def f():\n    return [range(0, 3, 2)]\n", "def f():\n    return [range(0, 4, 2)]\n",
               "identical"},
        Change{"LookedAt",
               "import functools\nclass A:\n    n = 3\n    @functools.cached_property\n    def square(self): return 9\n"
               "def f():\n    a = A(); a.m = 1\n    return a\n",
               "import functools\nclass A:\n    n = 3\n    @functools.cached_property\n    def square(self): return 9\n"
               "def f():\n    a = A(); a.m = 1; a.__dict__['square'] = 9\n    return a\n",
               "identical"},
        Change{"Computed",
               "import functools\nclass A:\n    @functools.cached_property\n    def square(self): return 9\n"
               "def f():\n    a = A(); a.m = 1; a.square\n    return a\n",
               "import functools\nclass A:\n    @functools.cached_property\n    def square(self): return 10\n"
               "def f():\n    a = A(); a.m = 1; a.square\n    return a\n",
               "different"},
        Change{"Refuses",
               "class A:\n    def __init__(self, *v): self._v = v\n    def __reduce__(self): raise TypeError('no')\n"
               "    def __len__(self): return len(self._v)\n    def __getitem__(self, i): return self._v[i]\n"
               "def f():\n    return [A(1, 2)]\n",
               "class A:\n    def __init__(self, *v): self._v = v\n    def __reduce__(self): raise TypeError('no')\n"
               "    def __len__(self): return len(self._v)\n    def __getitem__(self, i): return self._v[i]\n"
               "def f():\n    return [A(1, 3)]\n",
               "different"}),
    [](const auto& tested) { return tested.param.name; });

TEST(DescribedParts, PartKnownByTypeOnly_IsNamedByShow) {
  const Sandbox box;
  box.write_suite("import threading\ndef time_f():\n    return [1, {'lock': threading.Lock()}]\n");
  const auto captured = box.capture();
  ASSERT_EQ(captured.run.status, 0) << captured.text();
  const std::string shown = box.run({"show", "bench.time_f", "--json"}).out;
  EXPECT_NE(shown.find("[1]['lock']: _thread.lock is known by its type only"), std::string::npos) << shown;
}

}  // namespace
}  // namespace snapshot_test::support
