// What a person sees of a run, on a terminal or in a CI log.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "report/causes.hpp"
#include "report/progress.hpp"
#include "report/report.hpp"
#include "report/style.hpp"
#include "snapshot_test/model/result.hpp"

namespace snapshot_test::report {

enum class Verbosity {
  kQuiet,    ///< failures, and one closing line
  kNormal,   ///< failures explained in place, what was not verified listed at the end, counts
  kVerbose,  ///< also every case, notes and tracebacks; lists are complete
};

struct TerminalOptions {
  Verbosity verbosity = Verbosity::kNormal;
  Color color = Color::kOff;
  /// The terminal's size; without it there is no progress display.
  std::function<TerminalSize()> size{};
  /// A monotonic clock in seconds; the steady clock if not given.
  std::function<double()> now{};
  bool full = false;          ///< every failure is explained in place
  std::string command = {};   ///< what the user typed, without what chooses cases; empty: no commands are suggested
  std::size_t durations = 0;  ///< so many of the slowest cases are listed at the end
  std::size_t passes = 1;     ///< over the cases that the run makes
};

/// Writes as it hears. Does not own `out`, which must outlive it. Whatever the size of the run and of its failures, the
/// output of the first two verbosities is bounded by a few lines a failing case.
class Terminal : public Report {
 public:
  Terminal(std::ostream& out, TerminalOptions options);

  void planned(const model::RunPlan& plan) override;
  void note(const std::string& text) override;
  void started(const model::CaseId& id) override;
  void durations(const std::vector<model::CaseDuration>& cases) override { progress_.expect(cases); }
  void phase(const std::string& what, std::size_t cases) override;
  void ended(const model::CaseId& id) override;
  void tick() override { progress_.tick(); }
  void captured(const model::CaseCapture& result) override;
  void verified(const model::CaseVerdict& result) override;
  void replacing(const model::Replacement& replacement) override;
  void finished(const model::CaptureSummary& summary) override;
  void finished(const model::VerifySummary& summary) override;
  void recorded(const model::StatusSummary& summary) override;

  /// With kQuiet only what begins with "warning:".
  void remark(const std::string& line) override;
  /// Removes the progress display of a run that ends without finished().
  [[nodiscard]] Result<void> close(const RunRecord& record) override;

 private:
  /// Cases with the same verdict, listed together at the end.
  struct Group {
    Tone tone = Tone::kPlain;
    std::string counts_as;
    Causes causes;
  };
  /// A line of the list of failures.
  struct Failure {
    model::CaseId id;
    std::string verdict;
    std::string reason;
  };
  /// Failures that say the same as one that was shown.
  struct Alike {
    std::string verdict;
    std::string first;  ///< label of the one that was shown
    std::string reason;
    Causes others;
  };

  void write(const std::string& text);
  void show_failure(const model::CaseId& id, std::string_view verdict, const std::string& reason,
                    const std::vector<model::SiteComparison>& sites, const model::Observation& observation,
                    const std::string& environment = {});
  void show_case(const model::CaseId& id, std::string_view verdict, Tone tone, const model::Observation& observation,
                 const std::vector<std::string>& missing);
  void remember(std::size_t order, std::string_view verdict, Tone tone, std::string_view counts_as,
                const model::CaseId& id, const std::string& reason);
  void remember_left_out(const model::CaseId& id, const std::vector<std::string>& missing);
  void write_left_out();
  /// True if one with the same text was shown; then the case is listed at the end.
  bool shown_before(const model::CaseId& id, std::string_view verdict, const std::string& reason,
                    const std::string& sites);
  void write_alike();
  void write_failures();
  void write_groups();
  [[nodiscard]] bool full() const { return options_.full || options_.verbosity == Verbosity::kVerbose; }
  void remember_duration(const model::CaseId& id, const model::Observation& observation);
  void write_durations();
  [[nodiscard]] Lists lists() const {
    return options_.verbosity == Verbosity::kVerbose ? Lists::kComplete : Lists::kBounded;
  }
  template <class Summary>
  void sum_up(const Summary& summary);

  TerminalOptions options_;
  Progress progress_;
  std::size_t failed_ = 0;
  std::vector<Failure> failures_;                                ///< those that say something that none before has said
  std::size_t explained_ = 0;                                    ///< failures that had something new to explain
  std::vector<Alike> alike_;                                     ///< in the order in which they were shown
  std::map<std::size_t, std::size_t> places_;                    ///< in alike_, by a hash of what they say
  std::map<std::pair<std::size_t, std::string>, Group> groups_;  ///< by verdict, in the verdicts' order
  std::multimap<double, std::string, std::greater<>> slowest_;   ///< seconds -> what is said of the case
  Causes left_out_;                                              ///< what of checked cases is not compared, and why
  std::size_t passes_to_come_;
};

}  // namespace snapshot_test::report
