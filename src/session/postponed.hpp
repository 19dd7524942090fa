// Cases of a verification that wait for values of a baseline that is kept elsewhere.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runner/case_runner.hpp"
#include "session/run.hpp"
#include "session/session.hpp"
#include "snapshot_test/store/manifest.hpp"

namespace snapshot_test::session {

/// Where there is no source, nothing is fetched and no case waits. Not thread-safe; what it is made from outlives it.
class Postponed {
 public:
  Postponed(const VerifyOptions& options, model::Listener& listener) : options_(options), listener_(listener) {}

  /// The snapshot that a task is compared with; null where it is compared with none.
  using SnapshotOf = std::function<const store::CaseRecord*(const runner::CaseTask&)>;
  /// Fetches what these cases are compared with whatever they show.
  [[nodiscard]] Result<void> fetch_for(const std::vector<runner::CaseTask>& tasks, const SnapshotOf& snapshot_of);

  /// Is the case to run again when its values have been fetched, since some could not be read? Says in the outcome why
  /// others cannot be had.
  [[nodiscard]] bool take(const runner::CaseTask& task, const store::CaseRecord& snapshot,
                          runner::CaseOutcome& outcome);
  [[nodiscard]] bool any() const { return !tasks_.empty(); }
  /// Fetches what the cases that wait need; they are to run again, each by itself.
  [[nodiscard]] Result<std::vector<runner::CaseTask>> fetch(const Run& run);

 private:
  [[nodiscard]] Result<void> fetch_objects(const std::vector<std::string>& objects);

  const VerifyOptions& options_;
  model::Listener& listener_;
  std::map<std::pair<const model::Benchmark*, std::size_t>, runner::CaseTask> tasks_;
  std::set<std::string> objects_;              ///< that they wait for
  std::map<std::string, std::string> damage_;  ///< of objects that cannot be had
  std::size_t fetches_ = 0;                    ///< for cases that waited
};

}  // namespace snapshot_test::session
