// What a lost worker of a cluster costs, and whom it is blamed on.
#include "cluster/ledger.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace snapshot_test::cluster {
namespace {

using Cases = std::vector<std::size_t>;

std::vector<LedgerCase> cases_of(std::size_t count, const std::string& group = "bench", double seconds = 1) {
  return std::vector<LedgerCase>(count, {group, false, seconds});
}

std::vector<LedgerCase> operator+(std::vector<LedgerCase> one, const std::vector<LedgerCase>& other) {
  one.insert(one.end(), other.begin(), other.end());
  return one;
}

Cases take(Ledger& ledger, const std::string& attempt, const std::string& worker = "w", unsigned threads = 1) {
  auto portion = ledger.take(attempt, worker, threads);
  return portion ? portion->cases : Cases();
}

void finish_all(Ledger& ledger, const std::string& attempt, const Cases& cases) {
  ledger.started(attempt, cases);
  ledger.ended(attempt, cases);
  for (const std::size_t index : cases) {
    ledger.finish(index);
  }
  ledger.close(attempt);
}

/// Takes and finishes until nothing waits.
void finish_rest(Ledger& ledger) {
  for (int i = 0;; ++i) {
    const std::string attempt = "rest" + std::to_string(i);
    const Cases cases = take(ledger, attempt);
    if (cases.empty()) {
      return;
    }
    finish_all(ledger, attempt, cases);
  }
}

TEST(Ledger, EveryCaseIsTakenOnce_TheLongestFirst) {
  Ledger ledger(cases_of(3, "short", 0.2) + cases_of(1, "long", 30) + cases_of(2, "middle", 4));
  EXPECT_EQ(take(ledger, "a"), Cases{3});
  std::multiset<std::size_t> seen{3};
  for (int i = 0; i < 10; ++i) {
    const Cases cases = take(ledger, "b" + std::to_string(i));
    seen.insert(cases.begin(), cases.end());
  }
  EXPECT_EQ(seen, (std::multiset<std::size_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_FALSE(ledger.done());
}

TEST(Ledger, CasesOfASetupCacheStayTogether_OthersAreDivided) {
  std::vector<LedgerCase> cached = cases_of(40, "cache", 1);
  for (LedgerCase& each : cached) {
    each.undivided = true;
  }
  Ledger together(cached);
  EXPECT_EQ(take(together, "a", "w", 4).size(), 40U);
  Ledger divided(cases_of(40, "module", 1));
  EXPECT_LT(take(divided, "a", "w", 4).size(), 6U);
}

TEST(Ledger, ManyShortCases_AreFewPortions) {
  Ledger ledger(cases_of(20'000, "bench", 0.004));
  EXPECT_LT(ledger.waiting(4), 60U);
  EXPECT_GE(ledger.waiting(4), 20U);
}

TEST(Ledger, AWorkerIsLost_WhatRanRunsAloneTheRestTogether) {
  Ledger ledger(cases_of(4, "bench", 0.05));
  ASSERT_EQ(take(ledger, "a", "w1").size(), 4U);
  ledger.started("a", {0, 1});
  ledger.ended("a", {0});
  ledger.lose("a", Ledger::Why::kLost);
  const Cases first = take(ledger, "b", "w2");
  const Cases second = take(ledger, "c", "w3");
  EXPECT_EQ((std::set<Cases>{first, second}), (std::set<Cases>{{1}, {0, 2, 3}}));
  EXPECT_EQ(ledger.losses_of(1), 1U);
  EXPECT_EQ(ledger.losses_of(0), 0U);
}

TEST(Ledger, ACaseLosesItsWorkerTwice_ItAloneIsBlamedAtTheEnd) {
  Ledger ledger(cases_of(3, "bench", 0.05));
  (void)take(ledger, "a", "w1");
  ledger.started("a", {0, 1});  // two at once
  ledger.lose("a", Ledger::Why::kLost);
  for (int i = 0; i < 3; ++i) {
    const std::string attempt = "b" + std::to_string(i);
    const Cases cases = take(ledger, attempt, attempt);
    ASSERT_FALSE(cases.empty());
    if (cases == Cases{1}) {
      ledger.started(attempt, {1});
      ledger.lose(attempt, Ledger::Why::kLost);
    } else {
      finish_all(ledger, attempt, cases);
    }
  }
  EXPECT_EQ(ledger.judge(), Cases{1});
  EXPECT_EQ(ledger.losses_of(1), 2U);
  ledger.finish(1);
  EXPECT_TRUE(ledger.done());
}

TEST(Ledger, WorkersAreLostWithoutItsDoingToo_ItIsTriedAgain) {
  Ledger ledger(cases_of(1, "a", 5) + cases_of(1, "b", 1));
  ASSERT_EQ(take(ledger, "one", "w1"), Cases{0});
  ledger.started("one", {0});
  ledger.lose("one", Ledger::Why::kLost);
  ASSERT_EQ(take(ledger, "two", "w2"), Cases{0});
  ledger.started("two", {0});
  ledger.lose("two", Ledger::Why::kLost);
  ASSERT_EQ(take(ledger, "three", "w3"), Cases{1});
  ledger.started("three", {1});
  ledger.lose("three", Ledger::Why::kLost);
  EXPECT_TRUE(ledger.judge().empty());  // 1 waits
  finish_all(ledger, "four", take(ledger, "four", "w4"));
  EXPECT_TRUE(ledger.judge().empty());  // w3 was lost, and 1 was not at fault
  ASSERT_EQ(take(ledger, "five", "w5"), Cases{0});
  finish_all(ledger, "five", {0});
  EXPECT_TRUE(ledger.done());
}

TEST(Ledger, AmongOtherLosses_ACaseIsBlamedForItsFifth) {
  Ledger ledger(cases_of(1, "a", 5) + cases_of(1, "b", 1));
  (void)take(ledger, "x", "w0");
  const Cases other = take(ledger, "y", "w00");
  ledger.started("y", other);
  ledger.lose("y", Ledger::Why::kLost);
  ledger.started("x", {0});
  ledger.lose("x", Ledger::Why::kLost);
  Cases blamed;
  unsigned losses = 1;
  for (int i = 0; i < 20 && blamed.empty(); ++i) {
    const std::string attempt = "z" + std::to_string(i);
    const Cases cases = take(ledger, attempt, attempt);
    if (cases == Cases{0}) {
      ledger.started(attempt, {0});
      ledger.lose(attempt, Ledger::Why::kLost);
      ++losses;
    } else if (!cases.empty()) {
      finish_all(ledger, attempt, cases);
    }
    blamed = ledger.judge();
  }
  EXPECT_EQ(blamed, Cases{0});
  EXPECT_EQ(losses, Ledger::kMostLosses);
}

TEST(Ledger, AWorkerWasAskedToGo_NoCaseIsSuspected) {
  Ledger ledger(cases_of(2, "bench", 0.05));
  for (int i = 0; i < 10; ++i) {
    const std::string attempt = "a" + std::to_string(i);
    ASSERT_EQ(take(ledger, attempt, attempt), (Cases{0, 1}));
    ledger.started(attempt, {0});
    ledger.lose(attempt, Ledger::Why::kAsked);
  }
  EXPECT_EQ(ledger.losses_of(0), 0U);
  finish_rest(ledger);
  EXPECT_TRUE(ledger.done());
}

TEST(Ledger, TwoPortionsOfOneLostWorker_AreOneLoss) {
  Ledger ledger(cases_of(1, "a", 5) + cases_of(1, "b", 5));
  const Cases first = take(ledger, "one", "w1");
  const Cases second = take(ledger, "two", "w1");
  ledger.started("one", first);
  ledger.started("two", second);
  ledger.lose("one", Ledger::Why::kLost);
  ledger.lose("two", Ledger::Why::kLost);
  for (int i = 0; i < 2; ++i) {
    const std::string attempt = "again" + std::to_string(i);
    const Cases cases = take(ledger, attempt, attempt);
    if (cases == first) {
      ledger.started(attempt, cases);
      ledger.lose(attempt, Ledger::Why::kLost);
    } else {
      finish_all(ledger, attempt, cases);
    }
  }
  EXPECT_EQ(ledger.judge(), first);
}

TEST(Ledger, ModuleTakesWorkersDownAsItIsImported_AllItsCasesAreBlamedForThreeWorkers) {
  Ledger ledger(cases_of(30, "kills", 0.001) + cases_of(3, "fine", 0.001));
  unsigned lost = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string attempt = "a" + std::to_string(i);
    const Cases cases = take(ledger, attempt, attempt);
    if (cases.empty()) {
      break;
    }
    if (cases.front() < 30) {
      ++lost;
      ledger.lose(attempt, Ledger::Why::kLost);
    } else {
      finish_all(ledger, attempt, cases);
    }
  }
  Cases blamed;
  while (!ledger.done()) {
    const Cases now = ledger.judge();
    for (const std::size_t index : now) {
      EXPECT_TRUE(ledger.is_blank(index));
      ledger.finish(index);
      blamed.push_back(index);
    }
    ASSERT_FALSE(now.empty()) << "something is neither blamed nor tried again";
  }
  EXPECT_EQ(blamed.size(), 30U);
  EXPECT_EQ(lost, Ledger::kMostBlanks);
}

TEST(Ledger, WorkersAreLostAtRandom_NoCaseIsLostAndNoneIsBlamed) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto chance = [&](double share) { return std::uniform_real_distribution<>(0, 1)(random) < share; };
    Ledger ledger(cases_of(60, "a", 0.1) + cases_of(20, "b", 0.4));
    std::vector<std::size_t> results(80);
    std::size_t blamed = 0;
    unsigned attempts = 0;
    while (!ledger.done()) {
      const std::string attempt = "a" + std::to_string(++attempts);
      ASSERT_LT(attempts, 5000U);
      const Cases cases = take(ledger, attempt, attempt, 4);
      if (cases.empty()) {
        for (const std::size_t index : ledger.judge()) {
          ++blamed;
          ledger.finish(index);
        }
        continue;
      }
      std::size_t ended = 0;
      const bool lost = chance(0.15);
      const std::size_t until = lost ? random() % cases.size() : cases.size();
      for (; ended < until; ++ended) {
        ledger.started(attempt, {cases[ended]});
        ledger.ended(attempt, {cases[ended]});
      }
      if (lost) {
        ledger.started(attempt, {cases[ended]});
        ledger.lose(attempt, Ledger::Why::kLost);
        continue;
      }
      for (const std::size_t index : cases) {
        ++results[index];
        ledger.finish(index);
      }
      ledger.close(attempt);
    }
    EXPECT_EQ(std::count(results.begin(), results.end(), 1U) + static_cast<std::ptrdiff_t>(blamed), 80) << seed;
    EXPECT_EQ(blamed, 0U) << seed;
  }
}

TEST(Ledger, ACaseRunsAgain_ItIsTakenAgain) {
  Ledger ledger(cases_of(2, "bench", 0.05));
  ASSERT_EQ(take(ledger, "a").size(), 2U);
  ledger.finish(0);
  ledger.again(0);
  ledger.finish(1);
  ledger.close("a");
  EXPECT_FALSE(ledger.done());
  EXPECT_EQ(take(ledger, "b"), Cases{0});
}

}  // namespace
}  // namespace snapshot_test::cluster
