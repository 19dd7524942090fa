// An absolute tolerance that follows from the snapshot's own numbers.
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "compare/auto_atol.hpp"
#include "compare_support.hpp"
#include "snapshot_test/compare/explain.hpp"
#include "snapshot_test/model/auto_atol.hpp"

namespace snapshot_test::compare {
namespace {

using namespace snapshot_test::testing;  // NOLINT(google-build-using-namespace): the pickles' vocabulary
using ::testing::HasSubstr;

Options automatic(double rtol = 0) {
  Options options;
  options.tolerance = {rtol, model::kAutoAtol};
  return options;
}

std::string floats(const std::vector<float>& numbers) {
  return array(dtype("f4"), shape({static_cast<std::int32_t>(numbers.size())}), raw(numbers));
}

TEST(AutoAtol, Formula_IsEightRootNTimesUnitRoundoffOfTheLargest) {
  const double u = std::ldexp(1.0, -53);
  EXPECT_DOUBLE_EQ(auto_atol({100, 2.5}, u), 8 * 10 * u * 2.5);
  EXPECT_EQ(auto_atol({0, 0}, u), 0);
  EXPECT_EQ(auto_atol({10'000'000'000, 3}, std::ldexp(1.0, -11)), 0.03) << "never more than a hundredth";
}

TEST(AutoAtol, NumbersOfAnySize_PassWithinRoundingOfTheLargestAndNotBeyond) {
  const double u = std::ldexp(1.0, -53);
  for (const double scale : {1e-300, 1e-12, 1.0, 1e20}) {
    const std::string expected = doubles({scale, 0, -scale / 2, scale / 4});
    const double atol = 8 * 2 * u * scale;
    EXPECT_EQ(outcome(doubles({scale, atol * 0.9, -scale / 2, scale / 4}), expected, automatic()), Outcome::kClose);
    EXPECT_EQ(outcome(doubles({scale, atol * 1.1, -scale / 2, scale / 4}), expected, automatic()), Outcome::kDifferent);
    EXPECT_EQ(outcome(doubles({0, 0, 0, 0}), expected, automatic(1e-5)), Outcome::kDifferent) << scale;
  }
}

TEST(AutoAtol, Dtype_HasItsOwnUnitRoundoffAndScale) {
  const std::string expected = tuple({floats({1, 0}), doubles({1e-6, 0})});
  const double root = std::sqrt(2.0);
  const auto with = [&](double single, double twice) {
    return outcome(tuple({floats({1, static_cast<float>(single)}), doubles({1e-6, twice})}), expected, automatic());
  };
  const double single = 8 * root * std::ldexp(1.0, -24);
  const double twice = 8 * root * std::ldexp(1.0, -53) * 1e-6;
  EXPECT_EQ(with(single * 0.9, twice * 0.9), Outcome::kClose);
  EXPECT_EQ(with(single * 1.1, 0), Outcome::kDifferent);
  EXPECT_EQ(with(0, twice * 1.1), Outcome::kDifferent);
}

TEST(AutoAtol, NumbersOfOneList_CountTogetherAndThoseOfATupleByThemselves) {
  const double u = std::ldexp(1.0, -53);
  const double atol = 8 * std::sqrt(2.0) * u * 1000;
  EXPECT_EQ(outcome(list({real(1000), real(atol * 0.9)}), list({real(1000), real(0)}), automatic()), Outcome::kClose);
  EXPECT_EQ(outcome(list({real(1000), real(atol * 1.1)}), list({real(1000), real(0)}), automatic()),
            Outcome::kDifferent);
  const auto nested = [](double small) { return list({list({real(1000), real(1)}), list({real(small), real(0)})}); };
  EXPECT_EQ(outcome(nested(8 * 2 * u * 1000 * 0.9), nested(0), automatic()), Outcome::kClose);
  EXPECT_EQ(outcome(nested(8 * 2 * u * 1000 * 1.1), nested(0), automatic()), Outcome::kDifferent);
  const auto apart = [](double small) { return tuple({real(1000), real(small)}); };
  EXPECT_EQ(outcome(apart(0), apart(1e-12), automatic(1e-5)), Outcome::kDifferent);
  EXPECT_EQ(outcome(apart(1e-12 * (1 + 8 * u)), apart(1e-12), automatic()), Outcome::kClose);
}

TEST(AutoAtol, ArraysOfOneValue_HaveTheirOwnScales) {
  const auto pair = [](double residual) { return tuple({doubles({1e6, 2e6}), doubles({residual, -residual})}); };
  EXPECT_EQ(outcome(pair(0), pair(1e-12), automatic(1e-5)), Outcome::kDifferent);
  EXPECT_EQ(outcome(pair(1e-12 * (1 + 4e-16)), pair(1e-12), automatic()), Outcome::kClose);
}

TEST(AutoAtol, NotFiniteAndNoNumbers_GiveNoScale) {
  const double nan = std::nan("");
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(outcome(doubles({nan, inf, 1e-300}), doubles({nan, inf, 0}), automatic()), Outcome::kDifferent);
  EXPECT_EQ(outcome(doubles({0, 1e-300}), doubles({0, 0}), automatic()), Outcome::kDifferent);
  EXPECT_EQ(outcome(doubles({}), doubles({}), automatic()), Outcome::kIdentical);
  EXPECT_EQ(outcome(integer(1), integer(0), automatic()), Outcome::kDifferent);
}

TEST(AutoAtol, EntryOfADtype_StaysOrIsAutomaticByItself) {
  Options options;
  options.by_dtype["float32"] = {0, 0.5};
  options.tolerance = {0, model::kAutoAtol};
  EXPECT_EQ(outcome(floats({0.4F}), floats({0}), options), Outcome::kClose);
  options.tolerance = {0, 0.5};
  options.by_dtype["float32"] = {0, model::kAutoAtol};
  EXPECT_EQ(outcome(floats({0.4F}), floats({0}), options), Outcome::kDifferent);
  EXPECT_EQ(outcome(doubles({0.4}), doubles({0}), options), Outcome::kClose);
}

TEST(AutoAtol, EntriesThatNobodyWrote_AreAutomaticToo) {
  const auto halves = [](std::uint16_t first) {  // 0x0010: 9.5e-7
    return array(dtype("f2"), shape({2}), raw(std::vector<std::uint16_t>{first, first}));
  };
  EXPECT_EQ(outcome(halves(0), halves(0x0010)), Outcome::kClose) << "by the default entry";
  EXPECT_EQ(outcome(halves(0), halves(0x0010), automatic(1e-5)), Outcome::kDifferent);
  Options own = automatic(1e-5);
  own.by_dtype["float16"] = {1e-3, 1e-4};
  EXPECT_EQ(outcome(halves(0), halves(0x0010), own), Outcome::kClose);
}

TEST(AutoAtol, LooseIntegers_AreWithinTheRelativeTolerance) {
  Options options = automatic(1e-3);
  options.exact_integers = false;
  EXPECT_EQ(outcome(integer(10'001), integer(10'000), options), Outcome::kClose);
  EXPECT_EQ(outcome(integer(1), integer(0), options), Outcome::kDifferent);
}

TEST(AutoAtol, OrderIsIgnored_FindsWhatMovedByRounding) {
  Options options = automatic();
  options.ignore_order = true;
  const double noise = 8 * std::sqrt(3.0) * std::ldexp(1.0, -53) * 0.9;
  EXPECT_EQ(outcome(doubles({noise, 0.5, 1}), doubles({1, 0, 0.5}), options), Outcome::kClose);
  EXPECT_EQ(outcome(doubles({0, 0, 0}), doubles({1e-12, 2e-12, 3e-12}), options), Outcome::kDifferent);
}

TEST(AutoAtol, Message_ShowsTheNumberItCameTo) {
  const auto comparison = compared(doubles({1, 0.5, 0, 0}), doubles({1, 0, 0, 0}), automatic(1e-5));
  EXPECT_THAT(explain(comparison), HasSubstr("rtol 1e-05, atol 1.77636e-15 (auto)"));
  EXPECT_THAT(explain(comparison), ::testing::Not(HasSubstr("by_dtype")));
  EXPECT_EQ(to_json(comparison).at("differences").at(0).at("numbers").at("atol").get<double>(),
            8 * 2 * std::ldexp(1.0, -53));
}

TEST(AutoAtol, ComplexNumbers_AreMeasuredByMagnitude) {
  const auto numbers = [](double small) {
    return array(dtype("c16"), shape({2}), raw(std::vector<double>{3, 4, 0, small}));
  };
  const double atol = 8 * std::sqrt(2.0) * std::ldexp(1.0, -53) * 5;
  EXPECT_EQ(outcome(numbers(atol * 0.9), numbers(0), automatic()), Outcome::kClose);
  EXPECT_EQ(outcome(numbers(atol * 1.1), numbers(0), automatic()), Outcome::kDifferent);
}

TEST(AutoAtol, LongDoubles_HaveTheirOwnRoundoff) {
  const auto numbers = [](long double small) {
    return array(dtype("f16"), shape({2}), raw(std::vector<long double>{1, small}));
  };
  const auto u = static_cast<double>(std::numeric_limits<long double>::epsilon()) / 2;
  const double atol = 8 * std::sqrt(2.0) * u;
  EXPECT_EQ(outcome(numbers(atol * 0.9), numbers(0), automatic()), Outcome::kClose);
  EXPECT_EQ(outcome(numbers(atol * 1.1), numbers(0), automatic()), Outcome::kDifferent);
}

}  // namespace
}  // namespace snapshot_test::compare
