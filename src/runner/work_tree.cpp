#include "runner/work_tree.hpp"
#include "util/try.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace snapshot_test::runner {

namespace {

Branch& add_child(Branch& parent) {
  parent.children.push_back(std::make_unique<Branch>());
  parent.children.back()->parent = &parent;
  ++parent.unfinished;
  return *parent.children.back();
}

/// Finds or makes the branches of a run; keys are what makes two tasks share one.
class Planner {
 public:
  Planner(const CaseRunner::RulesOf& rules_of, const Timeouts& timeouts, const Scratch& scratch)
      : rules_of_(rules_of), timeouts_(timeouts), scratch_(scratch) {
    tree_.forked = std::make_unique<Branch>();
    tree_.forked->title = "the host";
    tree_.spawned = std::make_unique<Branch>();
    tree_.spawned->isolation = Isolation::kSpawn;
  }

  Result<Branch*> module_branch(const CaseTask& task) {
    const std::string& module = task.benchmark->module;
    Branch*& branch = modules_[{module, task.isolation}];
    if (branch == nullptr) {
      TRY_ASSIGN(auto folder, scratch_.make_work_folder("module", modules_.size()));
      branch = &add_child(tree_.root(task.isolation));
      branch->isolation = task.isolation;
      branch->request = model::ModuleRequest{module, folder.string()};
      branch->title = fmt::format("import of {}", module.empty() ? "the root package" : module);
      branch->timeout = timeouts_.of_import;
    }
    return branch;
  }

  Result<Branch*> cache_branch(Branch& module, const model::Benchmark& benchmark) {
    Branch*& branch = caches_[{&module, *benchmark.setup_cache_key}];
    if (branch == nullptr) {
      TRY_ASSIGN(auto folder, scratch_.make_work_folder("cache", caches_.size()));
      branch = &add_child(module);
      branch->isolation = module.isolation;
      const auto build = module.isolation == Isolation::kSpawn ? model::CacheBuild::kHere : model::CacheBuild::kForked;
      branch->request = model::CacheRequest{model::without_params(benchmark), folder.string(), build};
      branch->title = fmt::format("setup_cache of {}", benchmark.name);
    }
    // The deadline of a shared setup_cache is the longest that any of its users grants.
    const auto own = benchmark.setup_cache_timeout ? benchmark.setup_cache_timeout : benchmark.timeout;
    if (own.value_or(timeouts_.of_case) > branch->timeout) {
      branch->timeout = own.value_or(timeouts_.of_case);
      branch->limit_from = limit_from(own);
    }
    return branch;
  }

  Branch& benchmark_branch(Branch& above, const model::Benchmark& benchmark) {
    Branch*& branch = benchmarks_[&benchmark];
    if (branch == nullptr) {
      branch = &add_child(above);
      branch->request = benchmark_request(benchmark, rules_of_);
      branch->title = benchmark.name;
      branch->timeout = benchmark.timeout.value_or(timeouts_.of_case);
      branch->limit_from = limit_from(benchmark.timeout);
    }
    return *branch;
  }

  WorkTree take() { return std::move(tree_); }

 private:
  const CaseRunner::RulesOf& rules_of_;
  const Timeouts& timeouts_;
  const Scratch& scratch_;
  WorkTree tree_;
  std::map<std::pair<std::string, Isolation>, Branch*> modules_;
  std::map<std::pair<Branch*, std::string>, Branch*> caches_;
  std::map<const model::Benchmark*, Branch*> benchmarks_;
};

/// Of one series: so that a spoiled process costs little, and the last worker is not left alone with much.
constexpr std::size_t kMostInSeries = 1000;
constexpr double kMostSecondsInSeries = 0.5;

void make_series(Branch& branch) {
  for (CaseTask& task : branch.cases) {
    if (!task.in_series) {
      continue;
    }
    const bool fits = !branch.series.empty() && branch.series.back().cases.size() < kMostInSeries &&
                      branch.series.back().expected + task.expected <= kMostSecondsInSeries;
    Series& series = fits ? branch.series.back() : branch.series.emplace_back(Series{&branch, {}, 0});
    series.cases.push_back(&task);
    series.expected += task.expected;
  }
}

}  // namespace

model::BenchmarkRequest benchmark_request(const model::Benchmark& benchmark, const CaseRunner::RulesOf& rules_of) {
  return {model::without_params(benchmark), rules_of(benchmark)};
}

LimitFrom limit_from(const std::optional<double>& own) { return own ? LimitFrom::kBenchmark : LimitFrom::kTimeout; }

void Branch::for_each(const std::function<void(Branch&)>& visit) {
  visit(*this);
  for (const auto& child : children) {
    child->for_each(visit);
  }
}

Result<WorkTree> plan_work(std::vector<CaseTask> tasks, const CaseRunner::RulesOf& rules_of, const Timeouts& timeouts,
                           const Scratch& scratch) {
  std::map<const model::Benchmark*, std::size_t> cases_of;
  for (const CaseTask& task : tasks) {
    cases_of[task.benchmark] += task.in_series ? 0 : 1;
  }
  Planner planner(rules_of, timeouts, scratch);
  for (CaseTask& task : tasks) {
    auto branch = planner.module_branch(task);
    if (branch && task.benchmark->setup_cache_key) {
      branch = planner.cache_branch(**branch, *task.benchmark);
    }
    if (!branch) {
      return tl::unexpected(branch.error());
    }
    // A benchmark of one case resolves itself in the case's own process; for several, one process does it for all.
    const bool shared = cases_of[task.benchmark] > 1 && task.isolation == Isolation::kFork && !task.in_series;
    Branch& runnable = shared ? planner.benchmark_branch(**branch, *task.benchmark) : **branch;
    for (Branch* above = &runnable; above != nullptr; above = above->parent) {
      above->longest = std::max(above->longest, task.expected);
    }
    ++runnable.unfinished;
    runnable.cases.push_back(std::move(task));
  }
  WorkTree tree = planner.take();
  tree.forked->for_each(make_series);
  return tree;
}

}  // namespace snapshot_test::runner
