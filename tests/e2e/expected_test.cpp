// expected.toml, as a user writes it: what verify and its reports make of it.
#include <gmock/gmock.h>

#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kWrong = "VALUES, NAME = [1.5] * 3 + [1.0] * 5, 'two'\n";

class ExpectedFailures : public testing::Test {
 protected:
  ExpectedFailures() {
    box_.write("snapshot_config.json", "{}");
    box_.write_library("VALUES, NAME = [1.0] * 8, 'two'\n");
    box_.write_suite(
        "import lib\n"
        "def time_values(): return lib.VALUES\n"
        "def time_same(): return 5\n"
        "class Many:\n"
        "    params = [[1, 2], ['a', 'b (c)']]\n"
        "    def time_many(self, n, m): return [n, m, lib.NAME]\n");
    EXPECT_EQ(box_.capture().run.status, 0);
    box_.write_library(kWrong);
  }
  void expect(const std::string& cases, const std::string& more, const std::string& file = "expected.toml") const {
    box_.write(file, "# known\n\n[[expected]]\ncase = \"" + cases + "\"\n" + more + "\nreason = \"the new solver\"\n");
  }

  Sandbox box_;
};

TEST_F(ExpectedFailures, BesideTheConfiguration_AreFoundFromAnywhere) {
  EXPECT_EQ(box_.verify().run.status, 1);
  expect("time_values", "verdict = \"different\"\nmax_elements = 3");
  const auto verified = box_.verify();
  EXPECT_EQ(verified.run.status, 0) << verified.text();
  EXPECT_EQ(verified.of("bench.time_values"), "expected");
  const auto entry = verified.entry("bench.time_values");
  EXPECT_EQ(entry["standing"], "expected");
  EXPECT_EQ(entry["seen"], "different");
  EXPECT_EQ(entry["expectation"]["line"], 3);
  EXPECT_EQ(entry["expectation"]["max_elements"], 3);
  const auto& summary = verified.json["summary"];
  EXPECT_EQ(summary["ok"], true);
  EXPECT_EQ(summary["expected"], 1);
  EXPECT_EQ(summary["passed"], 5);
  EXPECT_EQ(summary["total"], 6);
  EXPECT_EQ(summary["unchecked"], 1);
  EXPECT_THAT(verified.run.out, AllOf(HasSubstr("as expected.toml:3 says: the new solver"),
                                      HasSubstr("PASSED: nothing that was checked has changed, and one case does not "
                                                "pass, as is expected")));
  RunOptions inside_options;
  inside_options.folder = "project";
  const auto inside = box_.verify({}, inside_options);
  EXPECT_EQ(inside.of("bench.time_values"), "expected") << inside.text();
}

TEST_F(ExpectedFailures, AnotherFileCanBeNamed_OnTheCommandLineAndInTheConfiguration) {
  expect("time_values", "verdict = \"different\"", "known/failures.toml");
  EXPECT_EQ(box_.verify().run.status, 1);
  EXPECT_EQ(box_.verify({"--expected", box_.path("known/failures.toml").string()}).run.status, 0);
  box_.write("snapshot_config.json", R"({"expected": "known/failures.toml"})");
  EXPECT_EQ(box_.verify().run.status, 0);
  EXPECT_THAT(box_.run({"config", "--show"}).out, HasSubstr("known/failures.toml"));
}

TEST_F(ExpectedFailures, WhatIsNotMetOrNotNeeded_FailsAndNamesFileAndLine) {
  expect("time_values", "verdict = \"different\"\nmax_elements = 2");
  auto verified = box_.verify();
  EXPECT_EQ(verified.run.status, 1);
  EXPECT_EQ(verified.of("bench.time_values"), "different");
  EXPECT_THAT(verified.run.out, HasSubstr("expected.toml:3 expects at most 2 elements to differ, and 3 do"));
  expect("time_values", "verdict = \"different\"\nuntil = 2020-02-29");
  EXPECT_THAT(box_.verify().run.out, HasSubstr("expected.toml:3 expected that until 2020-02-29, which is over"));
  expect("time_same", "verdict = \"different\"");
  verified = box_.verify({"--filter", "same"});
  EXPECT_EQ(verified.run.status, 1);
  EXPECT_EQ(verified.json["summary"]["ok"], false);
  EXPECT_EQ(verified.of("bench.time_same"), "unexpected");
  EXPECT_THAT(verified.run.out, HasSubstr("identical, where expected.toml:3 expects 'different': the entry is not "
                                          "needed any more, so remove or narrow it"));
}

TEST_F(ExpectedFailures, AFilteredRun_JudgesTheEntriesOfItsCasesOnly) {
  expect("time_same", "verdict = \"different\"");
  EXPECT_EQ(box_.verify({"--filter", "Many"}).run.status, 0);
  expect("time_gone", "verdict = \"raised\"");
  EXPECT_EQ(box_.verify({"--filter", "Many"}).run.status, 0);
  box_.write_library("VALUES, NAME = [1.0] * 8, 'two'\n");
  const auto whole = box_.verify();
  EXPECT_EQ(whole.run.status, 1);
  EXPECT_THAT(whole.run.out, HasSubstr("expected.toml:3: 'time_gone' is about no case of the suite; remove the entry"));
  EXPECT_EQ(whole.json["summary"]["idle_expectations"][0]["case"], "time_gone");
}

TEST_F(ExpectedFailures, BadFiles_AreErrorsBeforeAnythingRuns) {
  for (const auto& [more, says] : std::vector<std::pair<std::string, std::string>>{
           {"verdict = \"different\"\nisue = \"x\"", "expected.toml:6:1: isue: unknown key; did you mean 'issue'?"},
           {"verdict = \"different\"\nuntil = 2026-02-30", "expected.toml:6:"},
           {"verdict = \"diferent\"", "did you mean 'different'?"},
           {"verdict = \"different", "malformed TOML"},
           {"verdict = \"different\"\nreason = \"a\"\n[[expected]]\ncase = \"*values\"\nverdict = \"raised\"",
            "expected.toml:7: '*values' is about bench.time_values, and so is 'time_values' in line 3"}}) {
    expect("time_values", more);
    const auto verified = box_.verify();
    EXPECT_EQ(verified.run.status, 2) << verified.text();
    EXPECT_TRUE(verified.json["summary"]["ok"].is_null());
    EXPECT_THAT(verified.run.err, HasSubstr(says));
  }
  EXPECT_EQ(box_.verify({"--expected", "nowhere.toml"}).run.status, 2);
}

TEST_F(ExpectedFailures, Reports_CountThemApart) {
  expect("time_values", "verdict = \"different\"\nissue = \"https://example.org/7\"");
  RunOptions options;
  options.environment["GITHUB_STEP_SUMMARY"] = box_.path("summary.md").string();
  const auto verified = box_.verify({"--junit", "j.xml", "--gitlab-codequality", "q.json", "--html", "page.html",
                                     "--events", "events.jsonl", "--github", "always"},
                                    options);
  ASSERT_EQ(verified.run.status, 0) << verified.text();
  EXPECT_THAT(box_.read("j.xml"), AllOf(HasSubstr("skipped=\"1\""), HasSubstr("failures=\"0\""),
                                        HasSubstr("<skipped type=\"expected\" message=\"EXPECTED: different (return "
                                                  "differs), as expected.toml:3 says: the new solver")));
  const auto findings = nlohmann::json::parse(box_.read("q.json"));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0]["severity"], "info");
  EXPECT_THAT(box_.read("summary.md"), HasSubstr("| expected | "));
  EXPECT_THAT(verified.run.out, Not(HasSubstr("::error")));
  EXPECT_THAT(box_.read("page.html"), HasSubstr("<li class=\"expected\"><b>1</b> expected</li>"));
  EXPECT_THAT(box_.read("events.jsonl"), HasSubstr(R"("standing":"expected")"));
  // All of it can be made of the JSON afterwards.
  box_.write("kept.json", verified.json.dump());
  ASSERT_EQ(box_.run({"report", "kept.json", "--json", "again.json", "--junit", "again.xml"}).status, 0);
  EXPECT_EQ(box_.read_json("again.json")["summary"]["expected"], 1);
  EXPECT_EQ(box_.read_json("again.json")["cases"], verified.json["cases"]);
  EXPECT_THAT(box_.read("again.xml"), HasSubstr("EXPECTED: different"));
}

TEST_F(ExpectedFailures, AnEntryForNoCase_IsInEveryReport) {
  expect("time_gone", "verdict = \"raised\"");
  const auto verified = box_.verify({"--junit", "j.xml", "--github", "always"});
  EXPECT_EQ(verified.run.status, 1);
  EXPECT_THAT(box_.read("j.xml"), HasSubstr("expected.toml:3: 'time_gone' is about no case"))
      << "although a case fails, too";
  EXPECT_THAT(verified.run.out, HasSubstr("expected.toml,line=3::"));
}

TEST_F(ExpectedFailures, KnownFailures_AreNotStaged) {
  expect("time_values", "verdict = \"different\"");
  EXPECT_EQ(box_.verify({"--pending", "always"}).json["summary"]["pending"], 0);
  EXPECT_THAT(box_.run({"pending"}).out, HasSubstr("nothing is pending"));
}

}  // namespace
}  // namespace snapshot_test::support
