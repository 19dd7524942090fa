// --json FILE: every case of a run for other programs. --summary FILE: its counts.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "report/case_json.hpp"
#include "report/output_file.hpp"
#include "snapshot_test/model/result.hpp"

namespace snapshot_test::report {

/// What a report says of the run as a whole, known before it starts.
struct RunHead {
  std::string command;    ///< "capture" or "verify"
  std::string version;    ///< of this program
  std::string timestamp;  ///< ISO 8601, UTC: when the run started
  std::string benchmark_dir;
  std::string snapshot_dir;
};

enum class Detail { kCases, kCountsOnly };

/// Collects a run and writes it at its end: whole with Detail::kCases (sorted by benchmark and index, so that two
/// reports can be compared), or as a summary. A run that could not start or go on is written by aborted(), so there is
/// always a report, and never one that looks like an earlier success.
class JsonReport : public model::Listener {
 public:
  JsonReport(OutputFile file, Detail detail) : file_(std::move(file)), detail_(detail) {}

  /// Call before the run, as soon as it is known.
  void set_head(RunHead head) { head_ = std::move(head); }

  void planned(const model::RunPlan& plan) override;
  void captured(const model::CaseCapture& result) override;
  void verified(const model::CaseVerdict& result) override;
  void finished(const model::CaptureSummary& summary) override;
  void finished(const model::VerifySummary& summary) override;
  void aborted(model::ExitStatus status, const std::string& message);

  /// How the writing went; kIo. Call after finished() or aborted().
  [[nodiscard]] const Result<void>& written() const { return written_; }

 private:
  [[nodiscard]] Json head() const;
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
