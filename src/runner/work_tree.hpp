// Which processes a run needs, as a tree: base → module → setup_cache → benchmark → case. Plain data, which
// conductor.cpp works off.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runner/case_runner.hpp"
#include "runner/scratch.hpp"

namespace snapshot_test::runner {

/// What says how long something may take.
enum class LimitFrom { kTimeout, kImportTimeout, kBenchmark };

struct Branch;

/// Cases that one process runs one after the other. It is forked from the branch's.
struct Series {
  Branch* branch = nullptr;
  std::deque<CaseTask*> cases;  ///< those that have not begun, and some that run by themselves by now
  double expected = 0;          ///< seconds, of all of them
};

/// What must be ready before its children can run: a process that is forked from the one above it. With
/// Isolation::kSpawn there is none for a module, since each of its cases imports it anew; a setup_cache has one that
/// builds it.
struct Branch {
  std::optional<model::Request> request;  ///< none: the base
  Isolation isolation = Isolation::kFork;
  std::string title;   ///< for messages: "import of bench_core", "setup_cache of ..."
  double timeout = 0;  ///< seconds to get ready
  LimitFrom limit_from = LimitFrom::kImportTimeout;
  Branch* parent = nullptr;
  std::vector<std::unique_ptr<Branch>> children;
  std::vector<CaseTask> cases;
  std::deque<Series> series;   ///< of those cases that may run in one
  std::size_t unfinished = 0;  ///< direct children and cases that have not ended
  double longest = 0;          ///< the longest `expected` below it

  enum class State { kClosed, kOpening, kOpen } state = State::kClosed;
  int process = -1;     ///< its process, until that has ended
  unsigned losses = 0;  ///< how often it was lost for no visible reason since the last case below it ended

  [[nodiscard]] bool is_base() const { return !request; }
  [[nodiscard]] bool is_benchmark() const {
    return request && std::holds_alternative<model::BenchmarkRequest>(*request);
  }
  /// Calls visit(branch) for this one and all below it.
  void for_each(const std::function<void(Branch&)>& visit);
};

/// All the work of a run.
struct WorkTree {
  std::unique_ptr<Branch> forked;   ///< the base, and what is forked from it
  std::unique_ptr<Branch> spawned;  ///< no process; what gets interpreters of its own

  [[nodiscard]] Branch& root(Isolation isolation) const { return isolation == Isolation::kFork ? *forked : *spawned; }
};

[[nodiscard]] model::BenchmarkRequest benchmark_request(const model::Benchmark& benchmark,
                                                        const CaseRunner::RulesOf& rules_of);

/// Of a case whose benchmark may have a timeout of its own.
[[nodiscard]] LimitFrom limit_from(const std::optional<double>& own);

struct Timeouts {
  double of_case = 60;     ///< seconds; a benchmark's own wins
  double of_import = 600;  ///< seconds
};

/// Groups tasks by module, setup_cache and, where a benchmark has several cases that run by themselves, by benchmark.
/// Cases that may run in a series are put into some by their place in the order, so that a case has the same others
/// before it in every run of the same tasks. Keeps the order of the tasks. Makes a folder in `scratch` for each module
/// and each setup_cache.
[[nodiscard]] Result<WorkTree> plan_work(std::vector<CaseTask> tasks, const CaseRunner::RulesOf& rules_of,
                                         const Timeouts& timeouts, const Scratch& scratch);

}  // namespace snapshot_test::runner
