#include "session/work_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace snapshot_test::session {

namespace {

/// Imports compile and link nothing here, but they may download, or build, on first use.
constexpr double kImportTimeout = 600;

Branch& add_child(std::vector<std::unique_ptr<Branch>>& siblings, Branch* parent) {
  siblings.push_back(std::make_unique<Branch>());
  siblings.back()->parent = parent;
  if (parent != nullptr) {
    ++parent->unfinished;
  }
  return *siblings.back();
}

/// Finds or makes the branches of a run; keys are what makes two tasks share one.
class Planner {
 public:
  Planner(double default_timeout, const Scratch& scratch) : default_timeout_(default_timeout), scratch_(scratch) {}

  Result<Branch*> module_branch(const model::Benchmark& benchmark) {
    Branch*& branch = modules_[benchmark.module];
    if (branch == nullptr) {
      auto folder = scratch_.make_folder(fmt::format("module-{}", modules_.size()));
      if (!folder) {
        return tl::unexpected(folder.error());
      }
      branch = &add_child(tree_.modules, nullptr);
      branch->role = model::Role::kModule;
      branch->request = model::ModuleRequest{benchmark.module, folder->string()};
      branch->title = fmt::format("import of {}", benchmark.module.empty() ? "the root package" : benchmark.module);
      branch->timeout = kImportTimeout;
    }
    return branch;
  }

  Result<Branch*> cache_branch(Branch& module, const model::Benchmark& benchmark) {
    Branch*& branch = caches_[{&module, *benchmark.setup_cache_key}];
    if (branch == nullptr) {
      auto folder = scratch_.make_folder(fmt::format("cache-{}", caches_.size()));
      if (!folder) {
        return tl::unexpected(folder.error());
      }
      branch = &add_child(module.children, &module);
      branch->role = model::Role::kCache;
      branch->request = model::CacheRequest{model::without_params(benchmark), folder->string()};
      branch->title = fmt::format("setup_cache of {}", benchmark.name);
    }
    // The deadline of a shared setup_cache is the longest that any of its users grants.
    branch->timeout =
        std::max(branch->timeout, benchmark.setup_cache_timeout.value_or(benchmark.timeout.value_or(default_timeout_)));
    return branch;
  }

  Branch& benchmark_branch(Branch& above, const model::Benchmark& benchmark) {
    Branch*& branch = benchmarks_[&benchmark];
    if (branch == nullptr) {
      branch = &add_child(above.children, &above);
      branch->role = model::Role::kBenchmark;
      branch->request = model::BenchmarkRequest{model::without_params(benchmark)};
      branch->title = benchmark.name;
      branch->timeout = benchmark.timeout.value_or(default_timeout_);
    }
    return *branch;
  }

  WorkTree take() { return std::move(tree_); }

 private:
  double default_timeout_;
  const Scratch& scratch_;
  WorkTree tree_;
  std::map<std::string, Branch*> modules_;
  std::map<std::pair<Branch*, std::string>, Branch*> caches_;
  std::map<const model::Benchmark*, Branch*> benchmarks_;
};

}  // namespace

Result<WorkTree> plan_work(std::vector<CaseTask> tasks, double default_timeout, const Scratch& scratch) {
  std::map<const model::Benchmark*, std::size_t> cases_of;
  for (const CaseTask& task : tasks) {
    ++cases_of[task.benchmark];
  }
  Planner planner(default_timeout, scratch);
  for (CaseTask& task : tasks) {
    auto branch = planner.module_branch(*task.benchmark);
    if (branch && task.benchmark->setup_cache_key) {
      branch = planner.cache_branch(**branch, *task.benchmark);
    }
    if (!branch) {
      return tl::unexpected(branch.error());
    }
    // A benchmark of one case resolves itself in the case's own process; for several, one process does it for all.
    Branch& leaf = cases_of[task.benchmark] > 1 ? planner.benchmark_branch(**branch, *task.benchmark) : **branch;
    ++leaf.unfinished;
    leaf.cases.push_back(std::move(task));
  }
  return planner.take();
}

}  // namespace snapshot_test::session
