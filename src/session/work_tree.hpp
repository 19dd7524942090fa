// Which processes a run needs, as a tree: module → setup_cache → benchmark → case. Plain data; conductor.cpp brings it
// to life.
#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/message.hpp"
#include "session/scratch.hpp"

namespace snapshot_test::session {

/// One case to run. The benchmark outlives the task.
struct CaseTask {
  const model::Benchmark* benchmark = nullptr;
  std::size_t index = 0;
  model::CaseRequest request;
  bool started = false;    ///< it runs, or has run
  bool announced = false;  ///< on_started has been called
};

/// How one case went: what it showed and, where it was told to compare, how that compares.
struct CaseOutcome {
  model::Observation observation;
  std::vector<model::SiteComparison> comparisons;
  std::string fatal;  ///< as CaseReply::fatal
  bool ran = false;   ///< in a process of its own; false where one further up failed
};

/// A process that must be ready before what hangs below it can run.
struct Branch {
  model::Role role = model::Role::kModule;
  nlohmann::json request;
  std::string title;   ///< for messages: "import of bench_core", "setup_cache of ..."
  double timeout = 0;  ///< seconds to get ready
  Branch* parent = nullptr;
  std::vector<std::unique_ptr<Branch>> children;
  std::vector<CaseTask> cases;
  std::size_t unfinished = 0;  ///< direct children and cases that have not ended
  int process = -1;            ///< its process while it lives
};

struct WorkTree {
  std::vector<std::unique_ptr<Branch>> modules;
};

/// Groups tasks by module, setup_cache and, where a benchmark has several cases, by benchmark. Keeps the order of the
/// tasks. Makes a folder in `scratch` for each module and each setup_cache.
[[nodiscard]] Result<WorkTree> plan_work(std::vector<CaseTask> tasks, double default_timeout, const Scratch& scratch);

}  // namespace snapshot_test::session
