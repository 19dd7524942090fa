// `continuous`: from two commits to the answer, whether the second computes what the first did.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "commits/commit_runs.hpp"
#include "model/case_time.hpp"

namespace snapshot_test::commits {

enum class BenchmarksFrom { kHead, kBase };

struct ContinuousOptions {
  RunsOptions runs;
  std::optional<std::string> base;  ///< none: where HEAD left the upstream branch, else its parent
  std::optional<std::string> head;  ///< none: the work tree
  BenchmarksFrom benchmarks_from = BenchmarksFrom::kHead;
  /// Gets the times of the cases that returned on both sides, before the end of the run is told. Null: nobody asks.
  std::function<void(const std::vector<model::CaseTime>&)> on_times;
};

/// `listener` hears of one verify run, that of HEAD. kUsage: what is asked for is not there, or proves nothing (the
/// same code twice, code from elsewhere). The summary's `status` is the program's exit status.
[[nodiscard]] Result<model::VerifySummary> continuous(const ContinuousOptions& options, const Say& say,
                                                      model::Listener& listener);

/// Hands everything on to another listener. Derived classes look at some of it.
class HandedOn : public model::Listener {
 public:
  explicit HandedOn(model::Listener& to) : to_(to) {}
  void planned(const model::RunPlan& plan) override { to_.planned(plan); }
  void durations(const std::vector<model::CaseDuration>& cases) override { to_.durations(cases); }
  void phase(const std::string& what, std::size_t cases) override { to_.phase(what, cases); }
  void ended(const model::CaseId& id) override { to_.ended(id); }
  void tick() override { to_.tick(); }
  void note(const std::string& text) override { to_.note(text); }
  void started(const model::CaseId& id) override { to_.started(id); }
  void captured(const model::CaseCapture& result) override { to_.captured(result); }
  void verified(const model::CaseVerdict& result) override { to_.verified(result); }
  void replacing(const model::Replacement& replacement) override { to_.replacing(replacement); }
  void finished(const model::CaptureSummary& summary) override { to_.finished(summary); }
  void finished(const model::VerifySummary& summary) override { to_.finished(summary); }

 private:
  model::Listener& to_;
};

}  // namespace snapshot_test::commits
