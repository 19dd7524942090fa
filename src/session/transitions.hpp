// verify beside a status file: what of its cases has become what.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "session/run.hpp"
#include "snapshot_test/model/transitions.hpp"
#include "store/status_file.hpp"

namespace snapshot_test::session {

/// Gathers how cases stand now, and finds them in a status file. Not thread-safe.
class TransitionLog {
 public:
  /// `name`: the file's, as messages and reports have it.
  TransitionLog(store::StatusFile before, std::string name, model::Transitions::Keys keys)
      : before_(std::move(before)), name_(std::move(name)), keys_(keys) {}

  [[nodiscard]] const store::StatusFile& before() const { return before_; }
  /// What discovery is to filter, too: one a benchmark of the file, in its order.
  [[nodiscard]] std::vector<model::Benchmark> benchmarks() const;

  /// kUsage where the file was made in another folder, and none of its cases is one of the suite.
  [[nodiscard]] Result<void> check_suite(const Run& run) const;

  void note(const model::Benchmark& benchmark, std::size_t index, model::CaseStatus now);
  /// Of the cases that were noted: those that passed and fail now.
  [[nodiscard]] std::size_t regressions() const { return regressions_; }

  /// `selected`: what the run's filter leaves of each of benchmarks(). Cases that are deselected, now or when the file
  /// was written, and cases that were to run and did not, are not in it.
  [[nodiscard]] model::Transitions conclude(const Run& run,
                                            const std::vector<std::vector<std::size_t>>& selected) const;

 private:
  using Key = std::pair<std::string, std::size_t>;
  struct Now {
    std::string label;
    std::string module;
    const store::CaseRecord* record = nullptr;
    model::CaseStatus status = model::CaseStatus::kSkip;
  };
  struct Found {
    const store::CaseRecord* record;
    model::CaseStatus status;
  };
  [[nodiscard]] const store::BenchmarkStatus* status_of_benchmark(const std::string& name) const;
  /// None where the file does not have it.
  [[nodiscard]] std::optional<Found> find(const model::Benchmark& benchmark, std::size_t index) const;

  store::StatusFile before_;
  std::string name_;
  model::Transitions::Keys keys_;
  mutable std::map<std::string, const store::BenchmarkStatus*> by_name_;
  mutable std::map<std::string, std::unique_ptr<store::CaseFinder>> finders_;
  std::map<Key, Now> now_;
  std::size_t regressions_ = 0;
};

}  // namespace snapshot_test::session
