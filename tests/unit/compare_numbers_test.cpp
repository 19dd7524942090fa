// What is said of arrays that differ: the same as a plain loop over the elements finds, with every build of the loops.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <random>

#include "compare_support.hpp"

namespace snapshot_test::compare {
namespace {

using namespace snapshot_test::testing;
using ::testing::ElementsAre;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

/// A plain loop's findings.
struct Findings {
  std::uint64_t mismatched = 0;
  std::uint64_t finite = 0;
  double max_absolute = 0;
  double max_relative = 0;
  double passing_rtol = 0;
  double passing_atol = 0;
  std::vector<std::uint64_t> first;
};

template <class T>
bool is_finite(T x) {
  return std::isfinite(std::abs(x));
}

template <class T>
double magnitude(T x) {
  return static_cast<double>(std::abs(x));
}

template <class T>
Findings look_at(const std::vector<T>& actual, const std::vector<T>& expected, const Tolerance& tolerance) {
  Findings found;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const T x = actual[i];
    const T y = expected[i];
    const bool finite = is_finite(x) && is_finite(y);
    const double distance = magnitude(x - y);
    const double size = magnitude(y);
    if (x == y || (finite && distance <= tolerance.atol + tolerance.rtol * size)) continue;
    if (++found.mismatched <= 5) found.first.push_back(i);
    if (!finite) continue;
    ++found.finite;
    found.max_absolute = std::max(found.max_absolute, distance);
    found.max_relative = std::max(found.max_relative, distance / size);
    found.passing_rtol = std::max(found.passing_rtol, (distance - tolerance.atol) / size);
    found.passing_atol = std::max(found.passing_atol, distance - tolerance.rtol * size);
  }
  return found;
}

void expect_near(double actual, double expected, double relative, const std::string& what) {
  if (std::isinf(expected)) {
    EXPECT_EQ(actual, expected) << what;
  } else {
    EXPECT_NEAR(actual, expected, relative * std::abs(expected)) << what;
  }
}

template <class T>
void expect_same(const std::string& code, const std::vector<T>& actual, const std::vector<T>& expected,
                 const std::string& what, double precision = 1e-13) {
  const auto shaped = [&code](const std::vector<T>& x) {
    return array(dtype(code), shape({static_cast<std::int32_t>(x.size())}), raw(x));
  };
  const Options options = without_equal_nan();
  const Findings found = look_at(actual, expected, options.tolerance);
  const Comparison result = compared(shaped(actual), shaped(expected), options);
  ASSERT_EQ(result.outcome == Outcome::kDifferent, found.mismatched != 0) << what;
  if (found.mismatched == 0) return;
  const Numbers& numbers = result.differences.at(0).numbers;
  EXPECT_EQ(numbers.mismatched, found.mismatched) << what;
  EXPECT_EQ(numbers.measurable, found.finite != 0) << what;
  ASSERT_EQ(numbers.samples.size(), found.first.size()) << what;
  for (std::size_t i = 0; i < found.first.size(); ++i) {
    EXPECT_THAT(numbers.samples[i].index, ElementsAre(found.first[i])) << what;
  }
  if (found.finite == 0) return;
  expect_near(numbers.max_absolute, found.max_absolute, precision, what + ", absolute");
  expect_near(numbers.max_relative, found.max_relative, precision, what + ", relative");
  const std::uint64_t at = numbers.at_max_absolute.index.at(0);
  const std::uint64_t at_relative = numbers.at_max_relative.index.at(0);
  expect_near(magnitude(actual[at] - expected[at]), found.max_absolute, precision, what + ", absolute's place");
  expect_near(magnitude(actual[at_relative] - expected[at_relative]) / magnitude(expected[at_relative]),
              found.max_relative, precision, what + ", relative's place");
  if (found.finite != found.mismatched) {
    EXPECT_EQ(numbers.passing_rtol, kInf) << what;
    EXPECT_EQ(numbers.passing_atol, kInf) << what;
  } else {
    // These are differences of what may be almost the same.
    const double lost = precision * (1 + found.max_relative / found.passing_rtol);
    expect_near(numbers.passing_rtol, found.passing_rtol, lost, what + ", rtol");
    const double lost_of_atol = precision * (1 + found.max_absolute / found.passing_atol);
    expect_near(numbers.passing_atol, found.passing_atol, lost_of_atol, what + ", atol");
  }
}

/// Makes pairs of one type: `number` of a double, and of how far to move it.
template <class T, class Number, class Move>
void check_patterns(const std::string& code, Number number, Move move, double precision = 1e-13) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> uniform(0.5, 2);
  for (const std::size_t count : {1U, 5U, 64U, 511U, 513U, 2047U, 2049U, 9001U}) {
    std::vector<T> expected(count);
    for (T& x : expected) x = number(uniform(random) * (random() % 2 == 0 ? 1 : -1));
    const auto check = [&](const std::string& what, auto amount) {
      std::vector<T> actual(count);
      for (std::size_t i = 0; i < count; ++i) actual[i] = move(expected[i], amount(i));
      expect_same(code, actual, expected, code + " x" + std::to_string(count) + ", " + what, precision);
    };
    check("few", [&](std::size_t) { return random() % 97 == 0 ? 0.5 : 0.0; });
    check("half", [&](std::size_t) { return random() % 2 == 0 ? uniform(random) : 0.0; });
    check("all", [&](std::size_t) { return uniform(random); });
    check("all by one factor", [&](std::size_t) { return 0.125; });
    check("ever more", [&](std::size_t i) { return 0.01 + 1e-4 * static_cast<double>(i); });
    check("ever less", [&](std::size_t i) { return 3 - 1e-4 * static_cast<double>(i); });
    check("around the tolerance", [&](std::size_t) { return 1e-5 * uniform(random); });
    check("the last", [&](std::size_t i) { return i + 1 == count ? 1.0 : 0.0; });
  }
}

TEST(CompareNumbers, FloatArrays_AgreeWithAPlainLoop) {
  const auto times = [](auto x, double amount) { return static_cast<decltype(x)>(x * (1 + amount)); };
  check_patterns<double>(
      "f8", [](double x) { return x; }, times);
  check_patterns<float>(
      "f4", [](double x) { return static_cast<float>(x); }, times, 3e-7);
  check_patterns<long double>(
      "f16", [](double x) { return static_cast<long double>(x); }, times);
  using Complex = std::complex<double>;
  check_patterns<Complex>(
      "c16", [](double x) { return Complex(x, 1 - x * x); }, times);
}

TEST(CompareNumbers, IntegerArrays_AgreeWithAPlainLoop) {
  std::mt19937_64 random(5);
  for (const std::size_t count : {1U, 513U, 5000U}) {
    std::vector<std::int64_t> expected(count);
    std::vector<std::int64_t> actual(count);
    for (std::size_t i = 0; i < count; ++i) {
      expected[i] = static_cast<std::int64_t>(random());
      // Off by one far beyond what a double tells apart.
      actual[i] = expected[i] + (random() % 3 == 0 ? 1 : 0);
    }
    actual[count / 2] = expected[count / 2] ^ 1;
    const auto shaped = [count](const std::vector<std::int64_t>& x) {
      return array(dtype("i8"), shape({static_cast<std::int32_t>(count)}), raw(x));
    };
    const Numbers numbers = compared(shaped(actual), shaped(expected)).differences.at(0).numbers;
    std::uint64_t differing = 0;
    for (std::size_t i = 0; i < count; ++i) differing += actual[i] != expected[i] ? 1 : 0;
    EXPECT_EQ(numbers.mismatched, differing);
    EXPECT_EQ(numbers.max_absolute, 1);
  }
  const auto one = [](const std::string& code, std::uint64_t x) {
    return array(dtype(code), shape({1}), raw<std::uint64_t>({x}));
  };
  EXPECT_DOUBLE_EQ(compared(one("u8", ~0ULL), one("u8", 0)).differences.at(0).numbers.max_absolute, 0x1p64);
  EXPECT_DOUBLE_EQ(compared(one("i8", 1ULL << 63), one("i8", ~0ULL >> 1)).differences.at(0).numbers.max_absolute,
                   0x1p64);
}

TEST(CompareNumbers, NanAndInfinity_AgreeWithAPlainLoop) {
  std::mt19937_64 random(9);
  for (const std::size_t count : {3U, 512U, 4500U}) {
    std::vector<double> expected(count);
    std::vector<double> actual(count);
    const double odd[] = {kNan, kInf, -kInf, 0.0, -0.0, 1.0, 2.0};
    for (std::size_t i = 0; i < count; ++i) {
      expected[i] = odd[random() % 7];
      actual[i] = random() % 4 == 0 ? odd[random() % 7] : expected[i];
    }
    expect_same("f8", actual, expected, "odd values x" + std::to_string(count));
    std::vector<std::complex<double>> complex_expected(count);
    std::vector<std::complex<double>> complex_actual(count);
    for (std::size_t i = 0; i < count; ++i) {
      complex_expected[i] = {expected[i], 1};
      complex_actual[i] = {actual[i], 1};
    }
    expect_same("c16", complex_actual, complex_expected, "odd complex values x" + std::to_string(count));
  }
}

TEST(CompareNumbers, LargestAndSmallest_AgreeWithAPlainLoop) {
  constexpr double kMax = std::numeric_limits<double>::max();
  constexpr double kTiny = std::numeric_limits<double>::denorm_min();
  const std::vector<double> expected = {1, kMax, 4 * kTiny, 0, 1e-310};
  // The distance overflows; magnitudes so small that their reciprocals do.
  expect_same<double>("f8", {2, -kMax, 1, 1e-3, 1e-310}, expected, "extremes");
  expect_same<double>("f8", {2, kMax, 1, 0, 1e-310}, expected, "small magnitudes");
  using Complex = std::complex<double>;
  expect_same<Complex>("c16", {{1e300, 1e300}, {1e-200, 1}, {3, 3}}, {{1e300, 2e300}, {1e-200, 1e-200}, {0, 0}},
                       "complex extremes");
}

TEST(CompareNumbers, UnalignedArray_IsReadRight) {
  // Text before the data moves it to every alignment.
  for (std::size_t shift = 0; shift < 16; ++shift) {
    std::vector<double> expected(1000, 1.5);
    std::vector<double> actual = expected;
    actual[999] = 2;
    const auto value = [shift](const std::vector<double>& x) {
      return list({text(std::string(shift, 'x')), doubles(x)});
    };
    const Comparison result = compared(value(actual), value(expected));
    ASSERT_EQ(result.differences.size(), 1U);
    EXPECT_EQ(result.differences[0].numbers.mismatched, 1U);
  }
}

}  // namespace
}  // namespace snapshot_test::compare
