// What GitHub Actions shows of a run: a summary of the job, and annotations beside the lines of benchmarks
// (docs/ci.md).
#pragma once

#include <cstddef>
#include <filesystem>
#include <ostream>

#include "report/report.hpp"

namespace snapshot_test::report {

/// Written at the run's end, the worst cases first. The summary is appended to a file that other steps have written to,
/// too; the annotations are workflow commands on `log`, which the runner reads from standard output. Nothing in either
/// is markup or a command but what this class writes.
class Github : public Report {
 public:
  /// GitHub refuses a step's summary of more than 1 MiB as a whole.
  static constexpr std::size_t kMostBytes = 900 * 1024;
  /// GitHub shows ten errors of a step; the last one says how many more there are.
  static constexpr std::size_t kMostAnnotations = 9;

  /// `summary` may be empty: no summary then. `log` must outlive the report.
  Github(std::filesystem::path summary, std::ostream& log) : summary_(std::move(summary)), log_(log) {}

  [[nodiscard]] Result<void> close(const RunRecord& record) override;

 private:
  std::filesystem::path summary_;
  std::ostream& log_;
};

}  // namespace snapshot_test::report
