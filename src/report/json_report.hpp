// --json FILE: every case of a run for other programs. --summary FILE: its counts.
#pragma once

#include <utility>

#include "report/output_file.hpp"
#include "report/report.hpp"

namespace snapshot_test::report {

enum class Detail { kCases, kCountsOnly };

/// Written at the run's end: whole with Detail::kCases, or as a summary.
class JsonReport : public Report {
 public:
  JsonReport(OutputFile file, Detail detail) : file_(std::move(file)), detail_(detail) {}

  [[nodiscard]] Result<void> close(const RunRecord& record) override;
  [[nodiscard]] bool can_be_rewritten() const override { return file_.is_regular(); }

 private:
  OutputFile file_;
  Detail detail_;
};

}  // namespace snapshot_test::report
