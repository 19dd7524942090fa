// --filter: which cases a regular expression takes.
#include "host/suite_on_disk.hpp"

namespace snapshot_test::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Select : public ::testing::Test {
 protected:
  Select() {
    suite_.benchmarks = {
        make("linalg.Solve.time_solve", "linalg", "time_solve", {{"n", {"10", "200"}}, {"t", {"'f4'", "'f8'"}}}),
        make("linalg.time_plain", "linalg", "time_plain", {}), make("Root.time_root", "", "time_root", {{"n", {}}})};
  }

  static model::Benchmark make(const std::string& name, const std::string& module, const std::string& function,
                               std::vector<model::ParamAxis> params) {
    model::Benchmark benchmark;
    benchmark.name = name;
    benchmark.module = module;
    benchmark.function = function;
    benchmark.params = std::move(params);
    return benchmark;
  }

  std::vector<std::vector<std::size_t>> select(const std::string& regex) { return choose({regex, {}}).indices; }
  host::discovery::Selected choose(const host::discovery::Wanted& wanted) {
    const auto selected = host::discovery::select(suite_, wanted);
    EXPECT_TRUE(selected.has_value()) << wanted.filter;
    return selected.value_or(host::discovery::Selected{});
  }

  model::Suite suite_;
  py::scoped_interpreter interpreter_;
};

TEST_F(Select, EmptyExpression_TakesEverything) {
  EXPECT_THAT(select(""), ElementsAre(ElementsAre(0, 1, 2, 3), ElementsAre(0), IsEmpty()));
}

TEST_F(Select, PartOfTheName_TakesAllCombinations) {
  EXPECT_THAT(select("Solve"), ElementsAre(ElementsAre(0, 1, 2, 3), IsEmpty(), IsEmpty()));
  EXPECT_THAT(select("time_solve$"), ElementsAre(ElementsAre(0, 1, 2, 3), IsEmpty(), IsEmpty()));
}

TEST_F(Select, ParameterId_TakesItsCombinations) {
  EXPECT_THAT(select(R"(\(200, )"), ElementsAre(ElementsAre(2, 3), IsEmpty(), IsEmpty()));
  EXPECT_THAT(select("'f8'"), ElementsAre(ElementsAre(1, 3), IsEmpty(), IsEmpty()));
}

TEST_F(Select, ModuleAndMethodWithoutTheClass_Match) {
  EXPECT_THAT(select(R"(^linalg\.time_)"), ElementsAre(ElementsAre(0, 1, 2, 3), ElementsAre(0), IsEmpty()));
}

TEST_F(Select, PythonSyntax_IsUnderstood) {
  EXPECT_THAT(select("(?i)SOLVE(?=d?)"), ElementsAre(ElementsAre(0, 1, 2, 3), IsEmpty(), IsEmpty()));
}

TEST_F(Select, NoMatch_IsEmptyAndNoError) {
  EXPECT_THAT(select("nowhere"), ElementsAre(IsEmpty(), IsEmpty(), IsEmpty()));
}

TEST_F(Select, InvalidExpression_IsAUsageErrorWithThePosition) {
  const auto selected = host::discovery::select(suite_, {"time_(solve", {}});
  ASSERT_FALSE(selected.has_value());
  EXPECT_EQ(selected.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(selected.error().message,
              AllOf(HasSubstr("'time_(solve'"), HasSubstr("position 5"), HasSubstr("unterminated subpattern")));
}

TEST_F(Select, Exclusions_TakeCasesFromWhatTheFilterLeaves) {
  const auto chosen = choose({"linalg", {"'f8'", "plain", "Root", "nowhere"}});
  EXPECT_THAT(chosen.indices, ElementsAre(ElementsAre(0, 2), IsEmpty(), IsEmpty()));
  EXPECT_THAT(chosen.excluded, ElementsAre(2, 1, 0));
  EXPECT_THAT(chosen.idle, ElementsAre("Root", "nowhere")) << "Root has no cases";
}

TEST_F(Select, Exclusion_TakesModulesThatDoNotImport) {
  suite_.failures = {{"broken.inner", "why", ""}, {"other", "why", ""}};
  EXPECT_THAT(choose({"", {"broken.*"}}).failures, ElementsAre("broken.inner"));
  EXPECT_THAT(choose({"", {R"(^other\.)"}}).failures, ElementsAre("other"));
  EXPECT_THAT(choose({"", {"other"}}).idle, IsEmpty());
  EXPECT_THAT(choose({"", {"time_"}}).failures, IsEmpty());
}

TEST_F(Select, InvalidExclusion_IsAnErrorWithThePosition) {
  const auto selected = host::discovery::select(suite_, {"", {"*Kron*"}});
  ASSERT_FALSE(selected.has_value());
  EXPECT_EQ(selected.error().message,
            "--exclude '*Kron*' is not a valid regular expression at position 0: nothing to repeat");
}

}  // namespace
}  // namespace snapshot_test::testing
