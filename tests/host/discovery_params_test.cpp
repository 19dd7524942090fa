// Parameter axes, names and ids.
#include "host/discovery/params.hpp"

#include "host/suite_on_disk.hpp"

namespace snapshot_test::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Ids = std::vector<std::vector<std::string>>;

class Params : public SuiteTest {
 protected:
  /// For each Python expression, the ids of a benchmark that has it as `params`.
  std::vector<Ids> ids_of(const std::vector<std::string>& expressions) {
    std::string text = "class Plain: pass\ndef helper(): pass\n";
    for (std::size_t i = 0; i < expressions.size(); ++i) {
      const std::string function = "time_" + std::to_string(i);
      text += "def " + function + "(*args): return args\n" + function + ".params = " + expressions[i] + "\n";
    }
    suite({{"bench.py", text}});
    const model::Suite found = discover_all();
    std::vector<Ids> all;
    for (std::size_t i = 0; i < expressions.size(); ++i) {
      all.push_back(ids(named(found, "bench.time_" + std::to_string(i))));
    }
    return all;
  }

  void expect_ids(const std::vector<std::pair<std::string, Ids>>& table) {
    std::vector<std::string> expressions;
    for (const auto& [expression, expected] : table) {
      expressions.push_back(expression);
    }
    const std::vector<Ids> found = ids_of(expressions);
    for (std::size_t i = 0; i < table.size(); ++i) {
      EXPECT_EQ(found[i], table[i].second) << "params = " << table[i].first;
    }
  }
};

TEST_F(Params, Axes_AreReadAsAsvDoes) {
  expect_ids({{"[1, 2]", {{"1", "2"}}},
              {"(1, 2)", {{"1", "2"}}},
              {"range(3)", {{"0", "1", "2"}}},
              {"{7}", {{"7"}}},
              {"(n for n in 'ab')", {{"'a'", "'b'"}}},
              {"'abc'", {{"'a'", "'b'", "'c'"}}},
              {"{'a': 1, 'b': 2}", {{"'a'", "'b'"}}},
              {"[(1, 2), (3, 4)]", {{"1", "2"}, {"3", "4"}}},
              {"[[(1, 2), (3, 4)]]", {{"(1, 2)", "(3, 4)"}}},
              {"[1, [2, 3]]", {{"1", "[2, 3]"}}},
              {"[[1], range(2)]", {{"1"}, {"0", "1"}}},
              {"[[]]", {{}}},
              {"[]", {}},
              {"None", {}}});
}

TEST_F(Params, Ids_AreReprsWithoutAddresses) {
  expect_ids({{"[None, 1.5, 'x']", {{"None", "1.5", "'x'"}}},
              {"[Plain, Plain()]", {{"<class 'suite.bench.Plain'>", "<suite.bench.Plain object>"}}},
              {"[helper, len]", {{"<function helper>", "<built-in function len>"}}},
              {"[1, 1, 2, 1]", {{"1 (0)", "1 (1)", "2", "1 (2)"}}},
              {"[Plain(), Plain()]", {{"<suite.bench.Plain object> (0)", "<suite.bench.Plain object> (1)"}}},
              {"[type('L', (), {'__repr__': lambda s: 'two\\nlines'})()]", {{"two\nlines"}}},
              // Looks like an address but is not the object's own.
              {"[type('F', (), {'__repr__': lambda s: '<F at 0x12>'})()]", {{"<F at 0x12>"}}},
              // No valid UTF-8, so no valid JSON either.
              {"[type('S', (), {'__repr__': lambda s: 'a\\udc80b'})()]", {{"a\\udc80b"}}}});
}

TEST_F(Params, ParamsThatAreNoList_FailTheirBenchmark) {
  suite({{"bench.py",
          "def time_a(): return 1\ntime_a.params = 5\ndef time_b(): return 1\ntime_b.params = [[1], 2]\n"
          "def time_c(): return 1\n"}});
  const model::Suite found = discover();
  EXPECT_THAT(names(found), ElementsAre("bench.time_c"));
  ASSERT_THAT(found.failures, SizeIs(2));
  EXPECT_THAT(found.failures[0].cause, HasSubstr("TypeError"));
  EXPECT_EQ(found.failures[1].where, "bench.time_b");
}

TEST_F(Params, ParamNamesOfAnotherCount_AreCutOrPadded) {
  suite({{"bench.py", R"(
params = [[1], [2]]
def time_few(a, b): return a
time_few.param_names = ["only"]
def time_many(a, b): return a
time_many.param_names = ["x", 2, "z"]
)"}});
  const model::Suite found = discover_all();
  EXPECT_EQ(named(found, "bench.time_few").params[0].name, "only");
  EXPECT_EQ(named(found, "bench.time_few").params[1].name, "param2");
  EXPECT_EQ(named(found, "bench.time_many").params[1].name, "2");
  EXPECT_THAT(named(found, "bench.time_many").params, SizeIs(2));
}

TEST_F(Params, EmptyListInAClass_HidesModuleParamsAndNoneDoesNot) {
  suite({{"bench.py",
          "params = [1, 2]\nclass Hides:\n    params = []\n    def time_it(self): return 1\n"
          "class Falls:\n    params = None\n    def time_it(self, n): return n\n"}});
  const model::Suite found = discover_all();
  EXPECT_THAT(named(found, "bench.Hides.time_it").params, IsEmpty());
  EXPECT_THAT(ids(named(found, "bench.Falls.time_it")), ElementsAre(ElementsAre("1", "2")));
}

TEST_F(Params, ClassLevelGenerator_IsUsedUpByTheFirstMethod) {
  suite({{"bench.py",
          "class Suite:\n    params = (n for n in (1, 2))\n    def time_a(self, n=0): return n\n"
          "    def time_b(self, n=0): return n\n"}});
  const model::Suite found = discover_all();
  EXPECT_EQ(named(found, "bench.Suite.time_a").case_count(), 2U);
  EXPECT_EQ(named(found, "bench.Suite.time_b").params.size(), 0U);
}

TEST_F(Params, TooManyCombinations_FailTheirBenchmark) {
  suite({{"bench.py", "params = [list(range(1000))] * 12\ndef time_it(*n): return n\n"}});
  const model::Suite found = discover();
  ASSERT_THAT(found.failures, SizeIs(1));
  EXPECT_THAT(found.failures[0].cause, HasSubstr("combinations"));
}

TEST_F(Params, Index_CountsTheLastAxisFastest) {
  suite({{"bench.py", "params = [['a', 'b'], [1, 2, 3]]\ndef time_it(letter, number): return letter\n"}});
  const model::Benchmark found = discover_all().benchmarks.at(0);
  host::discovery::LiveBenchmark live = resolve("bench.time_it");
  const py::object product = py::module_::import("itertools").attr("product");
  std::size_t index = 0;
  for (const py::handle expected : product(std::vector<std::string>{"a", "b"}, std::vector<int>{1, 2, 3})) {
    EXPECT_TRUE(live.param_values(index)->equal(expected)) << index;
    EXPECT_EQ(*live.param_ids(index), found.case_ids(index));
    ++index;
  }
  EXPECT_EQ(index, 6U);
  EXPECT_EQ(live.param_values(6).error().kind, ErrorKind::kUsage);
}

TEST(SameIds, OtherAddresses_AreTheSameAndNothingElseIs) {
  using host::discovery::same_ids;
  EXPECT_TRUE(same_ids("partial(<f at 0x7f00aa11>)", "partial(<f at 0x55d0cc2299>)"));
  EXPECT_TRUE(same_ids("x", "x"));
  EXPECT_FALSE(same_ids("partial(<f at 0x7f00aa11>)", "partial(<g at 0x7f00aa11>)"));
  EXPECT_FALSE(same_ids("0x10", "0x11"));
  EXPECT_FALSE(same_ids("error at 0x7f00aa11", "error at 0x7f00aa12"));
  EXPECT_FALSE(same_ids("Mask(0x7f00aa11)", "Mask(0x55d0cc22)"));
  EXPECT_FALSE(same_ids("ab", "abc"));
  EXPECT_FALSE(same_ids("", "a"));
}

}  // namespace
}  // namespace snapshot_test::testing
