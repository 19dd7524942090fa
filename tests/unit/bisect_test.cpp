// Which commit a search looks at next, and what it is left with.
#include "commits/bisect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <vector>

namespace snapshot_test::commits {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::Optional;

/// A history without merges.
std::vector<RangeCommit> line(std::size_t commits) {
  std::vector<RangeCommit> range(commits);
  for (std::size_t i = 1; i < commits; ++i) range[i].parents = {i - 1};
  return range;
}

/// How many commits it takes until the search is over.
std::size_t run(Search& search, std::size_t first_bad, const std::set<std::size_t>& skipped = {}) {
  std::size_t steps = 0;
  while (const auto next = search.next()) {
    search.found(*next, skipped.contains(*next) ? Finding::kSkip : *next < first_bad ? Finding::kGood : Finding::kBad);
    ++steps;
  }
  return steps;
}

TEST(Search, AnyFirstCommitOf64_IsFoundInSixSteps) {
  const auto range = line(64);
  for (std::size_t first = 0; first < 64; ++first) {
    Search search(range);
    EXPECT_LE(run(search, first), 6u) << first;
    EXPECT_THAT(search.candidates(), ElementsAre(first));
  }
}

TEST(Search, RangeOfOneCommit_IsKnownAtOnce) {
  const auto range = line(1);
  Search search(range);
  EXPECT_EQ(search.next(), std::nullopt);
  EXPECT_THAT(search.candidates(), ElementsAre(0u));
}

TEST(Search, SkipsAwayFromTheChange_HideNothing) {
  const auto range = line(64);
  Search search(range);
  run(search, 50, {28, 29, 30, 31, 32, 33});
  EXPECT_THAT(search.candidates(), ElementsAre(50u));
}

TEST(Search, SkipsBeforeTheChange_LeaveARange) {
  const auto range = line(16);
  Search search(range);
  run(search, 9, {7, 8});
  EXPECT_THAT(search.candidates(), ElementsAre(7u, 8u, 9u));
}

TEST(Search, MergedBranch_IsSearchedToo) {
  // 0 - 1 ----- 4 - 5
  //   \ 2 - 3 /
  auto range = line(6);
  range[2].parents = {0};
  range[4].parents = {1, 3};
  Search search(range);
  const std::set<std::size_t> bad = {2, 3, 4, 5};
  while (const auto next = search.next()) {
    search.found(*next, bad.contains(*next) ? Finding::kBad : Finding::kGood);
  }
  EXPECT_THAT(search.candidates(), ElementsAre(2u));
}

TEST(Search, ValueThatChangesBack_IsSaid) {
  const auto range = line(16);
  Search search(range);
  search.found(12, Finding::kGood);  // what another case's search has shown
  run(search, 14);
  EXPECT_THAT(search.candidates(), ElementsAre(14u));
  Search other(range);
  run(other, 4);
  other.found(10, Finding::kGood);
  EXPECT_THAT(other.candidates(), ElementsAre(4u));
  EXPECT_THAT(other.changed_back(), Optional(Eq(10u)));
}

}  // namespace
}  // namespace snapshot_test::commits
