// A change in the benchmarked code between capture and verify, and what verify makes of it.
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

struct Change {
  const char* name;
  const char* before;  ///< the body of lib.f(x)
  const char* after;
  const char* verdict;
  bool numpy = false;
};
void PrintTo(const Change& param, std::ostream* out) { *out << param.name; }

std::string library(const Change& change, const char* body) {
  return std::string(change.numpy ? "import numpy as np\n" : "") + "def f(x):\n    " + body + "\n";
}

class ChangedLibrary : public ::testing::TestWithParam<Change> {};

TEST_P(ChangedLibrary, ResultAfterTheChange_HasTheExpectedVerdict) {
  const auto& change = GetParam();
  if (change.numpy) {
    ST_NEEDS_NUMPY();
  }
  const Sandbox box;
  box.write_suite(
      "import lib\n"
      "def time_f():\n    return lib.f(3)\n"
      "def time_untouched():\n    return [1, 2, 3]\n");
  box.write_library(library(change, change.before));
  const auto captured = box.capture();
  ASSERT_EQ(captured.run.status, 0) << captured.text();
  ASSERT_EQ(captured.of("bench.time_f"), "outer") << captured.text();

  box.write_library(library(change, change.after));
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_f"), change.verdict) << verified.text();
  EXPECT_EQ(verified.of("bench.time_untouched"), "identical") << verified.text();
  const std::string verdict = change.verdict;
  const bool passes = verdict == "identical" || verdict == "close" || verdict == "inner-changed";
  EXPECT_EQ(verified.run.status, passes ? 0 : 1) << verified.text();
  if (!passes) {
    EXPECT_NE(verified.run.out.find("bench.time_f"), std::string::npos) << verified.text();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Pure, ChangedLibrary,
    ::testing::Values(Change{"Value", "return x * 0.5", "return x * 0.51", "different"},
                      Change{"Sign", "return [1.0, -2.0]", "return [1.0, 2.0]", "different"},
                      Change{"OffByOne", "return 1000000", "return 1000001", "different"},
                      Change{"None", "return {'a': x}", "return None", "different"},
                      Change{"FromZero", "return 0", "return 1", "different"},
                      Change{"ZeroToNone", "return 0", "return None", "different"},
                      Change{"FalseToNone", "return False", "return None", "different"},
                      Change{"EmptyToNone", "return []", "return None", "different"},
                      Change{"Length", "return [1, 2, 3]", "return [1, 2]", "different"},
                      Change{"Order", "return [1, 2, 3]", "return [3, 2, 1]", "different"},
                      Change{"Key", "return {'mean': 1.0}", "return {'average': 1.0}", "different"},
                      Change{"Nested", "return {'a': [(1, 2.0)]}", "return {'a': [(1, 2.5)]}", "different"},
                      Change{"Text", "return 'left'", "return 'Left'", "different"},
                      Change{"Bytes", "return b'abc'", "return b'abd'", "different"},
                      Change{"Boolean", "return True", "return False", "different"},
                      Change{"Imaginary", "return 1 + 2j", "return 1 + 3j", "different"},
                      Change{"Nan", "return [1.0, 2.0]", "return [1.0, float('nan')]", "different"},
                      Change{"Infinity", "return float('inf')", "return float('-inf')", "different"},
                      Change{"SetMember", "return {1, 2}", "return {1, 3}", "different"},
                      Change{"Exception", "return x", "raise ValueError('broken by the change')", "raised"},
                      Change{"SkipsItselfNow", "return x", "raise NotImplementedError('no longer')", "raised"},
                      Change{"Rounding", "return 0.1 * x", "return 0.1 * x + 1e-12", "close"},
                      Change{"SameNan", "return float('nan')", "y = float('nan'); return y", "identical"},
                      Change{"OtherCode", "return x + x", "return 2 * x", "identical"},
                      Change{"DictOrder", "return {'a': 1, 'b': 2}", "return {'b': 2, 'a': 1}", "identical"}),
    [](const auto& tested) { return tested.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Numpy, ChangedLibrary,
    ::testing::Values(
        Change{"OneElement", "return np.arange(1000.0)", "y = np.arange(1000.0); y[997] += 1; return y", "different",
               true},
        Change{"Shape", "return np.zeros((2, 3))", "return np.zeros((3, 2))", "different", true},
        Change{"Dimension", "return np.ones(4)", "return np.ones((1, 4))", "different", true},
        Change{"Float32", "return np.arange(5.0)", "return np.arange(5.0).astype(np.float32)", "different", true},
        Change{"IntToFloat", "return np.arange(5)", "return np.arange(5).astype(float)", "different", true},
        Change{"SignOfArray", "return np.arange(5.0)", "return -np.arange(5.0)", "different", true},
        Change{"IntegerElement", "return np.arange(10**6, 10**6 + 5)", "return np.arange(10**6, 10**6 + 5) + 1",
               "different", true},
        Change{"NanAppears", "return np.ones(3)", "return np.array([1, np.nan, 1])", "different", true},
        Change{"Truncated", "return np.arange(8.0)", "return np.arange(7.0)", "different", true},
        Change{"ArrayToList", "return np.arange(3.0)", "return [0.0, 1.0, 2.0]", "different", true},
        Change{"ArrayToNone", "return np.arange(3.0)", "return None", "different", true},
        Change{"Close", "return np.arange(100.0)", "return np.arange(100.0) * (1 + 1e-9)", "close", true},
        Change{"Layout", "return np.ones((3, 4))", "return np.asfortranarray(np.ones((3, 4)))", "identical", true},
        Change{"ByteOrder", "return np.arange(4.0)", "return np.arange(4.0).astype('>f8')", "identical", true}),
    [](const auto& tested) { return tested.param.name; });

/// The suite, a capture, the changed library and the verify of the tests below.
Report verify_after(const Sandbox& box, const char* suite, const char* before, const char* after,
                    const std::vector<std::string>& extra = {}) {
  box.write_suite(suite);
  box.write_library(before);
  const auto captured = box.capture();
  EXPECT_EQ(captured.run.status, 0) << captured.text();
  box.write_library(after);
  return box.verify(extra);
}

TEST(Changes, ResultThatTheBenchmarkDiscards_IsDifferent) {
  const Sandbox box;
  const auto verified = verify_after(box,
                                     "import lib\n"
                                     "def time_thrown_away():\n    lib.f(2)\n"
                                     "def time_in_a_local():\n    y = lib.f(3)\n"
                                     "class Suite:\n"
                                     "    def time_in_a_loop(self):\n"
                                     "        for i in range(4):\n            lib.f(i)\n",
                                     "def f(x): return [x, 1]\n", "def f(x): return [x, 2]\n");
  EXPECT_EQ(verified.of("bench.time_thrown_away"), "different") << verified.text();
  EXPECT_EQ(verified.of("bench.time_in_a_local"), "different") << verified.text();
  EXPECT_EQ(verified.of("bench.Suite.time_in_a_loop"), "different") << verified.text();
  EXPECT_EQ(verified.run.status, 1);
}

TEST(Changes, ResultOfACFunction_IsDifferent) {
  const Sandbox box;
  const auto verified = verify_after(box, "import lib\ndef time_c():\n    sorted(lib.DATA)\n", "DATA = [3, 1, 2]\n",
                                     "DATA = [3, 1, 5]\n");
  EXPECT_EQ(verified.of("bench.time_c"), "different") << verified.text();
}

constexpr const char* kInnerSuite = "import lib\ndef time_f():\n    return lib.f(5)\n";
constexpr const char* kInnerBefore = "def square(x): return x * x\ndef f(x): return square(x) + 1\n";
constexpr const char* kInlined = "def f(x): return x * x + 1\n";

TEST(Changes, OtherInnerCallsSameResult_IsInnerChangedAndPasses) {
  const Sandbox box;
  const auto verified = verify_after(box, kInnerSuite, kInnerBefore, kInlined);
  EXPECT_EQ(verified.of("bench.time_f"), "inner-changed") << verified.text();
  EXPECT_EQ(verified.run.status, 0) << verified.text();
}

TEST(Changes, OtherInnerCallsWhenStrict_Fails) {
  const Sandbox box;
  const auto verified = verify_after(box, kInnerSuite, kInnerBefore, kInlined, {"--strict"});
  EXPECT_EQ(verified.run.status, 1) << verified.text();
}

TEST(Changes, DifferenceWithinTheGivenTolerance_IsClose) {
  const Sandbox box;
  const auto* const suite = "import lib\ndef time_f():\n    return lib.f()\n";
  auto verified = verify_after(box, suite, "def f(): return 100.0\n", "def f(): return 100.5\n");
  EXPECT_EQ(verified.of("bench.time_f"), "different") << verified.text();
  verified = box.verify({"--tolerance", "0.01", "0"});
  EXPECT_EQ(verified.of("bench.time_f"), "close") << verified.text();
  EXPECT_EQ(verified.run.status, 0);
  verified = box.verify({"--tolerance", "0", "0.6"});
  EXPECT_EQ(verified.of("bench.time_f"), "close") << verified.text();
  verified = box.verify({"--tolerance", "0.001", "0.1"});
  EXPECT_EQ(verified.of("bench.time_f"), "different") << verified.text();
}

TEST(Changes, RoundingAtToleranceZero_IsDifferent) {
  const Sandbox box;
  const auto verified = verify_after(box, "import lib\ndef time_f():\n    return lib.f()\n", "def f(): return 0.3\n",
                                     "def f(): return 0.1 + 0.2\n", {"--tolerance", "0", "0"});
  EXPECT_EQ(verified.of("bench.time_f"), "different") << verified.text();
}

TEST(Changes, RoundingBesideNan_IsCloseUnlessNoEqualNan) {
  ST_NEEDS_NUMPY();
  const Sandbox box;
  const auto verified = verify_after(box, "import lib\ndef time_f():\n    return lib.f()\n",
                                     "import numpy as np\ndef f(): return np.array([np.nan, 1.0])\n",
                                     "import numpy as np\ndef f(): return np.array([np.nan, 1.0 + 1e-12])\n");
  EXPECT_EQ(verified.of("bench.time_f"), "close") << verified.text();
  const auto unequal = box.verify({"--no-equal-nan"});
  EXPECT_EQ(unequal.of("bench.time_f"), "different") << unequal.text();
  EXPECT_NE(unequal.run.out.find("nan"), std::string::npos) << unequal.text();
}

TEST(Changes, DataFromSetup_IsDifferentForTheChangedParameterOnly) {
  const Sandbox box;
  const auto verified = verify_after(box,
                                     "import lib\n"
                                     "class Suite:\n"
                                     "    params = [1, 2]\n"
                                     "    def setup(self, n): self.data = lib.f(n)\n"
                                     "    def time_sum(self, n): return sum(self.data)\n",
                                     "def f(n): return [n, 10]\n", "def f(n): return [n, 10 if n == 1 else 11]\n");
  EXPECT_EQ(verified.of("bench.Suite.time_sum(1)"), "identical") << verified.text();
  EXPECT_EQ(verified.of("bench.Suite.time_sum(2)"), "different") << verified.text();
}

TEST(Changes, ChangedArrayElement_ShowsWhereAndBothValues) {
  ST_NEEDS_NUMPY();
  const Sandbox box;
  const auto verified = verify_after(box, "import lib\ndef time_f():\n    return lib.f()\n",
                                     "import numpy as np\ndef f(): return {'power': np.arange(1000.0)}\n",
                                     "import numpy as np\ndef f():\n"
                                     "    power = np.arange(1000.0)\n    power[123] = 4567.0\n"
                                     "    return {'power': power}\n");
  ASSERT_EQ(verified.of("bench.time_f"), "different") << verified.text();
  for (const char* fact : {"power", "123", "4567"}) {
    EXPECT_NE(verified.run.out.find(fact), std::string::npos) << fact << " is missing in\n" << verified.text();
  }
}

}  // namespace
}  // namespace snapshot_test::support
