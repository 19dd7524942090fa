// What expected.toml makes of verdicts and of a run.
#include "session/expected.hpp"

#include <gmock/gmock.h>

#include "session_support.hpp"

namespace snapshot_test::session {
namespace {

using model::Ending;
using model::ExitStatus;
using model::Expectation;
using model::Standing;
using model::Verdict;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Expectation expecting(const std::string& cases, Verdict verdict = Verdict::kDifferent, int line = 3) {
  Expectation entry;
  entry.cases = cases;
  entry.verdict = verdict;
  entry.reason = "it is known";
  entry.file = "expected.toml";
  entry.line = line;
  return entry;
}

model::Benchmark powers() {
  model::Benchmark benchmark;
  benchmark.name = "bench.Spectrum.time_power";
  benchmark.module = "bench";
  benchmark.class_name = "Spectrum";
  benchmark.function = "time_power";
  benchmark.params = {{"n", {"256", "1024"}}, {"window", {"'hann'", "[1, 2]"}}};
  return benchmark;
}

/// The cases that an entry for this pattern is about.
std::vector<std::string> meant_by(const std::string& pattern) {
  const model::Benchmark benchmark = powers();
  Expectations expectations({expecting(pattern)}, "2026-11-28");
  must(expectations.add(benchmark));
  std::vector<std::string> labels;
  for (std::size_t index = 0; index < benchmark.case_count(); ++index) {
    model::CaseVerdict verdict;
    verdict.id = {benchmark.name, index, benchmark.case_label(index)};
    verdict.verdict = Verdict::kDifferent;
    expectations.apply(verdict);
    if (verdict.verdict == Verdict::kExpected) {
      labels.push_back(benchmark.case_label(index).substr(benchmark.name.size()));
    }
  }
  return labels;
}

TEST(ExpectedCases, Patterns_NameBenchmarksOrCases) {
  for (const char* whole : {"time_power", "Spectrum.*", "bench.Spectrum.time_power", "*", "time_power(*)", "*power*"}) {
    EXPECT_THAT(meant_by(whole), SizeIs(4)) << whole;
  }
  using Labels = std::vector<std::string>;
  EXPECT_EQ(meant_by("time_power(256, *)"), (Labels{"(256, 'hann')", "(256, [1, 2])"}));
  EXPECT_EQ(meant_by("Spectrum.time_power(*, 'hann')"), (Labels{"(256, 'hann')", "(1024, 'hann')"}));
  EXPECT_EQ(meant_by("bench.Spectrum.time_power(256, [1, 2])"), (Labels{"(256, [1, 2])"}))
      << "a case's own name, whose brackets are none of a pattern";
  EXPECT_THAT(meant_by("time_powe"), IsEmpty());
  EXPECT_THAT(meant_by("power(256, 'hann')"), IsEmpty());
}

class Expecting : public SessionTest {
 protected:
  void SetUp() override {
    verifying.today = "2026-11-28";
    for (const char* name : {"f", "g", "same"}) {
      suite.add(name, Shown{});
    }
    ASSERT_TRUE(capture());
    suite.change("f", Shown{Ending::kReturned, "2", ""});
  }
  model::VerifySummary verified() {
    const auto summary = verify();
    return must(summary);
  }
  [[nodiscard]] const model::CaseVerdict& f() const { return heard.verdict_on("f"); }
};

TEST_F(Expecting, WhatIsMet_CountsAsExpected_AndAsNothingElse) {
  verifying.expectations = {expecting("time_none")};
  EXPECT_EQ(verified().status, ExitStatus::kFailed);
  verifying.expectations = {expecting("f")};
  const auto summary = verified();
  EXPECT_EQ(summary.status, ExitStatus::kSuccess) << summary.failure;
  EXPECT_EQ(summary.ok(), true);
  EXPECT_EQ(f().verdict, Verdict::kExpected);
  EXPECT_EQ(f().seen, Verdict::kDifferent);
  EXPECT_THAT(f().reason, AllOf(HasSubstr("different"), HasSubstr("as expected.toml:3 says: it is known")));
  EXPECT_EQ(summary.count(Standing::kExpected), 1U);
  EXPECT_EQ(summary.count(Standing::kPass), 2U);
  EXPECT_EQ(summary.count(Standing::kFail), 0U);
  EXPECT_EQ(summary.countable_cases(), 3U);
  EXPECT_EQ(checked_cases(summary.checked, model::Counted::kAny), 2U) << "it was not verified";
}

TEST_F(Expecting, ExpectedCase_IsNotVerified) {
  verifying.expectations = {expecting("f")};
  verifying.demands.min_cases = 3;
  auto summary = verified();
  EXPECT_EQ(summary.status, ExitStatus::kFailed);
  EXPECT_EQ(summary.ok(), std::nullopt) << "less was verified than was demanded";
  verifying.demands = {};
  verifying.demands.min_verified = 90;
  EXPECT_EQ(verified().ok(), std::nullopt);
  verifying.demands = {};
  verifying.demands.strict = true;
  EXPECT_EQ(verified().ok(), true) << "somebody has said why";
  for (const char* name : {"g", "same"}) {
    suite.change(name, Shown{Ending::kReturned, "2", ""});
  }
  verifying.expectations = {expecting("*")};
  summary = verified();
  EXPECT_EQ(summary.status, ExitStatus::kNothingVerified);
  EXPECT_EQ(summary.ok(), std::nullopt);
}

TEST_F(Expecting, CaseThatPasses_FailsForItsEntryIsNotNeeded) {
  verifying.expectations = {expecting("same", Verdict::kDifferent, 9), expecting("f")};
  const auto summary = verified();
  EXPECT_EQ(summary.status, ExitStatus::kFailed);
  EXPECT_EQ(summary.ok(), false);
  const auto& verdict = heard.verdict_on("same");
  EXPECT_EQ(verdict.verdict, Verdict::kUnexpected);
  EXPECT_EQ(verdict.seen, Verdict::kIdentical);
  EXPECT_THAT(verdict.reason,
              HasSubstr("identical, where expected.toml:9 expects 'different': the entry is not needed any more"));
}

TEST_F(Expecting, AnotherVerdict_FailsAndNamesTheEntry) {
  suite.change("f", Shown{Ending::kRaised, "1", "ValueError: no"});
  verifying.expectations = {expecting("f")};
  EXPECT_EQ(verified().status, ExitStatus::kFailed);
  EXPECT_EQ(f().verdict, Verdict::kRaised) << "what fails anyway keeps its name";
  EXPECT_THAT(f().reason, AllOf(HasSubstr("ValueError: no"), HasSubstr("expected.toml:3 expects 'different'")));
  suite.add("fresh", Shown{});
  verifying.expectations = {expecting("fresh"), expecting("f", Verdict::kRaised)};
  EXPECT_EQ(verified().status, ExitStatus::kFailed);
  EXPECT_EQ(heard.verdict_on("fresh").verdict, Verdict::kUnexpected) << "what could not be checked fails";
  EXPECT_THAT(heard.verdict_on("fresh").reason, HasSubstr("no-snapshot"));
  EXPECT_EQ(f().verdict, Verdict::kExpected);
}

TEST_F(Expecting, CaseThatCannotBeChecked_MayBeExpectedToo) {
  suite.change("f", Shown{});
  suite.add("fresh", Shown{});
  verifying.demands.missing = model::Missing::kFail;
  EXPECT_EQ(verified().status, ExitStatus::kFailed);
  verifying.expectations = {expecting("fresh", Verdict::kNoSnapshot)};
  EXPECT_EQ(verified().status, ExitStatus::kSuccess);
  EXPECT_EQ(heard.verdict_on("fresh").verdict, Verdict::kExpected);
  verifying.demands.strict = true;
  EXPECT_EQ(verified().status, ExitStatus::kSuccess);
}

TEST_F(Expecting, AfterItsLastDay_AnEntryHoldsNoMore) {
  Expectation entry = expecting("f");
  entry.until = "2026-11-28";
  verifying.expectations = {entry};
  EXPECT_EQ(verified().status, ExitStatus::kSuccess) << "the last day is one of them";
  verifying.today = "2026-11-29";
  EXPECT_EQ(verified().status, ExitStatus::kFailed);
  EXPECT_EQ(f().verdict, Verdict::kDifferent);
  EXPECT_THAT(f().reason, HasSubstr("expected.toml:3 expected that until 2026-11-28, which is over"));
  suite.add("fresh", Shown{});
  suite.change("f", Shown{});
  verifying.expectations = {expecting("fresh", Verdict::kNoSnapshot)};
  verifying.expectations[0].until = "2026-01-01";
  EXPECT_EQ(verified().status, ExitStatus::kFailed);
  EXPECT_EQ(heard.verdict_on("fresh").verdict, Verdict::kUnexpected) << "it says so also where nothing else would";
}

TEST_F(Expecting, TwoEntriesForOneCase_AreAnErrorThatNamesBothLines) {
  verifying.expectations = {expecting("f", Verdict::kDifferent, 3), expecting("bench.*", Verdict::kRaised, 8)};
  const auto summary = verify();
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kConfig);
  EXPECT_THAT(summary.error().message, AllOf(HasSubstr("expected.toml:8: 'bench.*' is about bench.f, and so is 'f' in "
                                                       "line 3")));
  EXPECT_THAT(suite.ran, IsEmpty());
}

TEST_F(Expecting, EntryForNoCase_FailsACompleteRunOnly) {
  verifying.expectations = {expecting("f"), expecting("gone*", Verdict::kRaised, 12)};
  auto summary = verified();
  EXPECT_EQ(summary.status, ExitStatus::kFailed);
  EXPECT_EQ(summary.ok(), false);
  EXPECT_EQ(summary.failure, "expected.toml:12: 'gone*' is about no case of the suite; remove the entry");
  ASSERT_THAT(summary.idle_expectations, SizeIs(1));
  verifying.suite.exclude_benchmarks = {"same"};
  verifying.expectations = {expecting("f"), expecting("same")};
  EXPECT_EQ(verified().status, ExitStatus::kSuccess) << "a case that is left out is one of the suite";
  verifying.suite.exclude_benchmarks.clear();
  verifying.suite.filter = "anything";
  verifying.expectations = {expecting("f"), expecting("gone*")};
  EXPECT_EQ(verified().status, ExitStatus::kSuccess) << "other cases may be there that were not looked for";
  verifying.suite.filter.reset();
  suite.suite.failures.push_back({"other", "ImportError", ""});
  EXPECT_EQ(verified().status, ExitStatus::kSuccess);
}

TEST_F(Expecting, CasesOfAModuleThatDoesNotImport_CanBeExpectedToRaise) {
  suite.change("f", Shown{});
  suite.suite.benchmarks.clear();
  suite.suite.failures.push_back({"bench", "ImportError", ""});
  verifying.expectations = {expecting("bench.*", Verdict::kRaised)};
  const auto summary = verified();
  EXPECT_EQ(summary.count(Standing::kExpected), 3U);
  EXPECT_EQ(summary.status, ExitStatus::kNothingVerified);
}

TEST(DifferingElements, OfTheValueWithTheMost_AreCounted) {
  const auto site = [](model::SiteKind kind, nlohmann::json details, bool meaningful = true) {
    model::SiteComparison comparison;
    comparison.site.kind = kind;
    comparison.match = model::SiteMatch::kDifferent;
    comparison.meaningful = meaningful;
    comparison.details = std::move(details);
    return comparison;
  };
  const auto numbers = [](std::uint64_t mismatched) {
    return nlohmann::json{{"what", "value"}, {"numbers", {{"mismatched", mismatched}}}};
  };
  const auto of = [](nlohmann::json differences, std::uint64_t count) {
    return nlohmann::json{{"difference_count", count}, {"differences", std::move(differences)}};
  };
  using Kind = model::SiteKind;
  EXPECT_EQ(differing_elements({site(Kind::kReturn, of({numbers(3), {{"what", "value"}}}, 2))}), 4U);
  EXPECT_EQ(differing_elements({site(Kind::kReturn, of({numbers(3)}, 1)), site(Kind::kBody, of({numbers(5)}, 1)),
                                site(Kind::kDeepest, of({numbers(9)}, 1))}),
            5U)
      << "what an inner call returns decides nothing here";
  EXPECT_EQ(differing_elements({site(Kind::kDeepest, of({numbers(9)}, 1), false)}), 9U);
  EXPECT_EQ(differing_elements({site(Kind::kReturn, of({{{"what", "shape"}}}, 1))}), std::nullopt);
  EXPECT_EQ(differing_elements({site(Kind::kReturn, nlohmann::json())}), std::nullopt);
  EXPECT_EQ(differing_elements({}), std::nullopt);
  nlohmann::json many = of({numbers(2), numbers(2)}, 40);
  EXPECT_EQ(differing_elements({site(Kind::kReturn, many)}), 42U) << "those that are not listed count";
  many["sketch"] = {{"differing", 500}};
  EXPECT_EQ(differing_elements({site(Kind::kReturn, many)}), 500U) << "rather too many than too few";
}

TEST_F(Expecting, MoreElementsThanMayDiffer_Fail) {
  Expectation entry = expecting("f");
  entry.max_elements = 2;
  Expectations expectations({entry}, "2026-11-28");
  must(expectations.add(suite.suite.benchmarks.at(0)));
  model::CaseVerdict verdict;
  verdict.id = {"bench.f", 0, "bench.f"};
  verdict.verdict = Verdict::kDifferent;
  verdict.reason = "return differs";
  model::SiteComparison site;
  site.match = model::SiteMatch::kDifferent;
  site.meaningful = true;
  for (const std::uint64_t count : {2, 3}) {
    site.details = {{"difference_count", 1},
                    {"differences", {{{"what", "value"}, {"numbers", {{"mismatched", count}}}}}}};
    model::CaseVerdict judged = verdict;
    judged.sites = {site};
    expectations.apply(judged);
    EXPECT_EQ(judged.verdict, count == 2 ? Verdict::kExpected : Verdict::kDifferent);
    EXPECT_THAT(judged.reason,
                HasSubstr(count == 2 ? "as expected.toml:3 says" : "expects at most 2 elements to differ, and 3 do"));
  }
  expectations.apply(verdict);
  EXPECT_EQ(verdict.verdict, Verdict::kDifferent);
  EXPECT_THAT(verdict.reason, HasSubstr("more than elements does"));
}

}  // namespace
}  // namespace snapshot_test::session
