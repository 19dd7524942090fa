// What has no order, or whose order and shape the rules say not to look at.
#include <gmock/gmock.h>

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "compare_support.hpp"
#include "snapshot_test/compare/explain.hpp"

namespace snapshot_test::compare {
namespace {

using namespace snapshot_test::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Options without_order() {
  Options options;
  options.ignore_order = true;
  return options;
}

Parts shuffled(Parts parts, unsigned seed = 7) {
  std::mt19937 random(seed);
  for (std::size_t i = parts.size(); i > 1; --i) std::swap(parts[i - 1], parts[random() % i]);
  return parts;
}

std::string frozen(const Parts& items) { return "(" + joined(items) + "\x91"; }

double seconds(const std::string& actual, const std::string& expected, Outcome wanted, const Options& options = {}) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(outcome(actual, expected, options), wanted);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST(CompareOrder, UnorderedItems_AreThoseOfTheValueItselfAlone) {
  Options options;
  options.unordered_items = true;
  const auto pair = [](int first, int second) { return list({integer(first), integer(second)}); };
  EXPECT_EQ(outcome(list({pair(3, 4), pair(1, 2)}), list({pair(1, 2), pair(3, 4)}), options), Outcome::kIdentical);
  EXPECT_EQ(outcome(list({pair(2, 1), pair(3, 4)}), list({pair(1, 2), pair(3, 4)}), options), Outcome::kDifferent);
  EXPECT_EQ(outcome(list({pair(1, 2)}), list({pair(1, 2), pair(1, 2)}), options), Outcome::kDifferent);
}

TEST(CompareSets, TuplesOfMovedFloats_ArePairedWithin30Seconds) {
  constexpr int kCount = 100'000;
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> noise(-1e-9, 1e-9);
  Parts a;
  Parts b;
  for (int i = 0; i < kCount; ++i) {
    // The first coordinate is the same for a hundred at a time: noise alone would order those.
    const double x = 1 + i / 100;
    const double y = 1 + i % 100;
    a.push_back(tuple({real(x * (1 + noise(random))), real(y * (1 + noise(random)))}));
    b.push_back(tuple({real(x), real(y)}));
  }
  EXPECT_LT(seconds(set(shuffled(a)), set(b), Outcome::kClose), 30);
  a[5] = tuple({real(1), real(6.5)});
  EXPECT_EQ(outcome(set(shuffled(a)), set(b)), Outcome::kDifferent);
}

TEST(CompareSets, TiesInAllCoordinatesButOne_ArePaired) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> noise(-1e-8, 1e-8);
  Parts a;
  Parts b;
  for (int i = 0; i < 1'000; ++i) {
    Parts moved;
    Parts exact;
    for (int k = 0; k < 6; ++k) {
      const double x = k == 5 ? i : 1;
      exact.push_back(real(x));
      moved.push_back(real(x + noise(random)));
    }
    a.push_back(tuple(moved));
    b.push_back(tuple(exact));
  }
  EXPECT_EQ(outcome(set(shuffled(a)), set(b)), Outcome::kClose);
}

TEST(CompareSets, OnlyPairingOfCloseNeighbours_IsFound) {
  Options options;
  options.tolerance = {0, 1};
  // Each could go with two others; only one assignment fits all.
  const auto point = [](double x, double y) { return tuple({real(x), real(y)}); };
  EXPECT_EQ(outcome(set({point(0.9, 0), point(1.9, 0), point(0.1, 0.9)}), set({point(0, 0), point(1, 0), point(2, 0)}),
                    options),
            Outcome::kClose);
  // What is the same on both sides is no reason to take it from who needs it.
  EXPECT_EQ(outcome(set({point(1, 0), point(1.9, 0)}), set({point(0.1, 0), point(1, 0)}), options), Outcome::kClose);
  EXPECT_EQ(outcome(set({point(1, 0), point(2.5, 0)}), set({point(0.1, 0), point(1, 0)}), options),
            Outcome::kDifferent);
}

TEST(CompareSets, NestedSets_ArePaired) {
  Parts a;
  Parts b;
  for (int i = 0; i < 500; ++i) {
    Parts inner;
    Parts moved;
    for (int k = 0; k < 5; ++k) {
      inner.push_back(real(i + 0.1 * k));
      moved.push_back(real((i + 0.1 * k) * (1 + 1e-9)));
    }
    b.push_back(frozen(inner));
    a.push_back(frozen(shuffled(moved, static_cast<unsigned>(i))));
  }
  EXPECT_EQ(outcome(set(shuffled(a)), set(b)), Outcome::kClose);
}

TEST(CompareSets, OneGroupAgainstMany_EndsWithin10Seconds) {
  // One large group on one side, and as many groups as elements on the other: some of them come before it, some after.
  Parts one_kind;
  Parts many_kinds;
  for (int i = 0; i < 60'000; ++i) {
    one_kind.push_back(tuple({real(i + 0.5), text("a")}));
    many_kinds.push_back(tuple({real(i), integer(i)}));
  }
  EXPECT_LT(seconds(set(one_kind), set(many_kinds), Outcome::kDifferent), 10);
  EXPECT_LT(seconds(set(many_kinds), set(one_kind), Outcome::kDifferent), 10);
}

TEST(CompareSets, EqualElements_AreCounted) {
  // Texts that differ in addresses alone mean the same, and there may be several.
  EXPECT_EQ(outcome(set({text("<A at 0x1>"), text("<A at 0x2>")}), set({text("<A at 0x3>")})), Outcome::kDifferent);
  EXPECT_EQ(outcome(set({text("<A at 0x1>"), text("<A at 0x2>")}), set({text("<A at 0x3>"), text("<A at 0x4>")})),
            Outcome::kIdentical);
}

TEST(CompareWithoutOrder, Sequences_AreComparedAsCollections) {
  const Parts items = {integer(1), integer(2), integer(2), text("a"), real(0.5)};
  const Parts moved = {real(0.5 + 1e-9), text("a"), integer(2), integer(1), integer(2)};
  EXPECT_EQ(outcome(list(moved), list(items)), Outcome::kDifferent);
  EXPECT_EQ(outcome(list(moved), list(items), without_order()), Outcome::kClose);
  EXPECT_EQ(outcome(tuple(moved), tuple(items), without_order()), Outcome::kClose);
  EXPECT_EQ(outcome(list(moved), tuple(items), without_order()), Outcome::kDifferent);
  // As often as on the other side.
  EXPECT_EQ(
      outcome(list({integer(1), integer(1), integer(2)}), list({integer(1), integer(2), integer(2)}), without_order()),
      Outcome::kDifferent);
  EXPECT_EQ(outcome(list({integer(1)}), list({integer(1), integer(1)}), without_order()), Outcome::kDifferent);
  const Comparison result = compared(list({integer(1), text("x")}), list({text("y"), integer(1)}), without_order());
  EXPECT_THAT(explain(result), HasSubstr("missing: 'y' was expected"));
  EXPECT_EQ(result.leaves, 2U);
}

TEST(CompareWithoutOrder, NestedSequences_AreComparedWithoutOrder) {
  const auto inner = [](double x, double y) { return dict({text("k"), list({real(x), real(y)})}); };
  EXPECT_EQ(outcome(list({inner(4, 3), inner(1 + 1e-9, 2)}), list({inner(2, 1), inner(3, 4)}), without_order()),
            Outcome::kClose);
  EXPECT_EQ(outcome(list({inner(4, 3), inner(1, 5)}), list({inner(2, 1), inner(3, 4)}), without_order()),
            Outcome::kDifferent);
  const std::string one = list({doubles({1, 2}), doubles({3, 4})});
  EXPECT_EQ(outcome(list({doubles({4, 3 + 1e-9}), doubles({1, 2})}), one, without_order()), Outcome::kClose);
}

TEST(CompareWithoutOrder, DequesAndArrays_AreComparedWithoutOrder) {
  const auto deque = [](const Parts& items) {
    return reduce(global("collections", "deque"), {}) + "(" + joined(items) + "e";
  };
  EXPECT_EQ(outcome(deque({integer(1), integer(2)}), deque({integer(2), integer(1)})), Outcome::kDifferent);
  EXPECT_EQ(outcome(deque({integer(1), integer(2)}), deque({integer(2), integer(1)}), without_order()),
            Outcome::kIdentical);
  EXPECT_EQ(outcome(doubles({3, 1, 2 + 1e-9}), doubles({1, 2, 3}), without_order()), Outcome::kClose);
  EXPECT_EQ(outcome(doubles({3, 1, 2}), doubles({1, 2, 3}), without_order()), Outcome::kIdentical);
  EXPECT_EQ(outcome(doubles({3, 1, 1}), doubles({1, 3, 3}), without_order()), Outcome::kDifferent);
  const auto table = [](const std::vector<double>& x) { return array(dtype("f8"), shape({2, 2}), raw(x)); };
  EXPECT_EQ(outcome(table({2, 1, 3, 4}), table({1, 2, 3, 4}), without_order()), Outcome::kDifferent);
  const auto words = [](const std::string& x) { return array(dtype("S2"), shape({2}), x); };
  EXPECT_EQ(outcome(words("bbaa"), words("aabb"), without_order()), Outcome::kIdentical);
  EXPECT_EQ(outcome(words("bbab"), words("aabb"), without_order()), Outcome::kDifferent);
  const auto complexes = [](const std::vector<double>& x) { return array(dtype("c16"), shape({2}), raw(x)); };
  EXPECT_EQ(outcome(complexes({1 + 1e-12, 5, 1, 3}), complexes({1 + 1e-12, 3, 1, 5}), without_order()),
            Outcome::kClose);
}

TEST(CompareWithoutOrder, HundredThousandItems_EndWithin30Seconds) {
  std::vector<double> a;
  std::vector<double> b;
  Parts items;
  Parts moved;
  for (int i = 0; i < 100'000; ++i) {
    b.push_back(i);
    a.push_back((100'000 - 1 - i) * (1 + 1e-9));
    items.push_back(list({integer(i), text("name")}));
    moved.push_back(list({text("name"), integer(99'999 - i)}));
  }
  EXPECT_LT(seconds(doubles(a), doubles(b), Outcome::kClose, without_order()), 10);
  EXPECT_LT(seconds(list(moved), list(items), Outcome::kIdentical, without_order()), 30);
}

TEST(CompareShapes, OtherShape_IsDifferentUnlessShapesAreLoose) {
  const auto shaped = [](std::initializer_list<std::int32_t> extents, const std::vector<double>& x,
                         const std::string& order = "C") { return array(dtype("f8"), shape(extents), raw(x), order); };
  Options loose;
  loose.strict_shapes = false;
  const std::string flat = shaped({6}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(outcome(shaped({1, 6}, {1, 2, 3, 4, 5, 6}), flat), Outcome::kDifferent);
  EXPECT_EQ(outcome(shaped({1, 6, 1}, {1, 2, 3, 4, 5, 6}), flat, loose), Outcome::kClose);
  EXPECT_EQ(outcome(shaped({1, 6}, {1, 2, 3, 4, 5, 7}), flat, loose), Outcome::kDifferent);
  EXPECT_EQ(outcome(shaped({2, 3}, {1, 2, 3, 4, 5, 6}), flat, loose), Outcome::kDifferent);
  // Memory order stays storage.
  EXPECT_EQ(outcome(shaped({2, 1, 3}, {1, 4, 2, 5, 3, 6}, "F"), shaped({2, 3}, {1, 2, 3, 4, 5, 6}), loose),
            Outcome::kClose);
  // One is broadcast to the other.
  EXPECT_EQ(outcome(shaped({}, {2}), shaped({3}, {2, 2, 2}), loose), Outcome::kClose);
  EXPECT_EQ(outcome(shaped({2, 3}, {1, 2, 3, 1, 2, 3}), shaped({3}, {1, 2, 3}), loose), Outcome::kClose);
  EXPECT_EQ(outcome(shaped({2, 3}, {1, 2, 3, 1, 2, 4}), shaped({3}, {1, 2, 3}), loose), Outcome::kDifferent);
  EXPECT_EQ(outcome(shaped({2, 3}, {1, 1, 1, 2, 2, 2}), shaped({2, 1}, {1, 2}), loose), Outcome::kClose);
  EXPECT_EQ(outcome(shaped({2, 1}, {1, 2}), shaped({1, 3}, {1, 2, 3}), loose), Outcome::kDifferent);
  // Nothing is never broadcast to something.
  EXPECT_EQ(outcome(shaped({0}, {}), shaped({1}, {1}), loose), Outcome::kDifferent);
  EXPECT_EQ(outcome(shaped({0}, {}), shaped({1, 0}, {}), loose), Outcome::kClose);
  const Comparison result = compared(shaped({1, 6}, {1, 2, 3, 4, 9, 6}), flat, loose);
  EXPECT_THAT(result.differences.at(0).numbers.at_max_absolute.index, ElementsAre(4));
}

}  // namespace
}  // namespace snapshot_test::compare
