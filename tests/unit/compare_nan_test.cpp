// One rule for NaNs, wherever they are: one that stays where it was is no difference, whatever its bits. Without
// equal_nan the same bits agree as long as every number has the same bits; once some number moved, no NaN agrees.
#include <gmock/gmock.h>

#include <cstdint>
#include <functional>
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
constexpr double kMoved = 1 + 1e-12;

struct Place {
  const char* name;
  std::string (*value)(double number);  // holds a NaN, and the number
};

std::string half_nan() { return array(dtype("f2"), shape({1}), raw<std::uint16_t>({0x7e00})); }
std::string long_nan() { return array(dtype("f16"), shape({1}), raw<long double>({kNan})); }
std::string swapped_nan() {
  const std::string nan = raw<double>({kNan});
  return array(dtype("f8", ">"), shape({1}), std::string(nan.rbegin(), nan.rend()));
}

const std::vector<Place>& places() {
  static const std::vector<Place> all = {
      {"array",
       [](double x) {
         return doubles({kNan, x});
       }},
      {"list",
       [](double x) {
         return list({real(kNan), real(x)});
       }},
      {"tuple after the number",
       [](double x) {
         return tuple({real(x), real(kNan)});
       }},
      {"dict",
       [](double x) {
         return dict({text("a"), real(kNan), text("b"), real(x)});
       }},
      {"array beside a number",
       [](double x) {
         return list({doubles({1, kNan}), real(x)});
       }},
      {"array beside an array",
       [](double x) {
         return list({doubles({kNan}), doubles({x})});
       }},
      {"scalar",
       [](double x) {
         return list({scalar(dtype("f8"), raw<double>({kNan})), real(x)});
       }},
      {"half",
       [](double x) {
         return list({half_nan(), real(x)});
       }},
      {"long double",
       [](double x) {
         return list({long_nan(), real(x)});
       }},
      {"other byte order",
       [](double x) {
         return list({swapped_nan(), real(x)});
       }},
      {"complex",
       [](double x) {
         return list({reduce(global("builtins", "complex"), {real(1), real(kNan)}), real(x)});
       }},
      {"attribute",
       [](double x) {
         return instance("m", "C", {text("a"), real(kNan), text("b"), real(x)});
       }},
      {"set of tuples",
       [](double x) {
         return set({tuple({real(kNan), real(x)})});
       }},
  };
  return all;
}

TEST(CompareNan, EveryNumberTheSame_IsIdentical) {
  for (const Place& place : places()) {
    EXPECT_EQ(outcome(place.value(1), place.value(1)), Outcome::kIdentical) << place.name;
  }
}

TEST(CompareNan, NumberMovedWithoutEqualNan_CountsTheNan) {
  for (const Place& place : places()) {
    const Comparison result = compared(place.value(kMoved), place.value(1), without_equal_nan());
    ASSERT_EQ(result.outcome, Outcome::kDifferent) << place.name;
    EXPECT_EQ(result.difference_count, 1U) << place.name << ": " << explain(result);
    EXPECT_TRUE(result.differences.at(0).numbers.only_nans) << place.name;
    EXPECT_THAT(explain(result), HasSubstr("NaNs at the same places are all that separates")) << place.name;
    EXPECT_THAT(explain(result), HasSubstr("--equal-nan")) << place.name;
    EXPECT_EQ(outcome(place.value(kMoved), place.value(1)), Outcome::kClose) << place.name;
  }
}

std::string nan_of(std::uint64_t bits) { return array(dtype("f8"), shape({1}), raw<std::uint64_t>({bits})); }

TEST(CompareNan, OtherSignOrPayload_IsNotDifferent) {
  const std::vector<std::string> doubles_of = {nan_of(0x7ff8000000000000), nan_of(0xfff8000000000000),
                                               nan_of(0x7ff8000000000001), nan_of(0x7ff0000000000001)};
  for (const std::string& other : doubles_of) {
    EXPECT_NE(outcome(other, doubles_of[0]), Outcome::kDifferent);
    EXPECT_NE(outcome(list({other, real(kMoved)}), list({doubles_of[0], real(1)})), Outcome::kDifferent);
  }
  const auto of = [](const std::string& type, const std::string& bytes) {
    return array(dtype(type), shape({1}), bytes);
  };
  EXPECT_NE(outcome(of("f2", raw<std::uint16_t>({0xfe01})), of("f2", raw<std::uint16_t>({0x7e00}))),
            Outcome::kDifferent);
  EXPECT_NE(outcome(of("f4", raw<std::uint32_t>({0xffc00001})), of("f4", raw<std::uint32_t>({0x7fc00000}))),
            Outcome::kDifferent);
  EXPECT_NE(outcome(of("f16", raw<long double>({-static_cast<long double>(kNan)})), long_nan()), Outcome::kDifferent);
  EXPECT_NE(outcome(real(-kNan), real(kNan)), Outcome::kDifferent);
}

TEST(CompareNan, NanInAPartOfAComplex_IsComparedInThatPart) {
  const auto scalars = [](double re, double im) { return reduce(global("builtins", "complex"), {real(re), real(im)}); };
  const auto arrays = [](double re, double im) { return array(dtype("c16"), shape({1}), raw<double>({re, im})); };
  for (const auto& number : {std::function(scalars), std::function(arrays)}) {
    EXPECT_EQ(outcome(number(kNan, kMoved), number(kNan, 1)), Outcome::kClose);
    EXPECT_EQ(outcome(number(1, -kNan), number(1, kNan)), Outcome::kClose);
    EXPECT_NE(outcome(number(-kNan, kNan), number(kNan, kNan)), Outcome::kDifferent);
    EXPECT_EQ(outcome(number(kNan, 2), number(kNan, 1)), Outcome::kDifferent);
    EXPECT_EQ(outcome(number(1, kNan), number(kNan, 1)), Outcome::kDifferent);
    EXPECT_EQ(outcome(number(kNan, kNan), number(kNan, 1)), Outcome::kClose);  // as multiplying by 1 does
    EXPECT_EQ(outcome(number(kNan, kInf), number(kNan, -kInf)), Outcome::kDifferent);
  }
}

TEST(CompareNan, NanAsKeyOrElement_IsComparedByItsOtherNumbers) {
  EXPECT_EQ(outcome(dict({real(-kNan), real(kMoved)}), dict({real(kNan), real(1)})), Outcome::kClose);
  EXPECT_EQ(outcome(dict({real(kNan), real(2)}), dict({real(kNan), real(1)})), Outcome::kDifferent);
  EXPECT_NE(outcome(set({real(-kNan), real(kMoved)}), set({real(kNan), real(1)})), Outcome::kDifferent);
  EXPECT_EQ(outcome(set({real(kNan), real(1)}), set({real(2), real(1)})), Outcome::kDifferent);
  EXPECT_EQ(outcome(set({real(kNan), real(kNan)}), set({real(kNan)})), Outcome::kDifferent);
}

TEST(CompareNan, SeveralNanKeys_AreAllCompared) {
  const auto two = [](double a, double b) { return dict({real(kNan), real(a), real(kNan), real(b)}); };
  EXPECT_EQ(outcome(two(1, 2), two(1, 2)), Outcome::kIdentical);
  EXPECT_EQ(outcome(two(7, 2), two(1, 2)), Outcome::kDifferent);
  EXPECT_EQ(outcome(dict({real(kNan), real(2)}), two(1, 2)), Outcome::kDifferent);
  const auto pair = [](double a) {
    return dict({tuple({real(kNan), integer(1)}), real(a), tuple({real(kNan), integer(1)}), real(2)});
  };
  EXPECT_EQ(outcome(pair(7), pair(1)), Outcome::kDifferent);
}

TEST(CompareNan, OtherCountOrPlace_IsDifferent) {
  EXPECT_EQ(outcome(doubles({kNan, kNan, 1}), doubles({kNan, 1, 1})), Outcome::kDifferent);
  EXPECT_EQ(outcome(doubles({kNan, 2, 1}), doubles({kNan, kNan, 1})), Outcome::kDifferent);
  EXPECT_EQ(outcome(list({real(kNan), real(kMoved)}), list({real(1), real(kNan)})), Outcome::kDifferent);
  EXPECT_EQ(outcome(integer(1), real(kNan)), Outcome::kDifferent);
}

TEST(CompareNan, OtherDifferenceBeside_NanIsNotCounted) {
  const auto value = [](double x, const std::string& word) { return list({real(kNan), real(x), text(word)}); };
  const Options options = without_equal_nan();
  EXPECT_THAT(compared(value(1, "b"), value(1, "a"), options).differing_paths, ElementsAre("[2]"));
  EXPECT_THAT(compared(value(2, "a"), value(1, "a"), options).differing_paths, ElementsAre("[1]"));
  // Addresses and types of scalars are not numbers that moved.
  EXPECT_EQ(outcome(value(1, "<A at 0x1>"), value(1, "<A at 0x2>"), options), Outcome::kClose);
  EXPECT_EQ(outcome(list({real(kNan), scalar(dtype("f8"), raw<double>({1}))}), list({real(kNan), real(1)}), options),
            Outcome::kClose);
}

TEST(CompareNan, NanOnOneSideOnly_IsDifferent) {
  for (const Options& options : {Options{}, without_equal_nan()}) {
    EXPECT_EQ(outcome(real(kNan), real(1), options), Outcome::kDifferent);
    EXPECT_EQ(outcome(doubles({kNan, 1}), doubles({1, kNan}), options), Outcome::kDifferent);
    EXPECT_EQ(outcome(list({real(kNan), real(1)}), list({real(1), real(kNan)}), options), Outcome::kDifferent);
  }
}

TEST(CompareNan, NanBeforeTheFirstDifference_IsCounted) {
  std::vector<double> expected(10'000, 1.0);
  expected[3] = kNan;
  expected[17] = kInf;
  std::vector<double> actual = expected;
  actual[9'999] = 3;
  const Comparison result = compared(doubles(actual), doubles(expected), without_equal_nan());
  ASSERT_EQ(result.outcome, Outcome::kDifferent);
  const Numbers& numbers = result.differences.at(0).numbers;
  EXPECT_EQ(numbers.mismatched, 2U);
  EXPECT_EQ(numbers.actual_nans, 1U);
  EXPECT_EQ(numbers.expected_infs, 1U);
  EXPECT_FALSE(numbers.only_nans);
  EXPECT_THAT(numbers.samples.at(0).index, ElementsAre(3));
  EXPECT_THAT(numbers.samples.at(1).index, ElementsAre(9'999));
}

TEST(CompareNan, Infinity_AgreesWithItselfOnly) {
  EXPECT_EQ(outcome(list({real(kInf), real(kMoved)}), list({real(kInf), real(1)})), Outcome::kClose);
  EXPECT_EQ(outcome(list({doubles({kInf, -kInf}), real(kMoved)}), list({doubles({kInf, -kInf}), real(1)})),
            Outcome::kClose);
  EXPECT_EQ(outcome(real(kInf), real(-kInf)), Outcome::kDifferent);
}

}  // namespace
}  // namespace snapshot_test::compare
