#include "session/transitions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace snapshot_test::session {

using model::CaseStatus;

namespace {

/// Which indices of each discovered benchmark the filter of the file's run leaves.
bool was_selected(const Run& run, const store::StatusFile& before, std::size_t benchmark, std::size_t index) {
  if (model::matches_any(run.selection().suite.benchmarks[benchmark], before.exclude_benchmarks)) {
    return false;
  }
  const auto& selected = run.found().other_selected;
  return selected.empty() || std::binary_search(selected[benchmark].begin(), selected[benchmark].end(), index);
}

}  // namespace

std::vector<model::Benchmark> TransitionLog::benchmarks() const {
  std::vector<model::Benchmark> all;
  for (const store::BenchmarkStatus& each : before_.benchmarks) {
    all.push_back(store::benchmark_of(each.shape));
  }
  return all;
}

const store::BenchmarkStatus* TransitionLog::status_of_benchmark(const std::string& name) const {
  if (by_name_.empty()) {
    for (const store::BenchmarkStatus& each : before_.benchmarks) {
      by_name_.emplace(each.shape.benchmark, &each);
    }
  }
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

std::optional<TransitionLog::Found> TransitionLog::find(const model::Benchmark& benchmark, std::size_t index) const {
  const store::BenchmarkStatus* status = status_of_benchmark(benchmark.name);
  if (status == nullptr) {
    return std::nullopt;
  }
  auto& finder = finders_[benchmark.name];
  if (!finder) {
    finder = std::make_unique<store::CaseFinder>(status->shape);
  }
  const store::CaseRecord* record = finder->find(benchmark.case_ids(index), index);
  if (record == nullptr) {
    return std::nullopt;
  }
  return Found{record, status->statuses.at(static_cast<std::size_t>(record - status->shape.cases.data()))};
}

Result<void> TransitionLog::check_suite(const Run& run) const {
  const model::Suite& suite = run.selection().suite;
  const auto is_of_suite = [&](const store::BenchmarkStatus& each) {
    return failure_of(suite, each.shape.module) != nullptr ||
           std::any_of(suite.benchmarks.begin(), suite.benchmarks.end(),
                       [&](const model::Benchmark& benchmark) { return benchmark.name == each.shape.benchmark; });
  };
  const bool every_module = run.selection().not_imported == 0;
  if (before_.suite == suite.root || !every_module ||
      std::any_of(before_.benchmarks.begin(), before_.benchmarks.end(), is_of_suite)) {
    return {};
  }
  return fail(ErrorKind::kUsage,
              fmt::format("the status file '{}' is of another suite: it was recorded in '{}', and none of its {} "
                          "benchmarks is in '{}'; name the status file of this suite",
                          name_, before_.suite, before_.benchmarks.size(), suite.root));
}

void TransitionLog::note(const model::Benchmark& benchmark, std::size_t index, CaseStatus now) {
  const auto found = find(benchmark, index);
  now_.insert_or_assign({benchmark.name, index},
                        Now{benchmark.case_label(index), benchmark.module, found ? found->record : nullptr, now});
  regressions_ += found && found->status == CaseStatus::kPass && now == CaseStatus::kFail ? 1 : 0;
}

model::Transitions TransitionLog::conclude(const Run& run,
                                           const std::vector<std::vector<std::size_t>>& selected) const {
  model::Transitions all;
  all.keys = keys_;
  all.file = name_;
  all.recorded = before_.run.time;
  std::set<const store::CaseRecord*> claimed;
  std::set<Key> deselected_before;
  const model::Suite& suite = run.selection().suite;
  for (std::size_t i = 0; i < suite.benchmarks.size(); ++i) {
    for (std::size_t index = 0; index < suite.benchmarks[i].case_count(); ++index) {
      if (const auto found = find(suite.benchmarks[i], index)) {
        claimed.insert(found->record);
      } else if (!was_selected(run, before_, i, index)) {
        deselected_before.emplace(suite.benchmarks[i].name, index);
      }
    }
  }
  for (const auto& [key, now] : now_) {
    if (now.record != nullptr) {
      claimed.insert(now.record);
      const store::BenchmarkStatus& status = *status_of_benchmark(key.first);
      const auto place = static_cast<std::size_t>(now.record - status.shape.cases.data());
      all.cases.push_back({now.label, status.statuses.at(place), now.status});
    } else if (failure_of(before_.failures, now.module) != nullptr) {
      all.cases.push_back({now.label, CaseStatus::kFail, now.status});
    } else if (!deselected_before.contains(key)) {
      all.cases.push_back({now.label, std::nullopt, now.status});
    }
  }
  for (std::size_t i = 0; i < before_.benchmarks.size(); ++i) {
    const auto& [shape, statuses] = before_.benchmarks[i];
    if (model::matches_any(store::benchmark_of(shape), run.options().exclude_benchmarks)) {
      continue;
    }
    const bool fails = failure_of(suite, shape.module) != nullptr;
    for (std::size_t place = 0; place < shape.cases.size(); ++place) {
      const store::CaseRecord& record = shape.cases[place];
      const bool is_selected = std::binary_search(selected[i].begin(), selected[i].end(), record.index);
      if (claimed.contains(&record) || !is_selected || run.is_narrowed()) {
        continue;
      }
      all.cases.push_back(
          {store::case_label(shape, record), statuses[place], fails ? std::optional(CaseStatus::kFail) : std::nullopt});
    }
  }
  return all;
}

}  // namespace snapshot_test::session
