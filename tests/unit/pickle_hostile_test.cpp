// Pickles made to exhaust a stack, memory or patience: by nesting, by sharing, by referring to themselves.
#include <gmock/gmock.h>

#include <ctime>

#include "fuzz/targets.hpp"
#include "support/pickles.hpp"

namespace snapshot_test::pickle {
namespace {

using namespace snapshot_test::testing;
using compare::Outcome;

std::string repeated(const std::string& part, std::size_t times) {
  std::string out;
  out.reserve(part.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

/// Seconds of this process, whatever else the machine does.
double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Reads both, walks and describes both, compares; all of it in bounded time.
compare::Comparison judged(const std::string& actual, const std::string& expected) {
  const double start = processor_seconds();
  const auto a = read(as_span(actual));
  const auto b = read(as_span(expected));
  EXPECT_TRUE(a) << a.error().message;
  EXPECT_TRUE(b) << b.error().message;
  if (!a || !b) return {};
  fuzz::Walk().over(a->root(), 3'000'000);
  const compare::Comparison result = compare::compare(*a, *b);
  fuzz::check(result);
  EXPECT_LE(a->nodes(), 3 * actual.size() + 4);
  EXPECT_LT(processor_seconds() - start, 20);
  return result;
}

void expect_agreement(const std::string& pickle) {
  const auto result = judged(pickle, pickle);
  EXPECT_TRUE(fuzz::agrees_with_itself(result)) << compare::explain(result);
}

constexpr std::size_t kDeep = 1'000'000;

/// A value that is nested a million times, with this at its bottom.
struct Nest {
  const char* name;
  std::string before;
  std::string after;
};

class DeepNesting : public ::testing::TestWithParam<Nest> {};

TEST_P(DeepNesting, MillionLevels_AreReadAndCompared) {
  const Nest& nest = GetParam();
  const auto nested = [&nest](const std::string& bottom) {
    return "\x80\x04" + repeated(nest.before, kDeep) + bottom + repeated(nest.after, kDeep) + ".";
  };
  const std::string one = nested("K\x01");
  EXPECT_EQ(judged(one, one).outcome, Outcome::kIdentical);
  EXPECT_EQ(judged(nested("K\x02"), one).outcome, Outcome::kDifferent);
}

INSTANTIATE_TEST_SUITE_P(Pickle, DeepNesting,
                         ::testing::Values(Nest{"Lists", "]", "a"}, Nest{"Tuples", "", "\x85"},
                                           Nest{"MarkedTuples", "(", "t"}, Nest{"Dicts", "}N", "s"},
                                           Nest{"Arguments", global("m", "C"), "\x85R"},
                                           Nest{"States", global("m", "C") + ")\x81", "b"}, Nest{"Classes", "", ")R"},
                                           Nest{"PersistentIds", "", "Q"}, Nest{"FrozenSets", "(", "\x91"},
                                           Nest{"Sets", "\x8f(", "\x90"}),
                         [](const auto& param_info) { return param_info.param.name; });

TEST(DeepNestingOfMarks, MillionMarks_AreRead) {
  EXPECT_TRUE(read(as_span(repeated("(", kDeep) + repeated("t", kDeep) + ".")));
  EXPECT_FALSE(read(as_span(repeated("(", kDeep) + ".")));
}

/// Each level refers to the one below twice: 2^levels paths lead to the bottom.
std::string bomb(const std::string& bottom, const std::string& before, const std::string& after, int levels) {
  std::string out = "\x80\x04" + bottom + "q" + std::string(1, '\0');
  for (int level = 0; level < levels; ++level) {
    const std::string below = "h" + std::string(1, static_cast<char>(level));
    out += "0" + before + below + below + after + "q" + std::string(1, static_cast<char>(level + 1));
  }
  return out + ".";
}

struct Bomb {
  const char* name;
  std::string before;
  std::string after;
};

class SharingBomb : public ::testing::TestWithParam<Bomb> {};

TEST_P(SharingBomb, ExponentialSharing_IsComparedInBoundedTime) {
  const auto& [name, before, after] = GetParam();
  const std::string one = bomb(
      "](K\x01"
      "e",
      before, after, 100);
  expect_agreement(one);
  // A list or tuple with sharing is followed to the end; nothing may take forever, or pass though it differs.
  const auto result = judged(bomb("](K\x02"
                                  "e",
                                  before, after, 100),
                             one);
  EXPECT_EQ(result.outcome, Outcome::kDifferent);
  EXPECT_EQ(judged(bomb("](K\x01"
                        "e",
                        before, after, 99),
                   one)
                .outcome,
            Outcome::kDifferent);
}

INSTANTIATE_TEST_SUITE_P(Pickle, SharingBomb,
                         ::testing::Values(Bomb{"Lists", "](", "e"}, Bomb{"Tuples", "", "\x86"},
                                           Bomb{"Calls", global("m", "C") + "(", "tR"}, Bomb{"Keys", "}(", "u"},
                                           Bomb{"FrozenSets", "(", "\x85\x91"},
                                           Bomb{"States", global("m", "C") + ")\x81(", "tb"}),
                         [](const auto& param_info) { return param_info.param.name; });

TEST(HostilePickle, OtherSharing_IsIdenticalInBoundedTime) {
  // The same values; on one side every level is shared, on the other none of the upper twelve is.
  std::string tree =
      "\x80\x04](K\x01"
      "e";
  for (int level = 0; level < 12; ++level) tree = tree.substr(0, 2) + "](" + tree.substr(2) + tree.substr(2) + "e";
  const std::string shared = bomb(
      "](K\x01"
      "e",
      "](", "e", 12);
  EXPECT_EQ(judged(tree + ".", shared).outcome, Outcome::kIdentical);
  EXPECT_EQ(judged(shared, tree + ".").outcome, Outcome::kIdentical);
}

TEST(HostilePickle, ValueThatContainsItself_IsCompared) {
  const std::string self = pickle_of(
      "]q\x01h\x01"
      "a");
  EXPECT_EQ(judged(self, self).outcome, Outcome::kIdentical);
  // The same infinite value, written as two lists that hold each other.
  const std::string pair = pickle_of(
      "]q\x01]q\x02h\x01"
      "aa");
  judged(self, pair);
  const std::string dict = pickle_of("}q\x01K\x01h\x01s");
  EXPECT_EQ(judged(dict, dict).outcome, Outcome::kIdentical);
  const std::string object = pickle_of(global("m", "C") + ")\x81q\x01}" + text("me") + "h\x01sb");
  EXPECT_EQ(judged(object, object).outcome, Outcome::kIdentical);
  EXPECT_EQ(judged(self, dict).outcome, Outcome::kDifferent);
  const std::string set = "\x80\x04\x8fq\x01(h\x01\x90.";
  expect_agreement(set);
  const std::string key = pickle_of("}q\x01h\x01Ns");
  expect_agreement(key);
}

TEST(HostilePickle, ManySmallParts_AreReadInLinearTime) {
  const auto seconds = [](const std::string& pickle) {
    double least = 1e9;
    for (int i = 0; i < 3; ++i) {
      const double start = processor_seconds();
      EXPECT_TRUE(read(as_span(pickle), Trailing::kAllow));
      least = std::min(least, processor_seconds() - start);
    }
    return least;
  };
  const std::vector<std::pair<std::string, std::string>> shapes = {
      {"]q\x01"
       "0",
       "h\x01Na0"},               // one long list, one item at a time
      {"", "](NNNe0"},            // many lists
      {"}q\x01", "NNs"},          // one key again and again
      {"N", "p7777777777777\n"},  // a memo far away
      {"](NNNNNNNNNNNNNNNNNNeq\x01"
       "0c__builtin__\nset\nq\x02"
       "0",
       "h\x02h\x01\x85R0"},  // sets of one list
      {"carray\narray\nq\x01"
       "0" +
           text("d") +
           "q\x02"
           "0](" +
           repeated(real(1), 500) +
           "eq\x03"
           "0",
       "h\x01h\x02h\x03\x86R0"},     // arrays of one list
      {"", "c__builtin__\nset\n0"},  // names
  };
  for (const auto& [begin, part] : shapes) {
    const std::string small = begin + repeated(part, 20'000) + "N.";
    const std::string large = begin + repeated(part, 200'000) + "N.";
    // Ten times the input; a hundred times the time would be quadratic.
    EXPECT_LT(seconds(large), 40 * seconds(small) + 0.05) << part;
  }
}

}  // namespace
}  // namespace snapshot_test::pickle
