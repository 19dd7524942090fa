// The comparison's rules, on hand-made pickles.
#include <gmock/gmock.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "compare_support.hpp"
#include "snapshot_test/compare/explain.hpp"

namespace snapshot_test::compare {
namespace {

using namespace snapshot_test::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(Compare, Tolerance_IsRelativeToTheSnapshot) {
  EXPECT_EQ(outcome(real(1.0), real(1.0)), Outcome::kIdentical);
  EXPECT_EQ(outcome(real(1.000009), real(1.0)), Outcome::kClose);
  EXPECT_EQ(outcome(real(1.00002), real(1.0)), Outcome::kDifferent);
  Options wide;
  wide.tolerance = {0.5, 0};
  EXPECT_EQ(outcome(real(1), real(2), wide), Outcome::kClose);      // 1 <= 0.5 * 2
  EXPECT_EQ(outcome(real(2), real(1), wide), Outcome::kDifferent);  // 1 > 0.5 * 1
}

TEST(Compare, IntegersBooleansAndText_AreExact) {
  EXPECT_EQ(outcome(integer(1'000'000), integer(1'000'001)), Outcome::kDifferent);
  EXPECT_EQ(outcome(boolean(true), boolean(false)), Outcome::kDifferent);
  EXPECT_EQ(outcome(text("a"), text("b")), Outcome::kDifferent);
  EXPECT_EQ(outcome(bytes("a"), bytes("a")), Outcome::kIdentical);
  EXPECT_EQ(outcome(none(), none()), Outcome::kIdentical);
  EXPECT_EQ(outcome(array(dtype("i8"), shape({1}), raw<std::int64_t>({(1LL << 60) + 1})),
                    array(dtype("i8"), shape({1}), raw<std::int64_t>({1LL << 60}))),
            Outcome::kDifferent);
  Options loose;
  loose.exact_integers = false;
  EXPECT_EQ(outcome(integer(1'000'000), integer(1'000'001), loose), Outcome::kClose);
  const std::string big = "\x8a\x0a" + std::string(9, '\x11');
  EXPECT_EQ(outcome(big + "\x11", big + "\x11"), Outcome::kIdentical);
  EXPECT_EQ(outcome("\x8a\x0a\x12" + std::string(9, '\x11'), big + "\x11"), Outcome::kDifferent);
}

TEST(Compare, OtherType_IsDifferentUnlessTypesAreLoose) {
  EXPECT_EQ(outcome(integer(1), real(1)), Outcome::kDifferent);
  EXPECT_EQ(outcome(integer(1), boolean(true)), Outcome::kDifferent);
  EXPECT_EQ(outcome(none(), integer(0)), Outcome::kDifferent);
  EXPECT_EQ(outcome(list({integer(1)}), tuple({integer(1)})), Outcome::kDifferent);
  EXPECT_EQ(outcome(array(dtype("f4"), shape({1}), raw<float>({1})), doubles({1})), Outcome::kDifferent);
  EXPECT_EQ(outcome(array(dtype("i8"), shape({1}), raw<std::int64_t>({1})), doubles({1})), Outcome::kDifferent);
  EXPECT_EQ(outcome(array(dtype("f8"), shape({1, 2}), raw<double>({1, 2})), doubles({1, 2})), Outcome::kDifferent);
  Options loose;
  loose.strict_types = false;
  EXPECT_EQ(outcome(integer(1), real(1), loose), Outcome::kClose);
  EXPECT_EQ(outcome(list({integer(1)}), tuple({integer(1)}), loose), Outcome::kIdentical);
  EXPECT_EQ(outcome(array(dtype("i8"), shape({1}), raw<std::int64_t>({1})), doubles({1}), loose), Outcome::kClose);
}

TEST(Compare, NumpyScalar_IsComparedByValue) {
  EXPECT_NE(outcome(scalar(dtype("f8"), raw<double>({1.5})), real(1.5)), Outcome::kDifferent);
  EXPECT_NE(outcome(integer(7), scalar(dtype("i8"), raw<std::int64_t>({7}))), Outcome::kDifferent);
  EXPECT_EQ(outcome(scalar(dtype("i8"), raw<std::int64_t>({7})), real(7)), Outcome::kDifferent);
  EXPECT_EQ(outcome(scalar(dtype("f4"), raw<float>({1.5F})), scalar(dtype("f8"), raw<double>({1.5}))),
            Outcome::kDifferent);
}

TEST(Compare, Complex_IsComparedByMagnitude) {
  const auto number = [](double re, double im) { return reduce(global("builtins", "complex"), {real(re), real(im)}); };
  EXPECT_EQ(outcome(number(1, 2), number(1, 3)), Outcome::kDifferent);
  // The imaginary part alone is off by more than rtol of itself, not of the magnitude.
  EXPECT_EQ(outcome(number(1, 1.1e-6), number(1, 1e-6)), Outcome::kClose);
}

TEST(Compare, NanAndInfinity_AgreeInTheSamePlaceOnly) {
  EXPECT_EQ(outcome(doubles({kNan, 1}), doubles({kNan, 1})), Outcome::kIdentical);
  const Comparison nans = compared(doubles({kNan, 1 + 1e-9}), doubles({kNan, 1}), without_equal_nan());
  EXPECT_EQ(nans.outcome, Outcome::kDifferent);
  EXPECT_THAT(explain(nans), HasSubstr("--equal-nan"));
  EXPECT_EQ(outcome(doubles({kNan, 1 + 1e-9}), doubles({kNan, 1})), Outcome::kClose);
  EXPECT_EQ(outcome(doubles({kNan, 1}), doubles({1, kNan})), Outcome::kDifferent);
  EXPECT_EQ(outcome(doubles({kInf, -kInf, 1 + 1e-9}), doubles({kInf, -kInf, 1})), Outcome::kClose);
  EXPECT_EQ(outcome(doubles({kInf}), doubles({-kInf})), Outcome::kDifferent);
  EXPECT_EQ(outcome(doubles({1}), doubles({kInf})), Outcome::kDifferent);
  // The same NaNs in another byte order are the same.
  std::string swapped = raw<double>({1});
  swapped = std::string(swapped.rbegin(), swapped.rend());
  std::string nan = raw<double>({kNan});
  nan = std::string(nan.rbegin(), nan.rend());
  EXPECT_EQ(outcome(array(dtype("f8", ">"), shape({2}), nan + swapped), doubles({kNan, 1})), Outcome::kIdentical);
}

TEST(Compare, OtherMemoryOrder_IsIdentical) {
  const std::string c = array(dtype("f8"), shape({2, 3}), raw<double>({1, 2, 3, 4, 5, 6}));
  const std::string f = array(dtype("f8"), shape({2, 3}), raw<double>({1, 4, 2, 5, 3, 6}), "F");
  const std::string wrong = array(dtype("f8"), shape({2, 3}), raw<double>({1, 4, 2, 5, 9, 6}), "F");
  EXPECT_EQ(outcome(f, c), Outcome::kIdentical);
  const Comparison result = compared(wrong, c);
  ASSERT_EQ(result.outcome, Outcome::kDifferent);
  EXPECT_THAT(result.differences.at(0).numbers.at_max_absolute.index, ElementsAre(0, 2));
  EXPECT_EQ(result.differences.at(0).numbers.at_max_absolute.actual, "9");
}

TEST(Compare, DifferentArrays_AreExplainedInNumbers) {
  const Comparison result = compared(doubles({1, 2.5, 3, 0}), doubles({1, 2, 3, 0.25}));
  ASSERT_EQ(result.differences.size(), 1U);
  const Numbers& numbers = result.differences[0].numbers;
  EXPECT_EQ(numbers.mismatched, 2U);
  EXPECT_EQ(numbers.total, 4U);
  EXPECT_DOUBLE_EQ(numbers.max_absolute, 0.5);
  EXPECT_DOUBLE_EQ(numbers.max_relative, 1);
  EXPECT_THAT(numbers.at_max_relative.index, ElementsAre(3));
  EXPECT_EQ(to_json(result)["differences"][0]["numbers"]["mismatched"], 2);
  EXPECT_THAT(explain(result), HasSubstr("2 of 4 elements (50 %)"));
  Options passing;
  passing.tolerance = {numbers.passing_rtol * (1 + 1e-12), 1e-8};
  EXPECT_EQ(outcome(doubles({1, 2.5, 3, 0}), doubles({1, 2, 3, 0.25}), passing), Outcome::kClose);
  passing.tolerance = {1e-5, numbers.passing_atol * (1 + 1e-12)};
  EXPECT_EQ(outcome(doubles({1, 2.5, 3, 0}), doubles({1, 2, 3, 0.25}), passing), Outcome::kClose);
}

TEST(Compare, Half_HasAWiderTolerance) {
  const auto half = [](std::uint16_t bits) { return array(dtype("f2"), shape({1}), raw<std::uint16_t>({bits})); };
  EXPECT_EQ(outcome(half(0x3c00), half(0x3c01)), Outcome::kClose);      // 1 and the next number
  EXPECT_EQ(outcome(half(0x3c00), half(0x3c04)), Outcome::kDifferent);  // 0.4 %
}

TEST(Compare, DictKeysInAnotherOrder_AreNotDifferent) {
  const std::string a = dict({text("x"), real(1), integer(2), real(2), tuple({integer(1), text("k")}), real(3)});
  const std::string b = dict({tuple({integer(1), text("k")}), real(3), text("x"), real(1), integer(2), real(2)});
  EXPECT_NE(outcome(a, b), Outcome::kDifferent);
  const Comparison result =
      compared(dict({text("x"), real(1), text("new"), real(1)}), dict({text("x"), real(1), text("old"), real(1)}));
  EXPECT_EQ(result.difference_count, 2U);
  EXPECT_EQ(result.differences.at(0).path, "['old']");
  EXPECT_EQ(result.differences.at(0).what, What::kMissing);
  EXPECT_EQ(result.differences.at(1).what, What::kUnexpected);
  EXPECT_THAT(result.differing_paths, ElementsAre(".keys()"));
  EXPECT_EQ(outcome(dict({integer(1), real(1)}), dict({real(1), real(1)})), Outcome::kDifferent);
}

TEST(Compare, SetOfMovedFloats_IsClose) {
  constexpr int kCount = 100'000;
  Parts a;
  Parts b;
  for (int i = 0; i < kCount; ++i) {
    a.push_back(real((kCount - i) * (1 + 1e-9)));
    b.push_back(real(i + 1));
  }
  EXPECT_EQ(outcome(set(a), set(b)), Outcome::kClose);
  a[7] = real(-5);
  EXPECT_EQ(outcome(set(a), set(b)), Outcome::kDifferent);
  EXPECT_EQ(outcome(set({text("a"), integer(1)}), set({integer(1), text("a")})), Outcome::kIdentical);
  EXPECT_EQ(outcome(set({text("a")}), set({text("b")})), Outcome::kDifferent);
  EXPECT_EQ(outcome(set({tuple({real(1 + 1e-9), text("a")})}), set({tuple({real(1), text("a")})})), Outcome::kClose);
}

TEST(Compare, Difference_HasItsPath) {
  const auto value = [](double x) {
    return list({integer(0), dict({text("x"), instance("m", "C", {text("data"), real(x)})})});
  };
  const Comparison result = compared(value(1), value(2));
  ASSERT_EQ(result.differences.size(), 1U);
  EXPECT_EQ(result.differences[0].path, "[1]['x'].data");
  EXPECT_THAT(result.differing_paths, ElementsAre("[1]['x'].data"));
  EXPECT_EQ(result.leaves, 2U);
}

TEST(Compare, IgnoredPath_IsLeftOut) {
  const auto value = [](double x, double y) {
    return dict({text("a"), real(x), text("ab"), list({real(y), real(0)})});
  };
  EXPECT_EQ(outcome(value(1, 1), value(2, 1), ignoring({"['a']"})), Outcome::kIdentical);
  EXPECT_EQ(outcome(value(1, 1), value(1, 2), ignoring({"['a']"})), Outcome::kDifferent);
  EXPECT_EQ(outcome(value(1, 1), value(1, 2), ignoring({"['ab'][0]"})), Outcome::kIdentical);
  EXPECT_EQ(compared(value(1, 1), value(1, 2), ignoring({"['ab']"})).leaves, 1U);
  EXPECT_EQ(compared(value(1, 1), value(2, 2), ignoring({"['a']", "['ab']"})).leaves, 0U);
  EXPECT_EQ(compared(real(1), real(2), ignoring({""})).leaves, 0U);
  const std::string a = dict({text("x"), real(1), text("new"), real(1)});
  const std::string b = dict({text("x"), real(1), text("old"), real(1)});
  EXPECT_EQ(outcome(a, b, ignoring({".keys()"})), Outcome::kIdentical);
  EXPECT_EQ(compared(a, b, ignoring({".keys()"})).leaves, 1U);
}

// What one run reports as unstable, and only that, is left out in the next, for every path that can be reported.
TEST(Compare, ReportedPath_IsUnderstoodAsIgnored) {
  const auto value = [](double x) {
    return list({real(x), dict({text("it's [odd]"), real(x), tuple({integer(1)}), real(x), real(0.5), real(x)}),
                 instance("m", "C", {text("a"), real(x), text("not plain"), real(x)}), set({real(x)}),
                 reduce(global("m", "D"), {real(x)}), text("same"), doubles({x, 1})});
  };
  const Comparison result = compared(value(1), value(2));
  ASSERT_EQ(result.outcome, Outcome::kDifferent);
  const Comparison again = compared(value(3), value(2), ignoring(result.differing_paths));
  EXPECT_EQ(again.outcome, Outcome::kIdentical) << explain(again);
  EXPECT_EQ(again.leaves, 1U);
}

TEST(Compare, SharedUnstablePart_IsLeftOutEverywhere) {
  const auto value = [](double x) { return "(]" + real(x) + "aq\x01h\x01" + integer(5) + "t"; };
  const Comparison result = compared(value(1), value(2));
  ASSERT_EQ(result.outcome, Outcome::kDifferent);
  const Comparison again = compared(value(3), value(2), ignoring(result.differing_paths));
  EXPECT_EQ(again.outcome, Outcome::kIdentical) << explain(again);
  EXPECT_EQ(again.leaves, 1U);
}

TEST(Compare, OtherAddress_IsClose) {
  EXPECT_EQ(outcome(text("<Foo at 0x7f0012>"), text("<Foo at 0x55aa>")), Outcome::kClose);
  EXPECT_EQ(outcome(text("<Foo at 0x7f0012>"), text("<Bar at 0x55aa>")), Outcome::kDifferent);
  EXPECT_NE(outcome(dict({text("<Foo at 0x1>"), integer(1)}), dict({text("<Foo at 0x2>"), integer(1)})),
            Outcome::kDifferent);
}

TEST(Compare, Objects_AreComparedByClassArgumentsAndState) {
  const auto object = [](const std::string& name, double x) { return instance("m", name, {text("x"), real(x)}); };
  EXPECT_EQ(outcome(object("A", 1), object("A", 1)), Outcome::kIdentical);
  EXPECT_EQ(outcome(object("A", 1), object("A", 2)), Outcome::kDifferent);
  EXPECT_EQ(outcome(object("A", 1), object("B", 1)), Outcome::kDifferent);
  EXPECT_EQ(outcome(reduce(global("m", "f"), {integer(1)}), reduce(global("m", "f"), {integer(2)})),
            Outcome::kDifferent);
  EXPECT_EQ(outcome(global("m", "f"), global("m", "g")), Outcome::kDifferent);
}

std::string masked(const std::vector<double>& data, const std::string& mask, const std::string& fill) {
  return reduce(global("numpy.ma.core", "_mareconstruct"),
                {global("numpy.ma.core", "MaskedArray"), global("numpy", "ndarray"), shape({0}), bytes("b")}) +
         tuple({integer(1), shape({static_cast<std::int32_t>(data.size())}), dtype("f8"), boolean(false),
                bytes(raw(data)), bytes(mask), fill}) +
         "b";
}

TEST(Compare, MaskedArrays_AreComparedWhereTheyAreNotMasked) {
  const std::string mask("\0\1\0", 3);
  EXPECT_EQ(outcome(masked({1, 99, 3}, mask, none()), masked({1, 2, 3}, mask, none())), Outcome::kIdentical);
  EXPECT_EQ(outcome(masked({1, 99, 4}, mask, none()), masked({1, 2, 3}, mask, none())), Outcome::kDifferent);
  const Comparison other_mask =
      compared(masked({1, 2, 3}, std::string("\0\0\0", 3), none()), masked({1, 2, 3}, mask, none()));
  ASSERT_EQ(other_mask.outcome, Outcome::kDifferent);
  EXPECT_EQ(other_mask.differences.at(0).what, What::kMask);
  EXPECT_NE(outcome(masked({1, 2, 3}, mask, real(1e20)), masked({1, 2, 3}, mask, none())), Outcome::kDifferent);
  EXPECT_EQ(outcome(masked({1, 2, 3}, mask, real(-1)), masked({1, 2, 3}, mask, real(-2))), Outcome::kDifferent);
}

TEST(Compare, StructuredArrays_AreComparedByField) {
  const std::string record =
      reduce(global("numpy", "dtype"), {text("V12"), boolean(false), boolean(true)}) +
      tuple({integer(3), text("|"), none(), tuple({text("a"), text("b")}),
             dict({text("a"), tuple({dtype("f8"), integer(0)}), text("b"), tuple({dtype("i4"), integer(8)})}),
             integer(12), integer(1), integer(0)}) +
      "b";
  const auto value = [&](double x, std::int32_t y) {
    return array(record, shape({1}), raw<double>({x}) + raw<std::int32_t>({y}));
  };
  EXPECT_EQ(outcome(value(1 + 1e-9, 5), value(1, 5)), Outcome::kClose);
  const Comparison result = compared(value(1, 6), value(1, 5));
  ASSERT_EQ(result.differences.size(), 1U);
  EXPECT_EQ(result.differences[0].path, "['b']");
  EXPECT_TRUE(result.differences[0].numbers.exact);
}

TEST(Compare, CyclesAndDeepNesting_AreCompared) {
  const std::string cycle =
      "]q\x01h\x01"
      "a" +
      integer(1) + "a";
  EXPECT_EQ(outcome(cycle, cycle), Outcome::kIdentical);
  EXPECT_EQ(outcome("]q\x01h\x01"
                    "a" +
                        integer(2) + "a",
                    cycle),
            Outcome::kDifferent);
  const std::string deep = std::string(1'000'000, ']') + std::string(999'999, 'a');
  EXPECT_EQ(outcome(deep, deep), Outcome::kIdentical);
}

TEST(Compare, SharedParts_AreComparedOnce) {
  // 2^60 paths lead to the innermost list.
  const auto bomb = [](int last) {
    std::string out = "](" + integer(last) + "e";
    for (int i = 0; i < 60; ++i) out += std::string("q") + static_cast<char>(i) + "h" + static_cast<char>(i) + "\x86";
    return out;
  };
  EXPECT_EQ(outcome(bomb(1), bomb(1)), Outcome::kIdentical);
  EXPECT_EQ(outcome(bomb(1), bomb(2)), Outcome::kDifferent);
}

TEST(Compare, ManyDifferences_AreCut) {
  Parts a;
  Parts b;
  for (int i = 0; i < 5000; ++i) {
    a.push_back(text(std::string(1000, 'a') + std::to_string(i)));
    b.push_back(text(std::string(1000, 'b') + std::to_string(i)));
  }
  const Comparison result = compared(list(a), list(b));
  EXPECT_EQ(result.difference_count, 5000U);
  EXPECT_EQ(result.differences.size(), kMostDifferences);
  EXPECT_EQ(result.differing_paths.size(), kMostPaths);
  EXPECT_TRUE(result.paths_truncated);
  EXPECT_LT(explain(result).size(), 20'000U);
  EXPECT_LT(to_json(result).dump().size(), 40'000U);
}

}  // namespace
}  // namespace snapshot_test::compare
