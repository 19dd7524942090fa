// What list, capture and verify have in common: hosts, and the cases of the suite that were selected.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <string>

#include "runner/case_runner.hpp"
#include "session/checkout.hpp"
#include "session/session.hpp"

namespace snapshot_test::session {

/// Why a module's benchmarks are not known: it, a module around it or something in it cannot be imported or read. Null
/// if they are.
[[nodiscard]] const model::DiscoveryFailure* failure_of(std::span<const model::DiscoveryFailure> failures,
                                                        const std::string& module);

/// The same of a suite, of which nothing is known where its own package cannot be imported: then that is why.
[[nodiscard]] const model::DiscoveryFailure* failure_of(const model::Suite& suite, const std::string& module);

/// The rules for each benchmark; `options` outlive what is returned.
[[nodiscard]] runner::CaseRunner::RulesOf rules_by(const ComparisonOptions& options);

/// One invocation, from the suite's import on.
class Run {
 public:
  /// Starts a host, imports the suite in it, and applies --filter and the exclusions. `request` says what else is
  /// wanted.
  [[nodiscard]] static Result<Run> begin(const SuiteOptions& options, model::Listener& listener,
                                         const runner::OpenHosts& open, model::DiscoverRequest request);

  [[nodiscard]] Selection& selection() { return selection_; }
  [[nodiscard]] const Selection& selection() const { return selection_; }
  /// Its suite has moved into the selection.
  [[nodiscard]] const model::DiscoverReply& found() const { return found_; }
  [[nodiscard]] const runner::PythonEnvironment& python() const { return hosts_->python(); }
  [[nodiscard]] bool interrupted() const { return hosts_->interrupted(); }
  /// Are all cases known that the suite may have? Not where a module does not import, or --filter leaves some out.
  [[nodiscard]] bool is_whole_suite() const { return failed_modules_ == 0 && !options_.filter && !narrowed_; }
  [[nodiscard]] bool is_narrowed() const { return narrowed_; }  ///< by narrow()
  [[nodiscard]] const SuiteOptions& options() const { return options_; }
  /// Is any case selected?
  [[nodiscard]] bool plans_cases() const {
    return std::any_of(selection_.indices.begin(), selection_.indices.end(),
                       [](const auto& each) { return !each.empty(); });
  }
  /// Leaves out what is selected and `wanted` does not hold for, as a filter does.
  void narrow(const std::function<bool(const model::Benchmark& benchmark, std::size_t index)>& wanted);
  /// Leaves out what another shard of the run has: it counts as nothing that was filtered.
  void leave_to_others(const std::function<bool(const model::Benchmark& benchmark, std::size_t index)>& others);
  /// What is known before anything runs. Reads the repository and the files of what is tested: call it once.
  [[nodiscard]] model::RunPlan plan() const;
  [[nodiscard]] double seconds() const;  ///< since begin()

  [[nodiscard]] runner::CaseTask make_task(const model::Benchmark& benchmark, std::size_t index,
                                           model::Observe observe) const;
  /// May it run in a process in which others ran before, if that is known to change nothing? Not what gains nothing by
  /// it, or needs an interpreter of its own.
  [[nodiscard]] bool fits_a_series(const runner::CaseTask& task) const;
  /// A request with all that does not depend on the case's mode.
  [[nodiscard]] model::CaseRequest make_request(const runner::CaseTask& task) const;
  /// Puts them in the order of --shuffle, if there is one.
  void shuffle(std::vector<runner::CaseTask>& tasks) const;

  /// For a first pass over the cases: has imported what many of them need.
  [[nodiscard]] runner::CaseRunner& warm_host();
  /// Ends the host and starts another one like it.
  [[nodiscard]] Result<runner::CaseRunner*> another_host();
  /// Ends the host and starts the one of the second pass.
  [[nodiscard]] Result<runner::CaseRunner*> second_host();
  void end_host() { host_.reset(); }

 private:
  Run(const SuiteOptions& options, std::unique_ptr<runner::Hosts> hosts)
      : options_(options), hosts_(std::move(hosts)) {}
  void select(model::DiscoverReply reply);
  void note_idle_exclusions(const std::vector<std::string>& idle);

  const SuiteOptions& options_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::unique_ptr<runner::Hosts> hosts_;
  std::unique_ptr<runner::CaseRunner> host_;
  Checkout checkout_;
  Selection selection_;
  bool narrowed_ = false;
  std::size_t failed_modules_ = 0;  ///< those that are excluded, too
  model::DiscoverReply found_;
};

}  // namespace snapshot_test::session
