// --events FILE: what happens in a run, for programs that follow it (docs/json.md).
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "report/output_file.hpp"
#include "report/report.hpp"

namespace snapshot_test::report {

/// Writes one JSON object a line, each as it happens. After a line that could not be written it is silent.
class Events : public Report {
 public:
  /// `now` is a monotonic clock in seconds; the steady clock if not given. Times count from here on.
  explicit Events(OutputLog file, std::function<double()> now = nullptr);

  void set_head(const RunHead& head) override { head_ = head; }

  void planned(const model::RunPlan& plan) override;
  void phase(const std::string& what, std::size_t cases) override;
  void started(const model::CaseId& id) override;
  void ended(const model::CaseId& id) override;
  void captured(const model::CaseCapture& result) override;
  void verified(const model::CaseVerdict& result) override;
  void finished(const model::CaptureSummary& summary) override;
  void finished(const model::VerifySummary& summary) override;
  [[nodiscard]] Result<void> close(const RunRecord& record) override;

 private:
  void write(std::string_view event, const Json& rest);
  void write_case(std::string_view event, const model::CaseId& id);

  OutputLog file_;
  std::function<double()> now_;
  double began_;
  RunHead head_;
  bool planned_ = false;
  std::string phase_;
  /// A case that is run again within a phase is started twice, but is one case.
  std::set<std::pair<std::string, std::size_t>> running_;
  Result<void> written_;
};

}  // namespace snapshot_test::report
