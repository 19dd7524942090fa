// Text: addresses, and what a message shows of texts of many lines.
#include <gmock/gmock.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>

#include "compare/line_diff.hpp"
#include "compare_support.hpp"
#include "snapshot_test/compare/explain.hpp"

namespace snapshot_test::compare {
namespace {

using namespace snapshot_test::testing;
using ::testing::HasSubstr;
using ::testing::Not;

std::string wide(const std::string& ascii, std::size_t length) {
  std::string out;
  for (std::size_t i = 0; i < length; ++i) {
    out.push_back(i < ascii.size() ? ascii[i] : '\0');
    out.append(3, '\0');
  }
  return out;
}

// What a path shows of a key.
std::string key_text_of(const std::string& key) {
  return compared(dict({text(key), integer(1)}), dict({text(key), integer(2)})).differing_paths.at(0);
}

TEST(CompareText, AddressInAnArray_IsClose) {
  const auto bytes_array = [](const std::string& a, const std::string& b) {
    return array(dtype("S24"), shape({2}), a + std::string(24 - a.size(), '\0') + b + std::string(24 - b.size(), '\0'));
  };
  EXPECT_EQ(outcome(bytes_array("<A at 0x7f01>", "x"), bytes_array("<A at 0x55>", "x")), Outcome::kClose);
  EXPECT_EQ(outcome(bytes_array("<B at 0x7f01>", "x"), bytes_array("<A at 0x55>", "x")), Outcome::kDifferent);
  const auto text_array = [](const std::string& a) { return array(dtype("U20"), shape({1}), wide(a, 20)); };
  EXPECT_EQ(outcome(text_array("<A at 0x7f01>"), text_array("<A at 0x55>")), Outcome::kClose);
  EXPECT_EQ(outcome(text_array("<A at 0x7f01>."), text_array("<A at 0x55>")), Outcome::kDifferent);
  const Comparison result = compared(bytes_array("<A at 0x7f01>", "x"), bytes_array("<A at 0x55>", "y"));
  EXPECT_EQ(result.differences.at(0).numbers.mismatched, 1U);
  EXPECT_EQ(outcome(bytes("<A at 0x7f01>"), bytes("<A at 0x55>")), Outcome::kClose);
}

TEST(CompareText, HexadecimalThatIsNoAddress_IsDifferent) {
  const auto wrapped = [](const std::string& a) { return array(dtype("U30"), shape({1}), wide(a, 30)); };
  for (const auto& [a, b] :
       {std::pair("error at 0x10", "error at 0x20"), std::pair("jump at 0x7fff to 0x12", "jump at 0x7ffe to 0x12"),
        std::pair("<p>fault at 0x1</p>", "<p>fault at 0x2</p>")}) {
    EXPECT_EQ(outcome(text(a), text(b)), Outcome::kDifferent) << a;
    EXPECT_EQ(outcome(bytes(a), bytes(b)), Outcome::kDifferent) << a;
    EXPECT_EQ(outcome(wrapped(a), wrapped(b)), Outcome::kDifferent) << a;
    EXPECT_EQ(outcome(dict({text(a), integer(1)}), dict({text(b), integer(1)})), Outcome::kDifferent) << a;
    EXPECT_EQ(outcome(set({text(a)}), set({text(b)})), Outcome::kDifferent) << a;
    EXPECT_EQ(outcome(set({bytes(a)}), set({bytes(b)})), Outcome::kDifferent) << a;
    EXPECT_NE(key_text_of(a), key_text_of(b)) << a;
  }
  const std::string method = "<bound method X.f of <Y object at 0x1>>";
  const std::string moved = "<bound method X.f of <Y object at 0x2>>";
  EXPECT_EQ(outcome(set({bytes(method)}), set({bytes(moved)})), Outcome::kIdentical);
  EXPECT_EQ(outcome(dict({bytes(method), integer(1)}), dict({bytes(moved), integer(1)})), Outcome::kIdentical);
}

TEST(CompareText, TextsOfManyLines_HaveAUnifiedDiff) {
  const std::string expected = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n";
  const std::string actual = "one\ntwo\nthree\nfour\n5\nsix\nseven\neight\nnine\nten\n";
  EXPECT_EQ(unified_diff(actual, expected).text,
            "@@ -2,8 +2,9 @@\n two\n three\n four\n-five\n+5\n six\n seven\n eight\n nine\n+ten");
  const Comparison result = compared(text(actual), text(expected));
  EXPECT_THAT(explain(result), HasSubstr("\n    -five\n    +5\n"));
  EXPECT_THAT(to_json(result)["differences"][0]["diff"].get<std::string>(), HasSubstr("\n-five\n+5\n"));
  EXPECT_FALSE(to_json(compared(text("a"), text("b")))["differences"][0].contains("diff"));
}

TEST(CompareText, LinesOfOneSideOnly_AreInTheDiff) {
  EXPECT_EQ(unified_diff("a\nb\n", "").text, "@@ -0,0 +1,2 @@\n+a\n+b");
  EXPECT_EQ(unified_diff("", "a\nb\n").text, "@@ -1,2 +0,0 @@\n-a\n-b");
  EXPECT_EQ(unified_diff("b\nc\nd\n", "a\nb\nc\nd\n").text, "@@ -1,4 +1,3 @@\n-a\n b\n c\n d");
  EXPECT_EQ(unified_diff("a\nb\nc\n", "a\nc\n").text, "@@ -1,2 +1,3 @@\n a\n+b\n c");
}

TEST(CompareText, Address_IsNotInTheDiff) {
  const std::string diff = unified_diff("<A at 0x1>\nx\n", "<A at 0x2>\ny\n").text;
  EXPECT_THAT(diff, HasSubstr("-y\n+x"));
  EXPECT_THAT(diff, Not(HasSubstr("-<A")));
}

// What the diff, which is not cut, makes of the expected text.
std::string applied(const std::string& diff, const std::string& expected) {
  std::istringstream edits(diff);
  std::istringstream source(expected);
  std::string out;
  std::string line;
  std::size_t at = 1;  // the next line of `expected`
  const auto copy = [&] {
    std::string same;
    std::getline(source, same);
    ++at;
    return same + "\n";
  };
  while (std::getline(edits, line)) {
    if (line.substr(0, 4) == "@@ -") {
      const std::size_t first = std::stoul(line.substr(4));
      const bool nothing = line.find(",0 +") != std::string::npos;
      while (at < first + (nothing ? 1 : 0)) out += copy();
    } else if (line[0] == '+') {
      out += line.substr(1) + "\n";
    } else {
      const std::string same = copy();
      EXPECT_EQ(same, line.substr(1) + "\n") << diff;
      if (line[0] == ' ') out += same;
    }
  }
  while (std::getline(source, line)) out += line + "\n";
  return out;
}

TEST(CompareText, DiffOfAnyShortTexts_GivesTheActualWhenApplied) {
  const std::string alphabet = "abc";
  std::vector<std::string> texts = {""};
  for (std::size_t i = 0; i < texts.size() && texts[i].size() < 10; ++i) {
    for (const char c : alphabet) texts.push_back(texts[i] + c + "\n");
  }
  std::size_t checked = 0;
  for (std::size_t i = 0; i < texts.size(); i += 3) {
    for (std::size_t j = 0; j < texts.size(); j += 7) {
      if (texts[i] == texts[j] || (texts[i].size() < 4 && texts[j].size() < 4)) continue;
      EXPECT_EQ(applied(unified_diff(texts[i], texts[j]).text, texts[j]), texts[i]) << texts[j];
      ++checked;
    }
  }
  EXPECT_GT(checked, 1000U);
}

TEST(CompareText, DiffOfLongTexts_IsCutWithin10Seconds) {
  std::string a;
  std::string b;
  for (int i = 0; i < 200'000; ++i) {
    a += "actual " + std::to_string(i * 7919 % 100'003) + "\n";
    b += "expected " + std::to_string(i * 6007 % 100'019) + "\n";
  }
  const auto start = std::chrono::steady_clock::now();
  const std::string diff = unified_diff(a, b).text;
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 10);
  EXPECT_LT(std::count(diff.begin(), diff.end(), '\n'), 60);
  EXPECT_THAT(diff, HasSubstr("more changed lines"));
  const std::string long_lines = std::string(1'000'000, 'x') + "\n" + std::string(1'000'000, 'y');
  EXPECT_LT(unified_diff(long_lines, "a\nb\n").text.size(), 2'000U);
  // Far apart, but for lines that both have: what can be told is still right.
  const Comparison result = compared(text(a + "same\n"), text(b + "same\n"));
  EXPECT_LT(explain(result).size(), 10'000U);
}

}  // namespace
}  // namespace snapshot_test::compare
