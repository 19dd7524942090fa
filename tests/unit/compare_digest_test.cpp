// Digests, which stand for values that are not kept.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "compare_support.hpp"
#include "snapshot_test/compare/explain.hpp"

namespace snapshot_test::compare {
namespace {

using namespace snapshot_test::testing;
using ::testing::HasSubstr;
using ::testing::Not;

/// Of 4 numbers in one group.
struct Digest {
  std::string sha256 = "a";
  std::string exact = "e";
  double sum = 10;
  double with_signs = 2;
  std::string type = "numpy.ndarray";
  int rounds = 0;
};

std::string pickled(const Digest& digest) {
  Parts parts = {text("__snapshot_test__"), text("digest"), text("type"), text(digest.type)};
  if (digest.rounds != 0) parts.insert(parts.end(), {text("rounds"), integer(digest.rounds)});
  for (const std::string& part :
       {text("sha256"), text(digest.sha256), text("exact"), text(digest.exact), text("number"), text("float64"),
        text("count"), integer(4), text("sum"), real(digest.sum), text("abs"), real(10), text("signed"),
        list({real(digest.with_signs)}), text("squares"), list({real(30)})}) {
    parts.push_back(part);
  }
  return dict(parts);
}

TEST(CompareDigests, EqualDigests_AreIdentical) {
  EXPECT_EQ(outcome(pickled({}), pickled({})), Outcome::kIdentical);
  EXPECT_EQ(compared(pickled({}), pickled({})).leaves, 1U);
}

TEST(CompareDigests, Rounding_IsClose) {
  EXPECT_EQ(outcome(pickled({.sha256 = "b", .sum = 10 + 1e-12, .with_signs = 2 - 1e-12}), pickled({})),
            Outcome::kClose);
}

TEST(CompareDigests, MoreThanRounding_IsDifferent) {
  EXPECT_EQ(outcome(pickled({.sha256 = "b", .sum = 10.001}), pickled({})), Outcome::kDifferent);
  EXPECT_EQ(outcome(pickled({.sha256 = "b", .with_signs = 2.001}), pickled({})), Outcome::kDifferent);
  EXPECT_EQ(outcome(pickled({.sha256 = "b", .exact = "f"}), pickled({})), Outcome::kDifferent);
  EXPECT_EQ(outcome(pickled({.type = "builtins.list"}), pickled({})), Outcome::kDifferent);
  EXPECT_EQ(outcome(pickled({.sha256 = "b", .rounds = 3}), pickled({.rounds = 4})), Outcome::kDifferent);
  Options exact;
  exact.tolerance = {0, 0};
  EXPECT_EQ(outcome(pickled({.sha256 = "b", .sum = 10 + 1e-12}), pickled({}), exact), Outcome::kDifferent);
}

TEST(CompareDigests, Difference_IsExplainedWithoutInternalNames) {
  const Comparison digests = compared(list({pickled({.sha256 = "b", .exact = "f", .type = "rounds", .rounds = 7})}),
                                      list({pickled({.type = "rounds", .rounds = 7})}));
  EXPECT_THAT(explain(digests), HasSubstr("7 rounds, kept as one digest"));
  const Comparison value = compared(list({integer(3)}), list({pickled({})}));
  EXPECT_EQ(value.outcome, Outcome::kDifferent);
  EXPECT_THAT(explain(value), HasSubstr("a numpy.ndarray, kept as a digest"));
  EXPECT_THAT(explain(digests) + explain(value), Not(HasSubstr("__snapshot_test__")));
}

}  // namespace
}  // namespace snapshot_test::compare
