// Sketches: what is said of how two values differ. tests/support/sketch_reference.py checks their numbers against
// numpy.
#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "compare_support.hpp"
#include "snapshot_test/compare/explain.hpp"

namespace snapshot_test::compare {
namespace {

using namespace snapshot_test::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

Options with_sketches() {
  Options options;
  options.sketches = true;
  return options;
}

std::string matrix(std::int32_t rows, std::int32_t columns, const std::function<double(int, int)>& element) {
  std::vector<double> values;
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) values.push_back(element(row, column));
  }
  return array(dtype("f8"), shape({rows, columns}), raw(values));
}

double plain(int row, int column) { return 1.0 + row + 100.0 * column; }

std::string reading_of(const std::string& actual, const std::string& expected) {
  const Comparison result = compared(actual, expected, with_sketches());
  EXPECT_TRUE(result.sketch.has_value());
  return result.sketches.empty() ? "no sketch" : reading(result.sketches.front());
}

TEST(Sketch, NotAskedForOrIdentical_HasNoSketch) {
  const std::string a = matrix(3, 4, plain);
  const std::string b = matrix(3, 4, [](int r, int c) { return plain(r, c) * (1 + 1e-12); });
  EXPECT_FALSE(compared(b, a).sketch);
  EXPECT_FALSE(compared(a, a, with_sketches()).sketch);
  const Comparison close = compared(b, a, with_sketches());
  EXPECT_EQ(close.outcome, Outcome::kClose);
  ASSERT_TRUE(close.sketch);
  EXPECT_NEAR(close.sketch->passing_rtol_alone, 1e-12, 1e-15);
  EXPECT_EQ(close.sketch->passing_rtol, 0);  // atol lets it pass
}

TEST(Sketch, Rounding_IsReadAsRounding) {
  const std::string a = matrix(10, 10, plain);
  const std::string b =
      matrix(10, 10, [](int r, int c) { return r == c ? plain(r, c) : std::nextafter(plain(r, c), r > c ? 1e9 : 0); });
  EXPECT_EQ(reading_of(b, a), "rounding: 100 % of elements within 1 ulp, bias +0 ulp");
}

TEST(Sketch, FactorInOneColumn_IsNamed) {
  const std::string a = matrix(10, 10, plain);
  const std::string b = matrix(10, 10, [](int r, int c) { return plain(r, c) * (c == 3 ? 2 : 1); });
  EXPECT_EQ(reading_of(b, a), "structural: 10 of 100 elements, all in column 3, by a factor 2");
  EXPECT_THAT(explain(compared(b, a, with_sketches())),
              HasSubstr("\nstructural: 10 of 100 elements, all in column 3, by a factor 2"));
}

TEST(Sketch, ChangedRowsOfALargeArray_AreNamed) {
  const std::string a = matrix(640, 2, plain);
  const std::string b = matrix(640, 2, [](int r, int c) { return plain(r, c) + (r / 10 == 5 ? 7 : 0); });
  EXPECT_EQ(reading_of(b, a), "structural: 20 of 1280 elements, all in rows 50 to 59, by +7");
}

TEST(Sketch, NansAndNoise_AreCountedAndNamed) {
  const std::string a = matrix(10, 10, plain);
  const std::string nan = matrix(10, 10, [](int r, int c) { return r == c ? std::nan("") : plain(r, c); });
  EXPECT_THAT(reading_of(nan, a), StartsWith("structural: 10 % of 100 elements"));
  EXPECT_THAT(reading_of(nan, a), HasSubstr("10 new NaN"));
  EXPECT_THAT(reading_of(a, nan), HasSubstr("10 NaN gone"));
  const std::string noise =
      matrix(10, 10, [](int r, int c) { return plain(r, c) * (1 + 1e-3 * std::sin(7 * r + 3 * c + 1)); });
  EXPECT_THAT(reading_of(noise, a), StartsWith("beyond rounding: 100 % of 100 elements"));
}

TEST(Sketch, NumbersThatAreNotFiniteAmongMany_AreCountedApart) {
  const std::string a = matrix(30, 30, plain);
  const std::string b = matrix(30, 30, [](int r, int c) {
    return r == 1 ? std::nan("") : r == 2 ? HUGE_VAL : plain(r, c) * (c == 0 ? 1 + 1e-14 : 1);
  });
  const Comparison result = compared(b, a, with_sketches());
  ASSERT_EQ(result.sketches.size(), 1u);
  const Sketch& sketch = result.sketches.front();
  EXPECT_EQ(sketch.total, 900u);
  EXPECT_EQ(sketch.nan_appeared, 30u);
  EXPECT_EQ(sketch.inf_changed, 30u);
  EXPECT_EQ(sketch.measured, 840u);
  EXPECT_EQ(sketch.differing, 60u + 28u);
  EXPECT_EQ(std::accumulate(sketch.ulps.begin(), sketch.ulps.end(), std::uint64_t{0}), 840u);
  EXPECT_EQ(std::accumulate(sketch.tolerances.begin(), sketch.tolerances.end(), std::uint64_t{0}), 840u);
  EXPECT_TRUE(std::isinf(sketch.map.largest[30]));
  EXPECT_EQ(sketch.map.largest[1], 0);
}

TEST(Sketch, DifferencesBeyondWhatADoubleHolds_AreTheLargest) {
  const std::string a = doubles({1e308, 1, -1e308});
  const std::string b = doubles({-1e308, 1, 1e308});
  const Comparison result = compared(b, a, with_sketches());
  ASSERT_TRUE(result.sketch);
  EXPECT_EQ(result.sketch->max_difference, std::numeric_limits<double>::max());
  EXPECT_EQ(result.sketch->sign_changed, 2u);
  EXPECT_EQ(result.sketch->inf_changed, 0u);
  EXPECT_EQ(result.sketch->measured, 3u);
}

TEST(Sketch, TolerancesThatAreZeroOrHaveNoExponent_AreBinnedByTheRatio) {
  Options options = with_sketches();
  options.tolerance = {1e-5, 0};
  const std::string a = doubles({0, 1e-310, 1, 1});
  const std::string b = doubles({1, 2e-310, 1 + 1e-5 * 4, 1});
  const Comparison result = compared(b, a, options);
  ASSERT_TRUE(result.sketch);
  const Sketch::Tolerances& bins = result.sketch->tolerances;
  EXPECT_EQ(bins[0], 1u);
  EXPECT_EQ(bins.back(), 1u);  // something where nothing is allowed
  EXPECT_EQ(bins[16 - Sketch::kLeastLog2 + 1], 1u);
  EXPECT_EQ(bins[1 - Sketch::kLeastLog2 + 1] + bins[2 - Sketch::kLeastLog2 + 1], 1u);
}

TEST(Sketch, IntegersBeyond64BitsApart_GiveTheLargestDistance) {
  Options options = with_sketches();
  options.strict_types = false;
  const std::string least = array(dtype("i8"), shape({1}), raw(std::vector<std::int64_t>{INT64_MIN}));
  const std::string most = array(dtype("u8"), shape({1}), raw(std::vector<std::uint64_t>{UINT64_MAX}));
  const Comparison result = compared(least, most, options);
  ASSERT_TRUE(result.sketch);
  EXPECT_EQ(result.sketch->max_ulps, UINT64_MAX);
}

TEST(Sketch, OneNumber_SaysOnlyTheUlps) {
  const auto one = [](double number) { return array(dtype("f8"), shape({1}), raw(std::vector<double>{number})); };
  EXPECT_EQ(reading_of(one(1 + 2 * std::numeric_limits<double>::epsilon()), one(1)), "rounding: 2 ulp apart");
  EXPECT_EQ(reading_of(one(2), one(1)), "");
}

TEST(Sketch, NumbersOfLists_ShareOneSketch) {
  const std::string a = list({real(1), real(2), integer(3), list({real(4)})});
  const std::string b = list({real(1), real(2.5), integer(4), list({real(8)})});
  const Comparison result = compared(b, a, with_sketches());
  ASSERT_TRUE(result.sketch);
  EXPECT_EQ(result.sketch->differing, 3u);
  ASSERT_EQ(result.sketches.size(), 2u);
  const Sketch& floats = result.sketches[0].dtype == "floats" ? result.sketches[0] : result.sketches[1];
  ASSERT_EQ(floats.worst.size(), 2u);
  EXPECT_EQ(floats.worst[0].path, "[3][0]");
  EXPECT_EQ(floats.worst[0].actual, "8.0");
  EXPECT_EQ(floats.worst[0].difference, 4);
  EXPECT_EQ(floats.worst[1].path, "[1]");
}

TEST(Sketch, ManyArrays_KeepTheWorstAndCountAll) {
  Parts a;
  Parts b;
  for (int i = 0; i < 10; ++i) {
    a.push_back(matrix(2, 2, plain));
    b.push_back(matrix(2, 2, [i](int r, int c) { return plain(r, c) * (1 + 0.1 * (i + 1)); }));
  }
  const Comparison result = compared(list(b), list(a), with_sketches());
  EXPECT_EQ(result.sketch->differing, 40u);
  ASSERT_EQ(result.sketches.size(), kMostSketches);
  EXPECT_EQ(result.sketches[0].path, "[9]");
  EXPECT_EQ(result.sketches[3].path, "[6]");
}

TEST(Sketch, Differences_AreGroupedByPlace) {
  Parts a;
  Parts b;
  for (int i = 0; i < 100; ++i) {
    a.push_back(dict({text("x"), integer(i), text("y"), integer(i)}));
    b.push_back(dict({text("x"), integer(i + 1), text("y"), integer(i), text("z"), integer(0)}));
  }
  const Comparison result = compared(list(b), list(a), with_sketches());
  ASSERT_EQ(result.groups.size(), 2u);
  EXPECT_EQ(result.groups[0].path, "[*]['x']");
  EXPECT_EQ(result.groups[0].what, What::kValue);
  EXPECT_EQ(result.groups[0].count, 100u);
  EXPECT_EQ(result.groups[1].path, "[*]['z']");
  EXPECT_EQ(result.groups[1].what, What::kUnexpected);
  EXPECT_EQ(to_json(result)["groups"][1]["what"], "unexpected");
}

TEST(Sketch, ItemsAddedOrRemoved_AreNamedWithTheirPlace) {
  const std::string a = list({integer(1), integer(2), integer(3), integer(4)});
  EXPECT_THAT(explain(compared(list({integer(1), integer(2), integer(9), integer(3), integer(4)}), a)),
              HasSubstr("1 added at [2], the others are the same"));
  EXPECT_THAT(explain(compared(list({integer(1), integer(4)}), a)),
              HasSubstr("2 removed at [1], the others are the same"));
  EXPECT_THAT(explain(compared(list({integer(7)}), a)), Not(HasSubstr("the others")));
}

TEST(Sketch, EmptyArray_HasNoSketch) {
  const std::string empty = array(dtype("f8"), shape({0}), "");
  EXPECT_FALSE(compared(empty, empty, with_sketches()).sketch);
}

TEST(Sketch, LargeArray_HasASmallJsonSketch) {
  const std::string a = matrix(700, 900, plain);
  const std::string b = matrix(700, 900, [](int r, int c) { return plain(r, c) * (1 + 1e-3 * std::sin(r * c + 1)); });
  const nlohmann::json json = to_json(compared(b, a, with_sketches()));
  EXPECT_LT(json.dump().size(), 16'000u);
  EXPECT_EQ(json["sketch"]["map"]["cells"].get<std::string>().size(), 64u * 64u);
  EXPECT_EQ(json["sketch"]["worst"].size(), 20u);
}

}  // namespace
}  // namespace snapshot_test::compare
