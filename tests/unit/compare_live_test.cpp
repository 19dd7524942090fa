// Values where they lie in memory, against what the same values are when they were pickled.
#include <gmock/gmock.h>

#include <array>
#include <limits>

#include "compare_support.hpp"
#include "snapshot_test/compare/explain.hpp"
#include "snapshot_test/pickle/live.hpp"

namespace snapshot_test::compare {
namespace {

using namespace snapshot_test::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

pickle::Document live_doubles(const double* first, std::vector<std::uint64_t> shape,
                              std::vector<std::int64_t> strides) {
  auto array = pickle::live_numbers("<f8");
  EXPECT_TRUE(array);
  array->shape = shape;
  array->strides = strides;
  array->data = reinterpret_cast<const std::byte*>(first);
  return pickle::live_array(*array);
}

Comparison against_pickled(const pickle::Document& actual, const std::string& expected, const Options& options = {}) {
  const std::string bytes = pickle_of(expected);
  const auto document = pickle::read(as_span(bytes));
  EXPECT_TRUE(document) << document.error().message;
  return compare(actual, *document, options);
}

TEST(CompareLive, LiveScalar_EqualsItsPickle) {
  EXPECT_EQ(against_pickled(pickle::live_none(), "N").outcome, Outcome::kIdentical);
  EXPECT_EQ(against_pickled(pickle::live_bool(true), "\x88").outcome, Outcome::kIdentical);
  EXPECT_EQ(against_pickled(pickle::live_int(-7), integer(-7)).outcome, Outcome::kIdentical);
  EXPECT_EQ(against_pickled(pickle::live_int(-7), integer(-8)).outcome, Outcome::kDifferent);
  EXPECT_EQ(against_pickled(pickle::live_int(1), "\x88").outcome, Outcome::kDifferent);
  const std::array<double, 1> one = {1.5};
  pickle::LiveArray scalar = *pickle::live_numbers("<f8");
  scalar.data = reinterpret_cast<const std::byte*>(one.data());
  EXPECT_EQ(compare(pickle::live_scalar(scalar), pickle::live_float(1.5)).outcome, Outcome::kClose);
  EXPECT_EQ(compare(pickle::live_text("ab"), pickle::live_text("ab")).outcome, Outcome::kIdentical);
  EXPECT_EQ(compare(pickle::live_text("ab"), pickle::live_text("ac")).outcome, Outcome::kDifferent);
}

TEST(CompareLive, ArrayOfAnyStrides_EqualsItsPickle) {
  const std::array<double, 6> memory = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(against_pickled(live_doubles(memory.data(), {6}, {8}), doubles({1, 2, 3, 4, 5, 6})).outcome,
            Outcome::kIdentical);
  EXPECT_EQ(against_pickled(live_doubles(&memory[5], {6}, {-8}), doubles({6, 5, 4, 3, 2, 1})).outcome,
            Outcome::kIdentical);
  EXPECT_EQ(against_pickled(live_doubles(&memory[4], {3}, {-16}), doubles({5, 3, 1})).outcome, Outcome::kIdentical);
  EXPECT_EQ(against_pickled(live_doubles(memory.data(), {3}, {0}), doubles({1, 1, 1})).outcome, Outcome::kIdentical);
  const auto rows_reversed = live_doubles(&memory[3], {2, 3}, {-24, 8});
  const std::array<double, 6> moved = {4, 5, 6, 1, 2.5, 3};
  const auto result = compare(rows_reversed, live_doubles(moved.data(), {2, 3}, {24, 8}));
  ASSERT_EQ(result.differences.size(), 1U);
  EXPECT_THAT(result.differences[0].numbers.samples[0].index, ElementsAre(1, 1));
  EXPECT_EQ(result.differences[0].numbers.mismatched, 1U);
  EXPECT_EQ(compare(live_doubles(moved.data(), {2, 3}, {24, 8}), rows_reversed).differences[0].numbers.mismatched, 1U);
}

TEST(CompareLive, CodeThatIsNoNumber_IsRefused) {
  for (const char* code : {"|b1", "<i8", ">u2", "<f2", "<f16", ">c16"}) EXPECT_TRUE(pickle::live_numbers(code)) << code;
  for (const char* code : {"|O", "<U5", "|S3", "<M8[ns]", "|V8", "", "x"}) {
    EXPECT_FALSE(pickle::live_numbers(code)) << code;
  }
}

TEST(CompareNans, NansOfIdenticalValues_CountIfAskedFor) {
  Options options;
  options.equal_nan = false;
  options.count_identical_nans = true;
  const std::string nan = raw<double>({kNan});
  for (const std::string& value : {doubles({1, kNan}), "]\x94(" + real(kNan) + real(1) + "e"}) {
    EXPECT_EQ(outcome(value, value), Outcome::kIdentical);
    EXPECT_EQ(outcome(value, value, options), Outcome::kDifferent);
    Options equal = options;
    equal.equal_nan = true;
    EXPECT_EQ(outcome(value, value, equal), Outcome::kIdentical);
  }
  EXPECT_EQ(outcome(doubles({1, 2}), doubles({1, 2}), options), Outcome::kIdentical);
}

TEST(CompareTolerance, InexactIntegers_StayExactInsideObjects) {
  Options options;
  options.exact_integers = false;
  const auto range = [](int end) { return global("builtins", "range") + integer(end) + "\x85R"; };
  EXPECT_EQ(outcome(integer(1'000'001), integer(1'000'000), options), Outcome::kClose);
  EXPECT_EQ(outcome(range(1'000'001), range(1'000'000), options), Outcome::kDifferent);
  EXPECT_EQ(outcome(range(1'000'000), range(1'000'000), options), Outcome::kIdentical);
}

TEST(CompareTolerance, ToleranceOfAComparison_IsToldWhereItWasNeeded) {
  Options options;
  options.tolerance = {1e-3, 0};
  EXPECT_FALSE(compared(doubles({1}), doubles({1}), options).tolerance);
  EXPECT_FALSE(compared(integer(1), integer(2), options).tolerance);
  for (const double moved : {1.0001, 2.0}) {
    EXPECT_EQ(compared(doubles({moved}), doubles({1}), options).tolerance, options.tolerance);
    EXPECT_EQ(compared(real(moved), real(1), options).tolerance, options.tolerance);
  }
}

}  // namespace
}  // namespace snapshot_test::compare
