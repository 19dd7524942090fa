// What tells people or programs of a run, and all that do for one run.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "report/case_json.hpp"
#include "report/run_record.hpp"
#include "snapshot_test/model/result.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::report {

/// The keys that every report starts with, `format` among them.
[[nodiscard]] Json head_json(const RunHead& head);

/// A report on one run. It may tell what happens as it happens, being a listener, or all of it at the end.
class Report : public model::Listener {
 public:
  /// Called before the run, as soon as something is known, and again when more is.
  virtual void set_head(const RunHead& /*head*/) {}
  /// A line for people, of what is done beside running cases: a build, what comes from a cache.
  virtual void remark(const std::string& /*line*/) {}
  /// The run has ended, or could not start or go on: record.end says which. Called once, after finished(); where
  /// can_be_rewritten(), before it, and again when another report could not be written. Returns how the writing went;
  /// kIo.
  [[nodiscard]] virtual Result<void> close(const RunRecord& record) = 0;
  /// Does what it wrote give way to what is written next? A file's does, a stream's does not.
  [[nodiscard]] virtual bool can_be_rewritten() const { return false; }
};

/// Does somebody read the cases of the record?
enum class Cases { kRead, kNotRead };

/// The reports of one run, in the order of add(), and its record. A run ends with finished() or with aborted(), so that
/// no report ever looks like an earlier success.
class Reports : public model::Listener {
 public:
  /// It is told of the run's head at once.
  void add(std::unique_ptr<Report> report, Cases cases);
  void set_head(RunHead head);
  /// All of a run that is over, in place of what a listener hears; the reports are closed.
  void tell(RunRecord record);
  /// Unless the run has finished().
  void aborted(model::ExitStatus status, const std::string& message);

  void remark(const std::string& line);
  /// How long the calls took on both sides, for information. Before the run has ended.
  void set_times(std::vector<model::CaseTime> times) { record_.times = std::move(times); }

  [[nodiscard]] const RunRecord& record() const { return record_; }
  /// Of the reports that could not be written; complete when the run has ended.
  [[nodiscard]] const std::vector<Error>& unwritten() const { return unwritten_; }

  void planned(const model::RunPlan& plan) override;
  void note(const std::string& text) override;
  void started(const model::CaseId& id) override;
  void durations(const std::vector<model::CaseDuration>& cases) override;
  void phase(const std::string& what, std::size_t cases) override;
  void ended(const model::CaseId& id) override;
  void tick() override;
  void captured(const model::CaseCapture& result) override;
  void verified(const model::CaseVerdict& result) override;
  void replacing(const model::Replacement& replacement) override;
  void finished(const model::CaptureSummary& summary) override;
  void finished(const model::VerifySummary& summary) override;
  void recorded(const model::StatusSummary& summary) override;

 private:
  template <class Call>
  void each(Call call);
  template <class Summary>
  void finish(const Summary& summary);
  /// Puts the record in order.
  void settle();
  enum class Kind { kRewritable, kOther };
  /// Closes the reports of one kind. False where one could not be written, which unwritten_ then has.
  bool close(Kind kind);
  /// A run is not good where a report of it is missing.
  template <class Summary>
  void close_and_amend(Kind kind);

  std::vector<std::unique_ptr<Report>> reports_;
  RunRecord record_;
  Cases cases_ = Cases::kNotRead;
  std::vector<Error> unwritten_;
};

}  // namespace snapshot_test::report
