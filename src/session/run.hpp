// What list, capture and verify have in common: an environment, a scratch folder, signals, hosts, a selection.
#pragma once

#include <memory>
#include <optional>

#include "session/conductor.hpp"
#include "session/session.hpp"

namespace snapshot_test::session {

/// One invocation. Owns what outlives its hosts.
class Run {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Run>> begin(const SuiteOptions& options, model::Listener& listener);

  /// A new host. Each has imported nothing but what `preload` names.
  [[nodiscard]] Result<std::unique_ptr<Conductor>> start_host(const std::vector<std::string>& preload);
  /// One that runs the same cases again, with folders and memory that are not what they were. The first must be gone.
  [[nodiscard]] Result<std::unique_ptr<Conductor>> start_second_host(const std::vector<std::string>& preload);

  struct Found {
    Selection selection;
    model::DiscoverReply reply;  ///< its suite has moved into the selection
  };
  /// Imports the suite in a host and applies --filter and the exclusions. `request` says what else is wanted.
  [[nodiscard]] Result<Found> find_benchmarks(Conductor& host, model::DiscoverRequest request);

  [[nodiscard]] const PythonEnvironment& python() const { return python_; }
  [[nodiscard]] bool interrupted() const { return signals_.interrupted(); }
  [[nodiscard]] unsigned workers() const;
  /// What is known before anything runs.
  [[nodiscard]] model::RunPlan plan(const Selection& selection) const;
  [[nodiscard]] CaseTask make_task(const model::Benchmark& benchmark, std::size_t index, model::Observe observe) const;
  /// A request with all that does not depend on the case's mode.
  [[nodiscard]] model::CaseRequest make_request(const CaseTask& task) const;
  /// Puts them in the order of --shuffle, if there is one.
  void shuffle(std::vector<CaseTask>& tasks) const;
  [[nodiscard]] double seconds() const;  ///< since begin()

 private:
  Run(const SuiteOptions& options, model::Listener& listener, PythonEnvironment python);
  [[nodiscard]] Result<std::unique_ptr<Conductor>> start(const std::vector<std::string>& preload, FreshMemory memory);

  const SuiteOptions& options_;
  model::Listener& listener_;
  PythonEnvironment python_;
  Signals signals_;  // before the scratch folder: nothing may end the program while that is there
  std::optional<Scratch> scratch_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace snapshot_test::session
