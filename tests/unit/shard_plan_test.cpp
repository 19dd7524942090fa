#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "shards/choice.hpp"
#include "shards/plan.hpp"
#include "shards/plan_file.hpp"

namespace snapshot_test::shards {
namespace {

using testing::HasSubstr;

CaseToPlan a_case(const std::string& benchmark, std::size_t index, double seconds, const std::string& import = "",
                  const std::string& cache = "") {
  const std::string module = import.empty() ? benchmark.substr(0, benchmark.find('.')) : import;
  return {planned_case(benchmark, index, benchmark + "(" + std::to_string(index) + ")"), module, cache, seconds};
}

Plan plan_for(std::vector<CaseToPlan> cases, std::size_t shards, const std::string& baseline = "base") {
  return make_plan(std::move(cases), shards, {"1.0", baseline, {{"seed", 42}}});
}

std::vector<CaseToPlan> random_cases(std::mt19937_64& random, std::size_t modules, std::size_t most) {
  std::lognormal_distribution<double> seconds(-2, 1.5);
  std::uniform_int_distribution<std::size_t> count(1, most);
  std::vector<CaseToPlan> cases;
  for (std::size_t module = 0; module < modules; ++module) {
    const std::size_t in_it = count(random);
    for (std::size_t i = 0; i < in_it; ++i) {
      const std::string name = "bench_" + std::to_string(module) + ".time_" + std::to_string(i % 7);
      cases.push_back(a_case(name, i / 7, seconds(random)));
    }
  }
  return cases;
}

std::set<std::pair<std::string, std::size_t>> keys(const Plan& plan) {
  std::set<std::pair<std::string, std::size_t>> all;
  for (const auto& shard : plan.shards) {
    for (const PlannedCase& each : shard) {
      EXPECT_TRUE(all.emplace(each.benchmark, each.index).second) << each.label << " is in two shards";
    }
  }
  return all;
}

TEST(ShardPlanTest, EveryCase_IsInOneShard) {
  std::mt19937_64 random(1);
  for (const std::size_t shards : {1, 2, 3, 8, 64, 1000}) {
    const auto cases = random_cases(random, 20, 60);
    EXPECT_EQ(keys(plan_for(cases, shards)).size(), cases.size()) << shards;
  }
}

TEST(ShardPlanTest, OrderOfCases_DoesNotMatter) {
  std::mt19937_64 random(2);
  auto cases = random_cases(random, 12, 40);
  for (CaseToPlan& each : cases) {
    each.seconds = each.name.index % 3 == 0 ? 0 : 0.5;  // ties, and what is not known
  }
  const Plan first = plan_for(cases, 5);
  for (int i = 0; i < 20; ++i) {
    std::shuffle(cases.begin(), cases.end(), random);
    const Plan again = plan_for(cases, 5);
    EXPECT_EQ(again.id.digest, first.id.digest);
    EXPECT_EQ(again.shards, first.shards);
  }
}

TEST(ShardPlanTest, SlowestShard_IsAtMostFifteenPercentOverTheMean) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    const std::size_t shards = 2 + random() % 40;
    const auto cases = random_cases(random, 1 + random() % 60, 120);
    const Plan plan = plan_for(cases, shards);
    const double all = std::accumulate(plan.seconds.begin(), plan.seconds.end(), 0.0);
    const double mean = all / static_cast<double>(shards);
    double longest = 0;
    for (const CaseToPlan& each : cases) {
      longest = std::max(longest, each.seconds);
    }
    // What cannot be divided, a case, may be so long that no plan is even: then it is the slowest shard's last.
    const double slowest = *std::max_element(plan.seconds.begin(), plan.seconds.end());
    EXPECT_LE(slowest, longest <= 0.15 * mean ? kMostOverMean * mean + 1e-3 : mean + longest + 1e-3) << shards;
  }
}

TEST(ShardPlanTest, EqualModulesOverFewerShards_AreDivided) {
  std::vector<CaseToPlan> cases;
  for (int module = 0; module < 9; ++module) {
    for (std::size_t i = 0; i < 50; ++i) {
      cases.push_back(a_case("bench_" + std::to_string(module) + ".time_x", i, 1));
    }
  }
  const Plan plan = plan_for(cases, 8);
  EXPECT_LE(*std::max_element(plan.seconds.begin(), plan.seconds.end()), 1.15 * 450 / 8);
}

TEST(ShardPlanTest, ModulesThatFitEvenly_StayWhole) {
  std::vector<CaseToPlan> cases;
  for (int module = 0; module < 8; ++module) {
    for (std::size_t i = 0; i < 10; ++i) {
      cases.push_back(a_case("bench_" + std::to_string(module) + ".time_x", i, 1));
    }
  }
  for (const auto& shard : plan_for(cases, 4).shards) {
    std::set<std::string> modules;
    for (const PlannedCase& each : shard) {
      modules.insert(each.benchmark);
    }
    EXPECT_EQ(modules.size(), 2u);
  }
}

TEST(ShardPlanTest, CasesThatShareASetupCache_StayTogether) {
  std::vector<CaseToPlan> cases;
  for (std::size_t i = 0; i < 100; ++i) {
    cases.push_back(a_case("bench.time_cached", i, 1, "bench", "bench:12"));
    cases.push_back(a_case("bench.time_other", i, 1, "bench"));
  }
  std::size_t with_cached = 0;
  for (const auto& shard : plan_for(cases, 10).shards) {
    with_cached += std::any_of(shard.begin(), shard.end(),
                               [](const PlannedCase& each) { return each.benchmark == "bench.time_cached"; });
  }
  EXPECT_EQ(with_cached, 1u);
}

TEST(ShardPlanTest, UnknownDuration_CountsAsTheMedian) {
  const Plan plan = plan_for({a_case("a.f", 0, 1), a_case("b.f", 0, 2), a_case("c.f", 0, 9), a_case("d.f", 0, 0)}, 1);
  EXPECT_DOUBLE_EQ(plan.seconds[0], 14);
  EXPECT_EQ(plan.known, 3u);
}

TEST(ShardPlanTest, MoreShardsThanCases_LeaveSomeEmpty) {
  const Plan plan = plan_for({a_case("a.f", 0, 1), a_case("b.f", 0, 2)}, 5);
  EXPECT_EQ(std::count_if(plan.shards.begin(), plan.shards.end(), [](const auto& each) { return each.empty(); }), 3);
  EXPECT_EQ(plan.shards[0].size(), 1u) << "the longest goes to the first";
  EXPECT_EQ(plan.shards[0][0].benchmark, "b.f");
}

TEST(ShardPlanTest, Digest_CoversCasesBaselineSettingsAndVersion) {
  const std::vector<CaseToPlan> cases = {a_case("a.f", 0, 1), a_case("b.f", 0, 2)};
  std::set<std::string> digests = {plan_for(cases, 2).id.digest};
  EXPECT_TRUE(digests.insert(plan_for(cases, 3).id.digest).second);
  EXPECT_TRUE(digests.insert(plan_for(cases, 2, "another").id.digest).second);
  EXPECT_TRUE(digests.insert(plan_for({cases[0]}, 2).id.digest).second);
  EXPECT_TRUE(digests.insert(make_plan(cases, 2, {"1.1", "base", {{"seed", 42}}}).id.digest).second);
  EXPECT_TRUE(digests.insert(make_plan(cases, 2, {"1.0", "base", {{"seed", 43}}}).id.digest).second);
}

TEST(ShardPlanTest, AddressesInNames_AreLeftOut) {
  EXPECT_EQ(planned_case("b.f", 1, "b.f(<object at 0x7f0011>)"), planned_case("b.f", 1, "b.f(<object at 0x55aa22>)"));
}

TEST(ShardPlanTest, File_IsReadAsItWasWritten) {
  std::mt19937_64 random(4);
  const Plan plan = plan_for(random_cases(random, 5, 20), 4);
  const auto read = plan_from_text(to_text(plan), "plan.json");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->shards, plan.shards);
  EXPECT_EQ(read->id.digest, plan.id.digest);
  EXPECT_EQ(to_text(*read), to_text(plan));
}

TEST(ShardPlanTest, FileThatWasChanged_IsRefused) {
  const Plan plan = plan_for({a_case("a.f", 0, 1), a_case("b.f", 0, 2), a_case("b.f", 1, 2)}, 2);
  const auto good = nlohmann::json::parse(to_text(plan));
  const auto refused = [](const nlohmann::json& json) {
    const auto read = plan_from_text(json.dump(), "plan.json");
    EXPECT_FALSE(read);
    EXPECT_THAT(read ? "" : read.error().message, HasSubstr("'plan.json'"));
    return !read;
  };
  auto moved = good;
  moved["shards"][0]["cases"].push_back(moved["shards"][1]["cases"][0]);
  EXPECT_TRUE(refused(moved));
  auto dropped = good;
  dropped["shards"].erase(1);
  EXPECT_TRUE(refused(dropped));
  auto other = good;
  other["plan"]["baseline"] = "other";
  EXPECT_TRUE(refused(other));
  auto swapped = good;
  std::swap(swapped["shards"][0], swapped["shards"][1]);
  EXPECT_TRUE(refused(swapped));
  auto later = good;
  later["format"] = 2;
  EXPECT_TRUE(refused(later));
  for (const char* text : {"", "[]", "{}", "{\"plan\": 1, \"shards\": 2, \"format\": 1}"}) {
    EXPECT_FALSE(plan_from_text(text, "plan.json")) << text;
  }
  const std::string whole = to_text(plan);
  EXPECT_FALSE(plan_from_text(whole.substr(0, whole.size() / 2), "plan.json"));
}

Variables with(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

std::string chosen(const std::string& text, std::map<std::string, std::string> values = {}) {
  const auto choice = read_choice(text, with(std::move(values)));
  return choice ? std::to_string(choice->number) + "/" + std::to_string(choice->of) : choice.error().message;
}

TEST(ShardChoiceTest, Numbers_AreTakenAsTheyAre) {
  EXPECT_EQ(chosen("3/8"), "3/8");
  EXPECT_EQ(chosen("1/1"), "1/1");
  EXPECT_EQ(chosen("3/8", {{"CI_NODE_INDEX", "1"}, {"CI_NODE_TOTAL", "2"}}), "3/8") << "what is given wins";
}

TEST(ShardChoiceTest, EachSystem_CountsFromWhatItCountsFrom) {
  const auto slurm = [](const char* id, const char* least, const char* step) {
    return chosen("auto", {{"SLURM_ARRAY_TASK_ID", id},
                           {"SLURM_ARRAY_TASK_COUNT", "8"},
                           {"SLURM_ARRAY_TASK_MIN", least},
                           {"SLURM_ARRAY_TASK_STEP", step}});
  };
  EXPECT_EQ(slurm("0", "0", "1"), "1/8");
  EXPECT_EQ(slurm("8", "1", "1"), "8/8");
  EXPECT_EQ(slurm("14", "10", "2"), "3/8");
  EXPECT_EQ(chosen("auto", {{"CI_NODE_INDEX", "1"}, {"CI_NODE_TOTAL", "4"}}), "1/4");
  EXPECT_EQ(chosen("auto", {{"CI_NODE_INDEX", "4"}, {"CI_NODE_TOTAL", "4"}}), "4/4");
  EXPECT_EQ(chosen("auto/4", {{"JOB_COMPLETION_INDEX", "0"}}), "1/4");
  EXPECT_EQ(chosen("auto/4", {{"JOB_COMPLETION_INDEX", "3"}}), "4/4");
  EXPECT_EQ(chosen("auto", {{"TEST_SHARD_INDEX", "0"}, {"TEST_TOTAL_SHARDS", "2"}}), "1/2");
}

TEST(ShardChoiceTest, WhatIsNoShard_IsRefused) {
  for (const char* text : {"", "3", "/", "3/", "/8", "0/8", "9/8", "1/0", "-1/8", "3/8/2", "a/b", "auto/0", "auto/x",
                           "1/100001", "99999999999999999999/8"}) {
    EXPECT_THAT(chosen(text), HasSubstr("--shard")) << text;
  }
  EXPECT_THAT(chosen("auto"), HasSubstr("SLURM_ARRAY_TASK_ID"));
  EXPECT_THAT(chosen("auto", {{"JOB_COMPLETION_INDEX", "0"}}), HasSubstr("auto/N"));
  EXPECT_THAT(chosen("auto/2", {{"JOB_COMPLETION_INDEX", "2"}}), HasSubstr("no shard 3 of 2"));
  EXPECT_THAT(chosen("auto", {{"CI_NODE_INDEX", "1"}}), HasSubstr("CI_NODE_TOTAL"));
  EXPECT_THAT(chosen("auto", {{"CI_NODE_INDEX", "0"}, {"CI_NODE_TOTAL", "4"}}), HasSubstr("CI_NODE_INDEX"));
  EXPECT_THAT(chosen("auto", {{"CI_NODE_INDEX", "one"}, {"CI_NODE_TOTAL", "4"}}), HasSubstr("'one'"));
  EXPECT_THAT(chosen("auto/3", {{"CI_NODE_INDEX", "1"}, {"CI_NODE_TOTAL", "4"}}), HasSubstr("CI_NODE_TOTAL says 4"));
  EXPECT_THAT(chosen("auto", {{"SLURM_ARRAY_TASK_ID", "3"},
                              {"SLURM_ARRAY_TASK_MIN", "0"},
                              {"SLURM_ARRAY_TASK_STEP", "2"},
                              {"SLURM_ARRAY_TASK_COUNT", "2"}}),
              HasSubstr("gaps"));
  EXPECT_THAT(
      chosen("auto",
             {{"CI_NODE_INDEX", "1"}, {"CI_NODE_TOTAL", "4"}, {"TEST_SHARD_INDEX", "2"}, {"TEST_TOTAL_SHARDS", "4"}}),
      HasSubstr("both set"));
}

}  // namespace
}  // namespace snapshot_test::shards
