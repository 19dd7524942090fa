// --json FILE: every case of a run for other programs. --summary FILE: its counts.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "report/output_file.hpp"
#include "report/report.hpp"
#include "snapshot_test/model/result.hpp"

namespace snapshot_test::report {

enum class Detail { kCases, kCountsOnly };

/// Collects a run and writes it at its end: whole with Detail::kCases (sorted by benchmark and index, so that two
/// reports can be compared), or as a summary.
class JsonReport : public Report {
 public:
  JsonReport(OutputFile file, Detail detail) : file_(std::move(file)), detail_(detail) {}

  void set_head(RunHead head) override { head_ = std::move(head); }

  void planned(const model::RunPlan& plan) override;
  void captured(const model::CaseCapture& result) override;
  void verified(const model::CaseVerdict& result) override;
  void finished(const model::CaptureSummary& summary) override;
  void finished(const model::VerifySummary& summary) override;
  void aborted(model::ExitStatus status, const std::string& message) override;

  [[nodiscard]] const Result<void>& written() const override { return written_; }

 private:
  void write(Json counts);
  void add(const model::CaseId& id, const Json& json);

  OutputFile file_;
  Detail detail_;
  RunHead head_;
  Json plan_;
  /// Each case's JSON text, which takes less memory than its tree.
  std::map<std::pair<std::string, std::size_t>, std::string> cases_;
  Result<void> written_;
};

}  // namespace snapshot_test::report
