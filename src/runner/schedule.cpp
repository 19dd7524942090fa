#include "runner/schedule.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "util/overloaded.hpp"

namespace snapshot_test::runner {

namespace {

constexpr double kParts = 16;

double expected_below(const Branch& branch) {
  double seconds = 0;
  for (const CaseTask& task : branch.cases) {
    seconds += task.expected;
  }
  for (const auto& child : branch.children) {
    seconds += expected_below(*child);
  }
  return seconds;
}

bool is_below(const Branch* branch, const Branch& top) {
  for (; branch != nullptr; branch = branch->parent) {
    if (branch == &top) {
      return true;
    }
  }
  return false;
}

bool is_below(const Work& work, const Branch& top) {
  const util::Overloaded branch_of{[](const Branch* branch) { return branch; },
                                   [](const RunnableCase& runnable) -> const Branch* { return runnable.branch; },
                                   [](const Series* series) -> const Branch* { return series->branch; }};
  return is_below(std::visit(branch_of, work), top);
}

}  // namespace

Schedule::Schedule(const WorkTree& work, unsigned workers) {
  const double all = expected_below(*work.forked) + expected_below(*work.spawned);
  long_ = all > 0 ? all / (workers * kParts) : std::numeric_limits<double>::infinity();
}

void Schedule::add(Branch& branch) { add(&branch, branch.longest); }

void Schedule::add(const RunnableCase& runnable) {
  if (runnable.task->suspect) {
    suspects_.push_back(runnable);
  } else {
    add(runnable, runnable.task->expected);
  }
}

void Schedule::add(Series& series) { add(&series, series.expected); }

void Schedule::add(Work work, double seconds) {
  if (seconds > long_) {
    long_ready_.emplace_back(seconds, work);
  } else {
    ready_.push_back(work);
  }
}

void Schedule::drop_below(const Branch& branch) {
  std::erase_if(ready_, [&](const Work& work) { return is_below(work, branch); });
  std::erase_if(long_ready_, [&](const auto& entry) { return is_below(entry.second, branch); });
  std::erase_if(suspects_, [&](const RunnableCase& runnable) { return is_below(runnable.branch, branch); });
}

std::optional<Work> Schedule::take(unsigned running) {
  if (!suspects_.empty()) {
    if (running > 0) {
      return std::nullopt;
    }
    const RunnableCase runnable = suspects_.back();
    suspects_.pop_back();
    return runnable;
  }
  if (!long_ready_.empty()) {
    const auto longest = std::max_element(long_ready_.begin(), long_ready_.end(),
                                          [](const auto& a, const auto& b) { return a.first < b.first; });
    const Work work = longest->second;
    long_ready_.erase(longest);
    return work;
  }
  if (ready_.empty()) {
    return std::nullopt;
  }
  const Work work = ready_.back();
  ready_.pop_back();
  return work;
}

}  // namespace snapshot_test::runner
