// What is kept of values that are too large for their store, and what it lets pass.
#include "compare/stored_sketch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "compare/reduction.hpp"
#include "pickle/sketched.hpp"
#include "snapshot_test/compare/explain.hpp"
#include "support/pickles.hpp"

namespace snapshot_test::compare {
namespace {

namespace pk = snapshot_test::testing;
using Numbers = std::vector<double>;

struct TextSink : util::ByteSink {
  Result<void> write(std::span<const std::byte> bytes) override {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }
  std::string text;
};

std::string reduced(const std::string& body) {
  const std::string whole = pk::pickle_of(body);
  const auto reduction = reduce(pk::as_span(whole));
  if (!reduction || !*reduction) {
    ADD_FAILURE() << (reduction ? "nothing to reduce" : reduction.error().message);
    return whole;
  }
  TextSink sink;
  EXPECT_TRUE((*reduction)->write(sink));
  EXPECT_EQ(sink.text.size(), (*reduction)->bytes());
  return sink.text;
}

Comparison against(const std::string& actual_pickle, const std::string& reduced_pickle, Options options = {}) {
  options.expected_reduced = true;
  const auto actual = pickle::read(pk::as_span(actual_pickle));
  const auto expected = pickle::read(pk::as_span(reduced_pickle));
  EXPECT_TRUE(actual) << actual.error().message;
  EXPECT_TRUE(expected) << expected.error().message;
  return compare(*actual, *expected, options);
}

Comparison against_sketch(const std::string& actual, const std::string& expected, Options options = {}) {
  return against(pk::pickle_of(actual), reduced(expected), std::move(options));
}

Numbers random_numbers(std::size_t count, unsigned seed) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal(0, 10);
  Numbers numbers(count);
  std::generate(numbers.begin(), numbers.end(), [&] { return normal(engine); });
  return numbers;
}

std::string typed(const std::string& code, std::int32_t count, const std::string& data,
                  const std::string& order = "<") {
  return pk::array(pk::dtype(code, order), pk::shape({count}), data);
}

template <class T>
std::string of(const std::string& code, const std::vector<T>& numbers) {
  return typed(code, static_cast<std::int32_t>(numbers.size()), pk::raw(numbers));
}

TEST(StoredSketch, SameArray_Identical) {
  const std::string array = pk::doubles(random_numbers(10'000, 1));
  const Comparison compared = against_sketch(array, array);
  EXPECT_EQ(compared.outcome, Outcome::kIdentical) << explain(compared);
  EXPECT_EQ(compared.leaves, 1U);
}

TEST(StoredSketch, Array_TakesLittle) {
  const Numbers numbers = random_numbers(1'000'000, 2);
  EXPECT_LT(reduced(pk::doubles(numbers)).size(), numbers.size() * sizeof(double) / 15);
  EXPECT_LT(reduced(of("f4", std::vector<float>(8'000'000, 1.5F))).size(), 32'000'000U / 45);
}

TEST(StoredSketch, SameValue_SameBytes) {
  const Numbers numbers = random_numbers(50'000, 3);
  EXPECT_EQ(reduced(pk::doubles(numbers)), reduced(pk::doubles(numbers)));
}

TEST(StoredSketch, OneElementMoved_Different) {
  Numbers numbers = random_numbers(100'000, 4);
  const std::string before = reduced(pk::doubles(numbers));
  numbers[54'321] += 5;
  const Comparison compared = against(pk::pickle_of(pk::doubles(numbers)), before);
  ASSERT_EQ(compared.outcome, Outcome::kDifferent);
  ASSERT_EQ(compared.differences.size(), 1U);
  EXPECT_NE(compared.differences[0].note.find("elements 53248 to 57343: "), std::string::npos)
      << compared.differences[0].note;
  ASSERT_EQ(compared.sketched.size(), 1U);
  EXPECT_EQ(compared.sketched[0].blocks, 25U);
  EXPECT_EQ(compared.sketched[0].changed_blocks, 1U);
  EXPECT_TRUE(compared.sketched[0].different);
}

TEST(StoredSketch, EveryElementWithinTolerance_NeverDifferent) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    std::mt19937_64 engine(seed);
    Numbers numbers = random_numbers(20'000, 1000 + seed);
    if (seed % 3 == 1) std::for_each(numbers.begin(), numbers.end(), [](double& x) { x = std::abs(x) + 1e3; });
    if (seed % 3 == 2) std::for_each(numbers.begin(), numbers.end(), [](double& x) { x *= 1e-9; });
    const std::string before = reduced(pk::doubles(numbers));
    for (double& number : numbers) {
      const double most = 0.999 * (1e-8 + 1e-5 * std::abs(number));
      // all one way, at random, and all away from zero
      const double sign = seed % 4 == 0 ? 1 : seed % 4 == 1 ? (engine() % 2 == 0 ? 1 : -1) : number > 0 ? 1 : -1;
      number += seed % 4 == 3 ? most * (static_cast<double>(engine() % 2001) / 1000 - 1) : sign * most;
    }
    const Comparison compared = against(pk::pickle_of(pk::doubles(numbers)), before);
    EXPECT_EQ(compared.outcome, Outcome::kClose) << seed << explain(compared);
    ASSERT_EQ(compared.sketched.size(), 1U);
    EXPECT_GT(compared.sketched[0].unseen_tolerances, 1) << "it cannot exclude that much";
  }
}

TEST(StoredSketch, Rounding_CloseAndSaysHowLittleWouldBeSeen) {
  Numbers numbers = random_numbers(100'000, 5);
  const std::string before = reduced(pk::doubles(numbers));
  for (double& number : numbers) number = std::nextafter(number, 1e9);
  const Comparison compared = against(pk::pickle_of(pk::doubles(numbers)), before);
  ASSERT_EQ(compared.outcome, Outcome::kClose);
  ASSERT_EQ(compared.sketched.size(), 1U);
  EXPECT_EQ(compared.sketched[0].changed_blocks, 25U);
  EXPECT_LT(compared.sketched[0].unseen_tolerances, 1) << "one element beyond its tolerance would have been seen";
  EXPECT_GT(compared.sketched[0].unseen, 0);
  EXPECT_GT(compared.sketched[0].sampled, 0U);
  EXPECT_NE(sketched_text(compared.sketched[0]).find("would have been seen"), std::string::npos);
  EXPECT_TRUE(to_json(compared).contains("sketched"));
}

/// Of a block of 4,096 among 32, that is not one of those that are kept.
constexpr std::size_t kBlockAt = 20 * kSketchedBlock;

/// The largest change of an element that a sketch of these does not see by its sums: the text says it for a change of
/// rounding alone.
double unseen_of(const std::string& before, Numbers numbers) {
  for (double& number : numbers) number = std::nextafter(number, 1e9);
  return against(pk::pickle_of(pk::doubles(numbers)), before).sketched.at(0).unseen;
}

TEST(StoredSketch, ChangesOfKElements_AreMissedNoMoreOftenThanSaid) {
  // Erdos (1945): of all signs of k numbers that are 1 or more, no more than C(k, k/2) give a sum in an open interval
  // of length 2. A change counts as missed where both projections are within what one element may move them by.
  const Numbers numbers = random_numbers(32 * kSketchedBlock, 6);
  const auto part_of = [](const Numbers& all, std::uint64_t seed) {
    std::vector<std::byte> sketch;
    const std::string body = pk::pickle_of(pk::doubles(all));
    const auto document = pickle::read(pk::as_span(body));
    sketch = make_stored_sketch(document->root().array(), seed);
    const std::size_t at = sizeof(pickle::SketchHeader) + 32 * 8 + 20 * 72 + 56;
    std::array<double, 2> projections{};
    std::memcpy(projections.data(), sketch.data() + at, sizeof(projections));
    return projections;
  };
  std::mt19937_64 engine(7);
  for (const std::size_t k : {1U, 2U, 4U, 16U, 100U}) {
    double chance = 1;
    for (std::size_t i = 1; i <= k / 2; ++i) {
      chance *= static_cast<double>(k - k / 2 + i) / static_cast<double>(i) / 4;  // C(k, k/2) / 2^k of an even k
    }
    const double bound = k == 1 ? 0 : chance * chance;
    const int tries = 200;
    int missed = 0;
    for (int i = 0; i < tries; ++i) {
      Numbers changed = numbers;
      for (std::size_t n = 0; n < k; ++n) {
        changed[kBlockAt + (engine() % (kSketchedBlock / 128)) * 128 + n] += engine() % 2 == 0 ? 1 : -1;
      }
      // Of elements that were hit more than once no more is said than of fewer ones.
      const std::uint64_t seed = engine();
      const auto before = part_of(numbers, seed);
      const auto after = part_of(changed, seed);
      const double first = std::abs(after[0] - before[0]) * 4096;
      const double second = std::abs(after[1] - before[1]) * 4096;
      missed += first < 0.999 && second < 0.999 ? 1 : 0;
    }
    EXPECT_LE(missed, bound * tries + 4 * std::sqrt(bound * tries) + (k == 1 ? 0 : 3)) << k << " elements";
  }
}

TEST(StoredSketch, CancellingPairs_AreMissedByAQuarterOfTheSigns) {
  const Numbers numbers = random_numbers(32 * kSketchedBlock, 8);
  const std::string before = reduced(pk::doubles(numbers));
  std::mt19937_64 engine(9);
  int missed = 0;
  const int tries = 200;
  for (int i = 0; i < tries; ++i) {
    Numbers changed = numbers;
    std::size_t one = 0;
    std::size_t other = 0;
    // Both of one sign, so that the sum of absolute values stays, too; neither of them an extreme.
    do {
      one = kBlockAt + engine() % kSketchedBlock;
      other = kBlockAt + engine() % kSketchedBlock;
    } while (one == other || numbers[one] < 1 || numbers[other] < 1 || numbers[one] > 9 || numbers[other] > 9);
    changed[one] += 0.9;
    changed[other] -= 0.9;
    missed += against(pk::pickle_of(pk::doubles(changed)), before).outcome == Outcome::kDifferent ? 0 : 1;
  }
  EXPECT_GT(missed, 20) << "of 200, 50 are expected: less would be luck, or another sketch than documented";
  EXPECT_LT(missed, 85);
}

TEST(StoredSketch, PermutationWithinABlock_Different) {
  const Numbers numbers = random_numbers(32 * kSketchedBlock, 10);
  const std::string before = reduced(pk::doubles(numbers));
  int missed = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    Numbers changed = numbers;
    std::mt19937_64 engine(seed);
    std::shuffle(changed.begin() + kBlockAt, changed.begin() + kBlockAt + kSketchedBlock, engine);
    missed += against(pk::pickle_of(pk::doubles(changed)), before).outcome == Outcome::kDifferent ? 0 : 1;
  }
  EXPECT_EQ(missed, 0);
  // One that is kept is compared element by element: here a swap is always seen.
  Numbers swapped = numbers;
  std::swap(swapped[15 * kSketchedBlock + 1], swapped[15 * kSketchedBlock + 2]);
  const Comparison compared = against(pk::pickle_of(pk::doubles(swapped)), before);
  EXPECT_EQ(compared.outcome, Outcome::kDifferent);
  EXPECT_NE(explain(compared).find("of its elements, which are kept, differ"), std::string::npos) << explain(compared);
}

TEST(StoredSketch, ChangeBelowTheBound_PassesAndIsSaid) {
  Numbers numbers(32 * kSketchedBlock, 100.0);
  const std::string before = reduced(pk::doubles(numbers));
  const double tolerance = 1e-8 + 1e-5 * 100;
  numbers[kBlockAt + 5] += 0.9 * tolerance;
  Comparison compared = against(pk::pickle_of(pk::doubles(numbers)), before);
  EXPECT_EQ(compared.outcome, Outcome::kClose) << explain(compared);
  EXPECT_NEAR(compared.sketched.at(0).unseen, 0.9 * tolerance, 1e-6);
  EXPECT_LT(compared.sketched[0].unseen_tolerances, 1);
  // An extreme that moves is seen at once, however little the sums move.
  numbers[kBlockAt + 5] = 100 + 1.1 * tolerance;
  compared = against(pk::pickle_of(pk::doubles(numbers)), before);
  EXPECT_EQ(compared.outcome, Outcome::kDifferent);
  EXPECT_NE(explain(compared).find("the maximum is"), std::string::npos) << explain(compared);
  // Inside of the extremes, only what is as much as the whole block may move by is a failure; less is said.
  Numbers spread = random_numbers(32 * kSketchedBlock, 11);
  const std::string spread_before = reduced(pk::doubles(spread));
  std::size_t at = kBlockAt;
  while (std::abs(spread[at]) > 1) ++at;
  spread[at] += 0.001;
  compared = against(pk::pickle_of(pk::doubles(spread)), spread_before);
  EXPECT_EQ(compared.outcome, Outcome::kClose);
  EXPECT_GT(compared.sketched.at(0).unseen_tolerances, 1);
  EXPECT_NEAR(compared.sketched[0].unseen, 0.001, 1e-8);
  EXPECT_NE(sketched_text(compared.sketched[0]).find("is not excluded"), std::string::npos);
  EXPECT_GT(unseen_of(spread_before, spread), 0);
}

TEST(StoredSketch, NanAndInfinity_HaveToStay) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  Numbers numbers = random_numbers(20'000, 12);
  numbers[7] = nan;
  numbers[5000] = inf;
  const std::string before = reduced(pk::doubles(numbers));
  const auto outcome = [&](const Numbers& now, const Options& options = {}) {
    return against(pk::pickle_of(pk::doubles(now)), before, options).outcome;
  };
  EXPECT_EQ(outcome(numbers), Outcome::kIdentical);
  Numbers moved = numbers;
  moved[100] = std::nextafter(moved[100], 1e9);
  EXPECT_EQ(outcome(moved), Outcome::kClose);
  Options strict;
  strict.equal_nan = false;
  EXPECT_EQ(outcome(numbers, strict), Outcome::kIdentical);
  EXPECT_EQ(outcome(moved, strict), Outcome::kDifferent) << "a NaN is equal to nothing once something moved";
  moved = numbers;
  std::swap(moved[7], moved[8]);
  EXPECT_EQ(outcome(moved), Outcome::kDifferent);
  moved = numbers;
  moved[5000] = -inf;
  EXPECT_EQ(outcome(moved), Outcome::kDifferent);
  moved[5000] = 1e300;
  EXPECT_EQ(outcome(moved), Outcome::kDifferent);
  moved = numbers;
  moved[7] = std::bit_cast<double>(0x7ff8000000000123U);
  EXPECT_EQ(outcome(moved), Outcome::kClose) << "a NaN with other bits";
}

TEST(StoredSketch, HugeNumbers_DoNotOverflow) {
  Numbers numbers(20'000, 1.7e308);
  const std::string before = reduced(pk::doubles(numbers));
  numbers[3] = std::nextafter(1.7e308, 0);
  EXPECT_EQ(against(pk::pickle_of(pk::doubles(numbers)), before).outcome, Outcome::kClose);
  numbers[3] = -1.7e308;
  EXPECT_EQ(against(pk::pickle_of(pk::doubles(numbers)), before).outcome, Outcome::kDifferent);
}

TEST(StoredSketch, Integers_AreExactUnlessToldOtherwise) {
  std::vector<std::int32_t> numbers(30'000);
  std::iota(numbers.begin(), numbers.end(), 1'000'000);
  const std::string before = reduced(of("i4", numbers));
  EXPECT_EQ(against(pk::pickle_of(of("i4", numbers)), before).outcome, Outcome::kIdentical);
  ++numbers[9];
  EXPECT_EQ(against(pk::pickle_of(of("i4", numbers)), before).outcome, Outcome::kDifferent);
  Options loose;
  loose.exact_integers = false;
  EXPECT_EQ(against(pk::pickle_of(of("i4", numbers)), before, loose).outcome, Outcome::kClose);
  numbers[9] += 1'000'000;
  EXPECT_EQ(against(pk::pickle_of(of("i4", numbers)), before, loose).outcome, Outcome::kDifferent);
}

TEST(StoredSketch, EveryDtype_IsSketchedAndSeesAChange) {
  struct Entry {
    const char* code;
    std::size_t itemsize;
  };
  const std::vector<Entry> entries = {{"b1", 1},     {"i1", 1},    {"u1", 1}, {"i2", 2},  {"u8", 8},
                                      {"f2", 2},     {"f4", 4},    {"f8", 8}, {"c8", 8},  {"c16", 16},
                                      {"M8[ns]", 8}, {"m8[s]", 8}, {"S5", 5}, {"U3", 12}, {"V7", 7}};
  for (const Entry& entry : entries) {
    constexpr std::int32_t kCount = 40'000;
    std::string data(kCount * entry.itemsize, '\0');
    for (std::size_t i = 0; i < data.size(); ++i) {
      const bool low = i % entry.itemsize == 0;
      data[i] = low ? static_cast<char>(i / entry.itemsize % (entry.code[0] == 'b' ? 2 : 90)) : '\0';
    }
    const bool number = entry.code[0] == 'f' || entry.code[0] == 'c';
    if (number) {  // an exponent that makes 1.x of it
      const std::size_t width = entry.code[0] == 'c' ? entry.itemsize / 2 : entry.itemsize;
      for (std::size_t i = width - 1; i < data.size(); i += width) data[i] = '\x3c';
    }
    const std::string before = reduced(typed(entry.code, kCount, data));
    EXPECT_LT(before.size(), data.size() / 2) << entry.code;
    EXPECT_EQ(against(pk::pickle_of(typed(entry.code, kCount, data)), before).outcome, Outcome::kIdentical)
        << entry.code;
    std::string changed = data;
    const std::size_t at = 20'000 * entry.itemsize;
    if (number) {
      changed[at + entry.itemsize - 1] = '\x44';
    } else {
      changed[at] = static_cast<char>(changed[at] ^ 1);
    }
    EXPECT_EQ(against(pk::pickle_of(typed(entry.code, kCount, changed)), before).outcome, Outcome::kDifferent)
        << entry.code;
  }
}

TEST(StoredSketch, ByteAndMemoryOrder_DoNotCount) {
  const Numbers numbers = random_numbers(200 * 300, 13);
  std::string swapped;
  for (const double number : numbers) {
    const std::string raw = pk::little(std::bit_cast<std::uint64_t>(number), 8);
    swapped += std::string(raw.rbegin(), raw.rend());
  }
  const std::string before = reduced(pk::array(pk::dtype("f8"), pk::shape({200, 300}), pk::raw(numbers)));
  const auto outcome = [&](const std::string& now) { return against(pk::pickle_of(now), before).outcome; };
  EXPECT_EQ(outcome(pk::array(pk::dtype("f8", ">"), pk::shape({200, 300}), swapped)), Outcome::kIdentical);
  Numbers columns;
  for (std::size_t j = 0; j < 300; ++j) {
    for (std::size_t i = 0; i < 200; ++i) columns.push_back(numbers[i * 300 + j]);
  }
  EXPECT_EQ(outcome(pk::array(pk::dtype("f8"), pk::shape({200, 300}), pk::raw(columns), "F")), Outcome::kIdentical);
  EXPECT_EQ(outcome(pk::array(pk::dtype("f8"), pk::shape({200, 300}), pk::raw(columns))), Outcome::kDifferent);
}

TEST(StoredSketch, OtherShapeDtypeOrType_Different) {
  const Numbers numbers = random_numbers(20'000, 14);
  const std::string before = reduced(pk::doubles(numbers));
  const auto what = [&](const std::string& now, const Options& options = {}) {
    const Comparison compared = against(pk::pickle_of(now), before, options);
    return compared.differences.empty() ? std::string(compared.outcome == Outcome::kIdentical ? "identical" : "close")
                                        : std::string(name(compared.differences[0].what));
  };
  EXPECT_EQ(what(pk::array(pk::dtype("f8"), pk::shape({100, 200}), pk::raw(numbers))), "shape");
  EXPECT_EQ(what(of("f4", std::vector<float>(numbers.begin(), numbers.end()))), "dtype");
  EXPECT_EQ(what(pk::list({pk::integer(1)})), "type");
  EXPECT_EQ(what(pk::none()), "type");
  Options loose;
  loose.strict_types = false;
  loose.strict_shapes = false;
  EXPECT_EQ(what(of("f4", std::vector<float>(numbers.begin(), numbers.end())), loose), "close");
  EXPECT_EQ(what(pk::array(pk::dtype("f8"), pk::shape({1, 20'000}), pk::raw(numbers)), loose), "close");
}

TEST(StoredSketch, RestOfTheTree_IsComparedAsEver) {
  const Numbers numbers = random_numbers(20'000, 15);
  const auto value = [&](double loss, const std::string& label) {
    return pk::dict({pk::text("weights"), pk::doubles(numbers), pk::text("loss"), pk::real(loss), pk::text("label"),
                     pk::text(label)});
  };
  const std::string before = reduced(value(0.5, "a"));
  EXPECT_EQ(against(pk::pickle_of(value(0.5, "a")), before).outcome, Outcome::kIdentical);
  const Comparison compared = against(pk::pickle_of(value(0.75, "b")), before);
  ASSERT_EQ(compared.differences.size(), 2U);
  EXPECT_EQ(compared.differences[0].path, "['loss']");
  EXPECT_TRUE(compared.differences[0].numeric);
  Options ignoring;
  ignoring.ignored_paths = {"['weights']"};
  EXPECT_EQ(against(pk::pickle_of(value(0.5, "a")), before, ignoring).ignored, 1U);
}

TEST(StoredSketch, LongTexts_AreKnownByTheirDigests) {
  for (const bool as_bytes : {false, true}) {
    const auto push = [&](const std::string& text) { return as_bytes ? pk::bytes(text) : pk::text(text); };
    const std::string text(100'000, 'x');
    const std::string before = reduced(pk::list({push(text), push("short")}));
    EXPECT_LT(before.size(), 300U);
    const auto compared = [&](const std::string& first, const std::string& second) {
      return against(pk::pickle_of(pk::list({push(first), push(second)})), before);
    };
    EXPECT_EQ(compared(text, "short").outcome, Outcome::kIdentical);
    const Comparison changed = compared(text + "y", "short");
    ASSERT_EQ(changed.differences.size(), 1U);
    EXPECT_NE(changed.differences[0].note.find("only a digest of it was kept"), std::string::npos);
    EXPECT_EQ(compared(text, "shorter").outcome, Outcome::kDifferent);
    const auto* first = reinterpret_cast<const std::byte*>(text.data());
    EXPECT_EQ(compared(stand_in({first, text.size()}), "short").outcome, Outcome::kDifferent)
        << "what stands for a text is not the text";
  }
}

TEST(StoredSketch, TextThatLooksLikeAStandIn_IsItself) {
  const std::string text(100'000, 'x');
  const std::string look = stand_in(std::as_bytes(std::span(text)));
  const std::string value = pk::list({pk::text(text), pk::text(look)});
  const std::string before = reduced(value);
  EXPECT_EQ(against(pk::pickle_of(value), before).outcome, Outcome::kIdentical);
  EXPECT_EQ(against(pk::pickle_of(pk::list({pk::text(text), pk::text(text)})), before).outcome, Outcome::kDifferent);
}

TEST(StoredSketch, KeysAndSmallParts_StayWhole) {
  const std::string key(100'000, 'k');
  const std::string array = pk::doubles(random_numbers(200'000, 16));
  const std::string before = reduced(pk::dict({pk::text(key), array}));
  EXPECT_GT(before.size(), key.size());
  EXPECT_EQ(against(pk::pickle_of(pk::dict({pk::text(key), array})), before).outcome, Outcome::kIdentical);
  // Nothing in it is large: nothing would be saved.
  pk::Parts many;
  for (int i = 0; i < 20'000; ++i) many.push_back(pk::real(i));
  const std::string whole = pk::pickle_of(pk::list(many));
  const auto reduction = reduce(pk::as_span(whole));
  ASSERT_TRUE(reduction);
  EXPECT_FALSE(*reduction);
}

TEST(StoredSketch, TwoSketches_AreComparedWithEachOther) {
  Numbers numbers = random_numbers(32 * kSketchedBlock, 17);
  const std::string before = reduced(pk::doubles(numbers));
  const auto compared = [&](const Numbers& now) {
    const std::string after = reduced(pk::doubles(now));
    const auto a = pickle::read(pk::as_span(after));
    const auto b = pickle::read(pk::as_span(before));
    Options options;
    options.actual_reduced = options.expected_reduced = true;
    return compare(*a, *b, options).outcome;
  };
  EXPECT_EQ(compared(numbers), Outcome::kIdentical);
  numbers[kBlockAt] = std::nextafter(numbers[kBlockAt], 1e9);
  EXPECT_EQ(compared(numbers), Outcome::kClose);
  std::shuffle(numbers.begin() + kBlockAt, numbers.begin() + kBlockAt + kSketchedBlock, std::mt19937_64(1));
  EXPECT_EQ(compared(numbers), Outcome::kDifferent) << "they have the same signs";
}

TEST(StoredSketch, NumbersWithABoundOfTheirOwn_ArePassedByIt) {
  Numbers numbers(20'000, 100.0);
  const std::string before = reduced(pk::doubles(numbers));
  std::for_each(numbers.begin(), numbers.end(), [](double& x) { x *= 1 + 5e-5; });
  const std::string now = pk::pickle_of(pk::doubles(numbers));
  const Comparison compared = against(now, before);
  ASSERT_EQ(compared.outcome, Outcome::kDifferent);
  ASSERT_EQ(compared.passing_rtol.count(""), 1U);
  EXPECT_NEAR(compared.passing_rtol.at(""), 5e-5, 1e-6);
  Options options;
  options.bounds[""] = 6e-5;
  EXPECT_EQ(against(now, before, options).outcome, Outcome::kClose);
}

TEST(StoredSketch, Damaged_IsDifferentAndSaysSo) {
  const Numbers numbers = random_numbers(20'000, 18);
  const std::string array = pk::doubles(numbers);
  const std::string before = reduced(array);
  std::mt19937_64 engine(19);
  const std::size_t start = before.find("STsketch");
  ASSERT_NE(start, std::string::npos);
  for (int i = 0; i < 300; ++i) {
    std::string damaged = before;
    const std::size_t at = start + engine() % (damaged.size() - start - 60);
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << engine() % 8));
    const auto expected = pickle::read(pk::as_span(damaged));
    if (!expected) continue;  // it is no sketch of that array any more
    const Comparison compared = against(pk::pickle_of(array), damaged);
    EXPECT_LE(compared.differences.size(), 1U);
  }
  std::string newer = before;
  newer[start + 8] = 9;
  const Comparison compared = against(pk::pickle_of(array), newer);
  ASSERT_EQ(compared.outcome, Outcome::kDifferent);
  EXPECT_NE(compared.differences[0].note.find("a sketch of version 9"), std::string::npos)
      << compared.differences[0].note;
  // A length that is consistent, and too short for the blocks.
  std::string shorter = before;
  const std::size_t length_at = start - 4;
  std::uint32_t length = 0;
  std::memcpy(&length, shorter.data() + length_at, sizeof(length));
  length -= 8;
  std::memcpy(shorter.data() + length_at, &length, sizeof(length));
  shorter.erase(start + length, 8);
  const Comparison cut = against(pk::pickle_of(array), shorter);
  ASSERT_EQ(cut.outcome, Outcome::kDifferent);
  EXPECT_NE(cut.differences[0].note.find("it ends too early"), std::string::npos) << cut.differences[0].note;
}

}  // namespace
}  // namespace snapshot_test::compare
