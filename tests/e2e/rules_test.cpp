// The rules of comparison from the configuration file and the command line, as verify applies them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

/// Captures `before`, then verifies `after`; both are bodies of lib.f().
class Rules : public ::testing::Test {
 protected:
  void change(const std::string& before, const std::string& after) {
    box_.write_suite("import lib\ndef time_f(): return lib.f()\nclass Suite:\n    def time_g(self): return lib.f()\n");
    box_.write_library("def f(): return " + before + "\n");
    ASSERT_EQ(box_.capture().run.status, 0);
    box_.write_library("def f(): return " + after + "\n");
  }

  [[nodiscard]] Report verify(const std::string& config, std::vector<std::string> arguments = {}) const {
    if (!config.empty()) {
      box_.write("rules.json", config);
      arguments.insert(arguments.end(), {"--config", box_.path("rules.json").string()});
    }
    return box_.verify(arguments);
  }

  Sandbox box_;
};

TEST_F(Rules, OverrideOfOneBenchmark_DoesNotApplyToOthers) {
  change("1000.0", "1000.5");
  const auto report = verify(R"({"overrides": [{"benchmarks": "Suite.*", "tolerance": {"rtol": 1e-3}}]})");
  EXPECT_EQ(report.of("bench.time_f"), "different") << report.text();
  EXPECT_EQ(report.of("bench.Suite.time_g"), "close") << report.text();
  EXPECT_EQ(report.run.status, 1);
}

TEST_F(Rules, OfABenchmark_CountForEachOfItsCasesWhereverTheyRun) {
  box_.write_suite(
      "import lib\n"
      "def time_loose(n): return lib.f() + n\n"
      "def time_strict(n): return lib.f() + n\n"
      "time_loose.params = time_strict.params = [1, 2]\n");
  box_.write_library("def f(): return 1000.0\n");
  ASSERT_EQ(box_.capture().run.status, 0);
  box_.write_library("def f(): return 1000.5\n");
  const std::string config = R"({"overrides": [{"benchmarks": "*.time_loose", "tolerance": {"rtol": 1e-3}}]})";
  for (const char* isolation : {"auto", "case", "spawn"}) {
    const auto report = verify(config, {"--isolation", isolation});
    for (const char* parameter : {"(1)", "(2)"}) {
      EXPECT_EQ(report.of(std::string("bench.time_loose") + parameter), "close") << isolation << report.text();
      EXPECT_EQ(report.of(std::string("bench.time_strict") + parameter), "different") << isolation << report.text();
    }
  }
}

TEST_F(Rules, CommandLineTolerance_AppliesToAllBenchmarks) {
  change("1000.0", "1000.5");
  const std::string config = R"({"overrides": [{"benchmarks": "*", "tolerance": {"rtol": 1e-3}}]})";
  EXPECT_EQ(verify(config).run.status, 0);
  const auto report = verify(config, {"--tolerance", "0", "0"});
  EXPECT_EQ(report.of("bench.Suite.time_g"), "different") << report.text();
}

TEST_F(Rules, ToleranceOfADtype_AppliesToThatDtypeOnly) {
  change("[1000.0, 5]", "[1000.0, 6]");
  EXPECT_EQ(verify("").of("bench.time_f"), "different");
  EXPECT_EQ(verify(R"({"tolerance": {"by_dtype": {"int": {"atol": 1}}}})").of("bench.time_f"), "close");
  EXPECT_EQ(verify(R"({"tolerance": {"by_dtype": {"float64": {"atol": 1}}}})").of("bench.time_f"), "different");
}

TEST_F(Rules, IntegerOffByOne_IsDifferentUnlessNoExactIntegers) {
  change("10**9", "10**9 + 1");
  EXPECT_EQ(verify("").of("bench.time_f"), "different");
  EXPECT_EQ(verify("", {"--no-exact-integers"}).of("bench.time_f"), "close");
}

TEST_F(Rules, OtherOrder_IsDifferentUnlessIgnoreOrder) {
  change("[3.0, 1.0, 2.0]", "[1.0, 2.0, 3.0]");
  EXPECT_EQ(verify("").of("bench.time_f"), "different");
  const auto report = verify("", {"--ignore-order"});
  EXPECT_EQ(report.run.status, 0) << report.text();
}

TEST_F(Rules, OtherValueWithIgnoreOrder_IsDifferent) {
  change("[3.0, 1.0, 2.0]", "[1.0, 2.0, 4.0]");
  EXPECT_EQ(verify("", {"--ignore-order"}).of("bench.time_f"), "different");
}

TEST_F(Rules, TupleForAList_IsDifferentUnlessNoStrictTypes) {
  change("[1.0, 2.0]", "(1.0, 2.0)");
  EXPECT_EQ(verify("").of("bench.time_f"), "different");
  const auto report = verify("", {"--no-strict-types"});
  EXPECT_EQ(report.run.status, 0) << report.text();
}

TEST_F(Rules, OtherOrder_MessageNamesTheOption) {
  change("[3.0, 1.0, 2.0]", "[1.0, 2.0, 3.0]");
  const auto report = verify("");
  EXPECT_NE(report.run.out.find("same 3 elements in another order; --ignore-order would pass"), std::string::npos)
      << report.text();
}

TEST_F(Rules, BaseTypeForASubclass_IsCloseWithNoStrictTypes) {
  change(
      "[__import__('collections').defaultdict(list, a=1), __import__('collections').OrderedDict(a=1), "
      "__import__('collections').Counter('ab'), __import__('time').gmtime(0)[:], iter([1, 2]), {'a': 1}.keys()]",
      "[{'a': 1}, {'a': 1}, {'a': 1, 'b': 1}, list(__import__('time').gmtime(0)), [1, 2], ['a']]");
  const auto report = verify("");
  EXPECT_EQ(report.of("bench.time_f"), "different");
  EXPECT_NE(report.run.out.find("--no-strict-types lets this pass"), std::string::npos) << report.text();
  EXPECT_EQ(verify("", {"--no-strict-types"}).of("bench.time_f"), "close") << report.text();
}

TEST_F(Rules, NanInTheSamePlace_IsCloseUnlessNoEqualNan) {
  change("[float('nan'), 1.0]", "[float('nan'), 1.0 + 1e-12]");
  EXPECT_EQ(verify("").of("bench.time_f"), "close");
  for (const auto& report : {verify("", {"--no-equal-nan"}), verify(R"({"tolerance": {"equal_nan": false}})")}) {
    EXPECT_EQ(report.of("bench.time_f"), "different");
    EXPECT_NE(report.run.out.find("--equal-nan"), std::string::npos) << report.text();
  }
  EXPECT_EQ(verify(R"({"tolerance": {"equal_nan": false}})", {"--equal-nan"}).of("bench.time_f"), "close");
}

TEST_F(Rules, NanInAnotherPlace_IsDifferentEvenWithEqualNan) {
  change("[float('nan'), 1.0]", "[1.0, float('nan')]");
  EXPECT_EQ(verify("").of("bench.time_f"), "different");
  EXPECT_EQ(verify("", {"--equal-nan"}).of("bench.time_f"), "different");
}

}  // namespace
}  // namespace snapshot_test::support
