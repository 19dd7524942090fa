// expected.toml as people write it, and what is wrong with what they write.
#include <gmock/gmock.h>

#include "config/expected.hpp"

namespace snapshot_test::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

std::string complaint_about(std::string_view text) {
  const auto entries = parse_expected(text, "dir/expected.toml");
  if (entries) {
    return "nothing";
  }
  EXPECT_EQ(entries.error().kind, ErrorKind::kConfig);
  return entries.error().message;
}

TEST(ExpectedFile, Entries_AreReadWithTheirLines) {
  const auto entries = parse_expected(
      "# known\n"
      "[[expected]]\n"
      "case = \"bench.Suite.time_f(256, *)\"\n"
      "verdict = \"different\"\n"
      "reason = \"numpy 2 rounds otherwise\"\n"
      "issue = \"https://example.org/issues/7\"\n"
      "until = 2026-02-28\n"
      "max_elements = 3\n"
      "\n"
      "[[expected]]\n"
      "case = 'time_g(\"a\")'\n"
      "verdict = \"vacuous\"\n"
      "reason = \"prints only\"\n",
      "dir/expected.toml");
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_THAT(*entries, SizeIs(2));
  const model::Expectation& first = entries->front();
  EXPECT_EQ(first.cases, "bench.Suite.time_f(256, *)");
  EXPECT_EQ(first.verdict, model::Verdict::kDifferent);
  EXPECT_EQ(first.reason, "numpy 2 rounds otherwise");
  EXPECT_EQ(first.issue, "https://example.org/issues/7");
  EXPECT_EQ(first.until, "2026-02-28");
  EXPECT_EQ(first.max_elements, 3U);
  EXPECT_EQ(first.place(), "dir/expected.toml:2");
  EXPECT_EQ(entries->back().cases, "time_g(\"a\")");
  EXPECT_EQ(entries->back().place(), "dir/expected.toml:10");
  EXPECT_EQ(entries->back().until, "");
  EXPECT_EQ(entries->back().max_elements, std::nullopt);
}

TEST(ExpectedFile, NoEntries_AreNoError) {
  for (const std::string_view text : {"", "# nothing yet\n", "expected = []\n"}) {
    const auto entries = parse_expected(text, "expected.toml");
    ASSERT_TRUE(entries) << entries.error().message;
    EXPECT_THAT(*entries, IsEmpty());
  }
}

TEST(ExpectedFile, WhatIsWrong_IsNamedWithLineAndColumn) {
  const std::string entry = "[[expected]]\ncase = \"f\"\nverdict = \"different\"\nreason = \"r\"\n";
  const std::vector<std::pair<std::string, std::string>> wrongs = {
      {entry + "untill = 2026-12-31\n", "dir/expected.toml:5:1: untill: unknown key; did you mean 'until'?"},
      {entry + "until = 2026-02-30\n", "dir/expected.toml:5:"},
      {entry + "until = \"2026-12-31\"\n", "dir/expected.toml:5:9: until: must be a date such as 2026-12-31"},
      {entry + "until = 2026-12-31T10:00:00\n", "dir/expected.toml:5:9: until: must be a date such as 2026-12-31"},
      {entry + "max_elements = 0\n", "dir/expected.toml:5:16: max_elements: must be a whole number of at least 1"},
      {entry + "max_elements = 1.5\n", "dir/expected.toml:5:16: max_elements: must be a whole number"},
      {entry + "issue = 7\n", "dir/expected.toml:5:9: issue: must be a text in quotes"},
      {entry + "reason = \"again\"\n", "dir/expected.toml:5:"},
      {entry + "[[expcted]]\n", "dir/expected.toml:5:3: expcted: unknown key; did you mean 'expected'?"},
      {"expected = 3\n", "dir/expected.toml:1:12: expected: the file is read from tables [[expected]]"},
      {"[expected]\ncase = \"f\"\n", "dir/expected.toml:1:1: expected: the file is read from tables [[expected]]"},
      {"[[expected]]\ncase = \"f\"\nverdict = \"different\"\n", "dir/expected.toml:1:1: reason: is missing"},
      {"[[expected]]\ncase = \"f\"\nreason = \"r\"\n", "dir/expected.toml:1:1: verdict: is missing"},
      {"[[expected]]\nverdict = \"different\"\nreason = \"r\"\n", "dir/expected.toml:1:1: case: is missing"},
      {"[[expected]]\ncase = \"f\"\nverdict = \"different\"\nreason = \"  \"\n",
       "dir/expected.toml:4:10: reason: must be a text in quotes that is not empty"},
      {"[[expected]]\ncase = \"f\"\nverdict = \"diffrent\"\nreason = \"r\"\n",
       "dir/expected.toml:3:11: verdict: 'diffrent' is no verdict; did you mean 'different'?"},
      {"[[expected]]\ncase = \"f\"\nverdict = \"vacuous\"\nreason = \"r\"\nmax_elements = 2\n",
       "dir/expected.toml:5:16: max_elements: says how many elements may differ"},
      {"case = \"f\n", "dir/expected.toml:1:10: malformed TOML: "},
      {"\xff\xfe", "dir/expected.toml:1:1: malformed TOML: "},
  };
  for (const auto& [text, message] : wrongs) {
    EXPECT_THAT(complaint_about(text), StartsWith(message)) << text;
  }
  EXPECT_THAT(complaint_about(entry + "until = 2026-02-30\n"), HasSubstr("day"));
}

TEST(ExpectedFile, OnlyWhatFailsOrCannotBeChecked_MayBeExpected) {
  const auto verdict = [](const std::string& word) {
    return complaint_about("[[expected]]\ncase = \"f\"\nreason = \"r\"\nverdict = \"" + word + "\"\n");
  };
  for (const char* word : {"different", "raised", "crashed", "timed-out", "unreadable", "no-snapshot", "vacuous",
                           "unstable", "opaque", "capture-failed"}) {
    EXPECT_EQ(verdict(word), "nothing") << word;
  }
  for (const char* word :
       {"identical", "close", "inner-changed", "skipped", "no-op", "refused", "obsolete", "expected", "unexpected"}) {
    EXPECT_THAT(verdict(word), HasSubstr("cannot be expected; what can is different, raised")) << word;
  }
}

TEST(ExpectedFile, FileThatIsNotThere_IsAnErrorOfTheConfiguration) {
  const auto entries = read_expected("/nowhere/expected.toml");
  ASSERT_FALSE(entries);
  EXPECT_EQ(entries.error().kind, ErrorKind::kConfig);
  EXPECT_THAT(entries.error().message, HasSubstr("/nowhere/expected.toml"));
}

}  // namespace
}  // namespace snapshot_test::config
