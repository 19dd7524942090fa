// Which attempts of which shards are one run: src/merge/shard_set.hpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "merge/shard_set.hpp"

namespace snapshot_test::merge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A plan of two dozen cases, as shards find it.
shards::Plan a_plan(std::size_t shards, const shards::PlanBasis& basis = {"1.0", "base", {{"seed", 42}}},
                    std::size_t cases = 24) {
  std::vector<shards::CaseToPlan> all;
  for (std::size_t i = 0; i < cases; ++i) {
    const std::string name = "bench_" + std::to_string(i % 5) + ".time_f";
    all.push_back({shards::planned_case(name, i / 5, name + "(" + std::to_string(i) + ")"), name.substr(0, 7), "",
                   1.0 + static_cast<double>(i)});
  }
  return shards::make_plan(all, shards, basis);
}

/// What shard `number` says that ran to its end.
Attempt ran(const shards::Plan& plan, std::size_t number, const std::string& source) {
  Attempt attempt;
  attempt.source = source;
  attempt.shard.number = number;
  attempt.shard.plan = plan.id;
  attempt.shard.demands = {{"strict", false}};
  attempt.place.python = {"3.11.7", "CPython", "/usr/bin/python3"};
  attempt.place.machine.cpu_features = {"avx2"};
  attempt.place.packages = {{"numpy", "1.24.4"}};
  attempt.place.environment.emplace();
  attempt.cases = plan.shards.at(number - 1);
  attempt.done = attempt.cases.size();
  attempt.results = "results of " + std::to_string(number);
  return attempt;
}

/// The same, that was stopped after so many cases.
Attempt stopped(const shards::Plan& plan, std::size_t number, const std::string& source, std::size_t done) {
  Attempt attempt = ran(plan, number, source);
  attempt.incomplete = "was interrupted with some cases not run";
  attempt.done = done;
  attempt.results = "some results";
  return attempt;
}

std::vector<Attempt> all_of(const shards::Plan& plan) {
  std::vector<Attempt> attempts;
  for (std::size_t number = 1; number <= plan.shards.size(); ++number) {
    attempts.push_back(ran(plan, number, std::to_string(number) + ".json"));
  }
  return attempts;
}

/// The message of a refusal, which names the changed attempt's file.
std::string refusal_of(const std::vector<Attempt>& attempts, Mixed mixed = Mixed::kRefused) {
  const auto chosen = choose(attempts, mixed);
  if (chosen) {
    return "nothing was refused";
  }
  EXPECT_EQ(chosen.error().kind, ErrorKind::kUsage);
  return chosen.error().message;
}

std::string refusal_after(const std::function<void(Attempt&)>& change, Mixed mixed = Mixed::kRefused) {
  std::vector<Attempt> attempts = all_of(a_plan(3));
  change(attempts.at(1));
  const std::string message = refusal_of(attempts, mixed);
  EXPECT_THAT(message, HasSubstr("'2.json'"));
  std::reverse(attempts.begin(), attempts.end());
  EXPECT_THAT(refusal_of(attempts, mixed), HasSubstr("'2.json'")) << "in another order";
  return message;
}

TEST(ShardSet, AllShards_AreOneRun) {
  const auto chosen = choose(all_of(a_plan(3)), Mixed::kRefused);
  ASSERT_TRUE(chosen) << chosen.error().message;
  EXPECT_THAT(chosen->incomplete, IsEmpty());
  EXPECT_THAT(chosen->conflicts, IsEmpty());
  EXPECT_EQ(chosen->attempts, (std::map<std::size_t, std::size_t>{{1, 0}, {2, 1}, {3, 2}}));
}

TEST(ShardSet, MissingShards_AreNamed) {
  std::vector<Attempt> attempts = all_of(a_plan(5));
  attempts.erase(attempts.begin() + 3);
  attempts.erase(attempts.begin() + 1);
  const auto chosen = choose(attempts, Mixed::kRefused);
  ASSERT_TRUE(chosen) << chosen.error().message;
  EXPECT_THAT(chosen->incomplete, ElementsAre("shard 2 of 5 is missing", "shard 4 of 5 is missing"));
}

TEST(ShardSet, EmptyShard_IsWantedLikeTheOthers) {
  std::vector<Attempt> attempts = all_of(a_plan(30));
  const auto empty =
      std::find_if(attempts.begin(), attempts.end(), [](const auto& each) { return each.cases.empty(); });
  ASSERT_NE(empty, attempts.end());
  ASSERT_TRUE(choose(attempts, Mixed::kRefused)->incomplete.empty());
  const std::string name = name_of(empty->shard);
  attempts.erase(empty);
  EXPECT_THAT(choose(attempts, Mixed::kRefused)->incomplete, ElementsAre(name + " is missing"));
}

/// Whatever of whole, interrupted and repeated attempts there is, and in which order: a shard is there exactly if one
/// of its attempts is complete.
TEST(ShardSet, AnySetInAnyOrder_IsCompleteWhereEachShardIs) {
  std::mt19937_64 random(7);
  const shards::Plan plan = a_plan(4);
  for (int round = 0; round < 2000; ++round) {
    std::vector<Attempt> attempts;
    std::set<std::size_t> complete;
    const std::size_t count = 1 + random() % 9;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t number = 1 + random() % 4;
      if (random() % 3 == 0) {
        attempts.push_back(stopped(plan, number, std::to_string(i), random() % plan.shards[number - 1].size()));
      } else {
        attempts.push_back(ran(plan, number, std::to_string(i)));
        complete.insert(number);
      }
    }
    const auto chosen = choose(attempts, Mixed::kRefused);
    ASSERT_TRUE(chosen) << chosen.error().message;
    EXPECT_THAT(chosen->conflicts, IsEmpty());
    EXPECT_EQ(chosen->incomplete.size(), 4 - complete.size());
    for (const auto& [number, place] : chosen->attempts) {
      EXPECT_EQ(attempts[place].shard.number, number);
      EXPECT_EQ(attempts[place].incomplete.empty(), complete.contains(number));
    }
  }
}

TEST(ShardSet, InterruptedAttempt_GivesWayAndElseTheFurthestCounts) {
  const shards::Plan plan = a_plan(2);
  std::vector<Attempt> attempts = {stopped(plan, 1, "a", 2), stopped(plan, 1, "b", 5), stopped(plan, 1, "c", 3),
                                   ran(plan, 2, "d")};
  do {
    const auto chosen = choose(attempts, Mixed::kRefused);
    ASSERT_TRUE(chosen) << chosen.error().message;
    EXPECT_EQ(attempts[chosen->attempts.at(1)].source, "b");
    EXPECT_THAT(chosen->incomplete, ElementsAre("shard 1 of 2 was interrupted with some cases not run ('b')"));
    std::vector<Attempt> more = attempts;
    more.insert(more.begin() + 1, ran(plan, 1, "e"));
    const auto whole = choose(more, Mixed::kRefused);
    EXPECT_EQ(more[whole->attempts.at(1)].source, "e");
    EXPECT_THAT(whole->incomplete, IsEmpty());
    EXPECT_THAT(whole->conflicts, IsEmpty()) << "what was stopped contradicts nothing";
  } while (std::next_permutation(attempts.begin(), attempts.end(),
                                 [](const auto& a, const auto& b) { return a.source < b.source; }));
}

TEST(ShardSet, CompleteAttemptsThatDiffer_AreConflicts) {
  const shards::Plan plan = a_plan(2);
  std::vector<Attempt> attempts = all_of(plan);
  attempts.push_back(ran(plan, 1, "again"));
  EXPECT_THAT(choose(attempts, Mixed::kRefused)->conflicts, IsEmpty());
  attempts.back().results += ", but one";
  EXPECT_THAT(choose(attempts, Mixed::kRefused)->conflicts, ElementsAre(std::pair<std::size_t, std::size_t>(0, 2)));
  attempts.push_back(ran(plan, 1, "once more"));
  EXPECT_EQ(choose(attempts, Mixed::kRefused)->conflicts.size(), 1u) << "two agree, and the third is still there";
}

TEST(ShardSet, ChangedAttempt_IsNamed) {
  const shards::Plan other = a_plan(3);
  EXPECT_THAT(refusal_after([](Attempt& each) { each.cases.pop_back(); }), HasSubstr("the plan gives"));
  EXPECT_THAT(refusal_after([](Attempt& each) { each.cases.clear(); }), HasSubstr("it has 0 cases"));
  EXPECT_THAT(refusal_after([](Attempt& each) { each.cases.push_back(each.cases.front()); }), HasSubstr("twice"));
  EXPECT_THAT(refusal_after([&](Attempt& each) { each.cases.push_back(other.shards[0][0]); }),
              HasSubstr("the plan gives"));
  EXPECT_THAT(refusal_after([&](Attempt& each) { each.cases.front() = other.shards[0][0]; }),
              HasSubstr("not those that the plan gives"));
  EXPECT_THAT(refusal_after([](Attempt& each) { each.cases.front().label += "'"; }),
              HasSubstr("not those that the plan gives"));
  EXPECT_THAT(refusal_after([](Attempt& each) { each.cases.front().index += 1000; }),
              HasSubstr("not those that the plan gives"));
  EXPECT_THAT(refusal_after([](Attempt& each) { each.shard.number = 1; }), HasSubstr("shard 1 of 3"));
  EXPECT_THAT(refusal_after([](Attempt& each) { each.shard.number = 0; }), HasSubstr("has no shard 0"));
  EXPECT_THAT(refusal_after([](Attempt& each) { each.shard.number = 4; }), HasSubstr("has no shard 4"));
  EXPECT_THAT(refusal_after([](Attempt& each) { each.shard.plan.baseline = "other"; }), HasSubstr("another digest"));
  EXPECT_THAT(refusal_after([](Attempt& each) { each.shard.plan.shares.pop_back(); }), HasSubstr("another digest"));
  EXPECT_THAT(refusal_after([](Attempt& each) { each.shard.plan.shares[1].cases -= 1; }), HasSubstr("another digest"));
}

/// What was stopped need not name all its cases, but has none that another shard has.
TEST(ShardSet, CaseInTwoShards_IsNamed) {
  const shards::Plan plan = a_plan(3);
  std::vector<Attempt> attempts = all_of(plan);
  attempts[1] = stopped(plan, 2, "2.json", 1);
  attempts[1].cases = {plan.shards[0][0]};
  const std::string message = refusal_of(attempts);
  EXPECT_THAT(message, HasSubstr("'2.json'"));
  EXPECT_THAT(message, HasSubstr("'1.json'"));
  EXPECT_THAT(message, HasSubstr(plan.shards[0][0].label));
}

TEST(ShardSet, OtherPlans_AreRefusedWithWhatDiffers) {
  const auto second_of = [](const shards::Plan& plan) {
    return [plan](Attempt& each) { each = ran(plan, 2, "2.json"); };
  };
  EXPECT_THAT(refusal_after(second_of(a_plan(4))), HasSubstr("3 shards"));
  EXPECT_THAT(refusal_after(second_of(a_plan(3, {"1.1", "base", {{"seed", 42}}}))), HasSubstr("snapshot_test 1."));
  EXPECT_THAT(refusal_after(second_of(a_plan(3, {"1.0", "base", {{"seed", 43}}}))), HasSubstr("settings: seed"));
  EXPECT_THAT(refusal_after(second_of(a_plan(3, {"1.0", "later", {{"seed", 42}}}))), HasSubstr("other baselines"));
  EXPECT_THAT(refusal_after(second_of(a_plan(3, {"1.0", "base", {{"seed", 42}}}, 25))), HasSubstr("other cases"));
}

TEST(ShardSet, OtherDemands_AreRefusedAlsoWhereMixedIsAllowed) {
  const auto strict = [](Attempt& each) { each.shard.demands["strict"] = true; };
  EXPECT_THAT(refusal_after(strict), HasSubstr("strict"));
  EXPECT_THAT(refusal_after(strict, Mixed::kAllowed), HasSubstr("strict"));
}

TEST(ShardSet, OtherEnvironment_IsRefusedWhereMixedIsNotAllowed) {
  struct Row {
    const char* says;
    std::function<void(Attempt&)> change;
  };
  const std::vector<Row> rows = {
      {"python", [](Attempt& each) { each.place.python.version = "3.12.1"; }},
      {"numpy", [](Attempt& each) { each.place.packages["numpy"] = "1.26.0"; }},
      {"OMP_NUM_THREADS", [](Attempt& each) { each.place.environment->emplace("OMP_NUM_THREADS", "1"); }},
      {"AVX-512",
       [](Attempt& each) {
         each.place.machine.cpu_features = {"avx2", "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"};
       }},
      {"testing",
       [](Attempt& each) {
         each.tested.push_back({"wavelab", "1.0", "/w", "abc", 0, "", 0, false});
       }},
  };
  for (const Row& row : rows) {
    const std::string message = refusal_after(row.change);
    EXPECT_THAT(message, HasSubstr(row.says));
    EXPECT_THAT(message, HasSubstr("--allow-mixed"));
    std::vector<Attempt> attempts = all_of(a_plan(3));
    row.change(attempts[1]);
    const auto allowed = choose(attempts, Mixed::kAllowed);
    ASSERT_TRUE(allowed) << allowed.error().message;
    EXPECT_THAT(allowed->incomplete, IsEmpty());
  }
}

}  // namespace
}  // namespace snapshot_test::merge
