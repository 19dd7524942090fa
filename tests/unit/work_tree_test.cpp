// Which processes the cases of a run need.
#include "runner/work_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planned_benchmarks.hpp"

namespace snapshot_test::runner {
namespace {

using testing::HasSubstr;

class Planning : public PlannedBenchmarks {
 protected:
  /// Cases 0, 1, ... of a benchmark.
  void add(const model::Benchmark& of, std::size_t cases = 1, Isolation isolation = Isolation::kFork) {
    for (std::size_t i = 0; i < cases; ++i) {
      CaseTask& made = tasks_.emplace_back();
      made.benchmark = &of;
      made.index = i;
      made.isolation = isolation;
    }
  }
  WorkTree plan() {
    auto tree = plan_work(std::move(tasks_), rules_of, {10, 100}, *scratch_);
    EXPECT_TRUE(tree);
    return std::move(*tree);
  }
  template <class Request>
  static const Request& request_of(const Branch& branch) {
    return std::get<Request>(branch.request.value());
  }

  std::vector<CaseTask> tasks_;
};

TEST_F(Planning, Module_OfSeveralBenchmarks_HasOneBranch) {
  add(benchmark("f"));
  add(benchmark("g", "other"));
  add(benchmark("h"));
  const WorkTree tree = plan();
  ASSERT_EQ(tree.forked->children.size(), 2U);
  EXPECT_TRUE(tree.forked->is_base());
  const Branch& first = *tree.forked->children[0];
  EXPECT_EQ(request_of<model::ModuleRequest>(first).module, "bench");
  EXPECT_TRUE(std::filesystem::is_directory(request_of<model::ModuleRequest>(first).workdir));
  EXPECT_EQ(first.cases.size(), 2U);
  EXPECT_EQ(first.unfinished, 2U);
  EXPECT_EQ(first.title, "import of bench");
  EXPECT_EQ(first.timeout, 100);
  EXPECT_EQ(first.limit_from, LimitFrom::kImportTimeout);
}

TEST_F(Planning, Benchmark_OfSeveralCases_HasABranchOfItsOwn) {
  model::Benchmark& several = benchmark("f");
  several.timeout = 3;
  several.params = {{"n", {"1", "2"}}};
  add(several, 2);
  add(benchmark("g"));
  const WorkTree tree = plan();
  const Branch& module = *tree.forked->children.at(0);
  ASSERT_EQ(module.children.size(), 1U);
  const Branch& branch = *module.children[0];
  EXPECT_EQ(request_of<model::BenchmarkRequest>(branch).benchmark.name, "bench.f");
  EXPECT_TRUE(request_of<model::BenchmarkRequest>(branch).benchmark.params.empty()) << "the host reads them itself";
  EXPECT_EQ(request_of<model::BenchmarkRequest>(branch).rules.tolerance.atol, 'f');
  EXPECT_EQ(branch.cases.size(), 2U);
  EXPECT_EQ(branch.timeout, 3);
  EXPECT_EQ(branch.limit_from, LimitFrom::kBenchmark);
  EXPECT_EQ(module.cases.size(), 1U);
  EXPECT_EQ(module.unfinished, 2U) << "one branch and one case";
}

TEST_F(Planning, SetupCache_OfSeveralBenchmarks_IsBuiltOnceWithTheLongestTime) {
  model::Benchmark& f = benchmark("f");
  model::Benchmark& g = benchmark("g");
  f.setup_cache_key = g.setup_cache_key = "key";
  g.setup_cache_timeout = 50;
  add(f);
  add(g);
  const WorkTree tree = plan();
  const Branch& module = *tree.forked->children.at(0);
  ASSERT_EQ(module.children.size(), 1U);
  const Branch& cache = *module.children[0];
  EXPECT_EQ(request_of<model::CacheRequest>(cache).build, model::CacheBuild::kForked);
  EXPECT_EQ(cache.cases.size(), 2U);
  EXPECT_EQ(cache.timeout, 50);
  EXPECT_EQ(cache.limit_from, LimitFrom::kBenchmark);
}

TEST_F(Planning, SetupCache_OfTheSameKeyInTwoModules_IsTwo) {
  model::Benchmark& f = benchmark("f");
  model::Benchmark& g = benchmark("g", "other");
  f.setup_cache_key = g.setup_cache_key = "key";
  add(f);
  add(g);
  const WorkTree tree = plan();
  const Branch& one = *tree.forked->children.at(0)->children.at(0);
  const Branch& two = *tree.forked->children.at(1)->children.at(0);
  EXPECT_NE(request_of<model::CacheRequest>(one).directory, request_of<model::CacheRequest>(two).directory);
}

TEST_F(Planning, SpawnedCases_ShareNoBenchmarkAndBuildTheirCacheHere) {
  model::Benchmark& f = benchmark("f");
  f.setup_cache_key = "key";
  add(f, 2, Isolation::kSpawn);
  add(benchmark("g"));
  const WorkTree tree = plan();
  ASSERT_EQ(tree.spawned->children.size(), 1U);
  const Branch& cache = *tree.spawned->children[0]->children.at(0);
  EXPECT_EQ(request_of<model::CacheRequest>(cache).build, model::CacheBuild::kHere);
  EXPECT_TRUE(cache.children.empty());
  EXPECT_EQ(cache.cases.size(), 2U);
  EXPECT_EQ(tree.forked->children.at(0)->cases.size(), 1U);
}

TEST_F(Planning, Longest_OfABranch_IsThatOfItsLongestCase) {
  add(benchmark("f"));
  add(benchmark("g"));
  tasks_[1].expected = 7;
  const WorkTree tree = plan();
  EXPECT_EQ(tree.forked->longest, 7);
  EXPECT_EQ(tree.forked->children.at(0)->longest, 7);
}

}  // namespace
}  // namespace snapshot_test::runner
