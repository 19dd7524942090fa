// Hosts that are processes: what they need of the machine, and starting them.
#pragma once

#include <optional>

#include "runner/case_runner.hpp"
#include "runner/host_process.hpp"
#include "runner/scratch.hpp"
#include "runner/signals.hpp"

namespace snapshot_test::runner {

class ProcessHosts : public Hosts {
 public:
  /// Chooses the interpreter, checks the machine's limits, makes the scratch folder, catches signals.
  [[nodiscard]] static Result<std::unique_ptr<Hosts>> open(const SuiteOptions& options, model::Listener& listener);
  [[nodiscard]] static Result<std::unique_ptr<ProcessHosts>> open_here(const SuiteOptions& options,
                                                                       model::Listener& listener);

  [[nodiscard]] Result<std::unique_ptr<CaseRunner>> start(const std::vector<std::string>& preload, Pass pass) override;
  [[nodiscard]] const PythonEnvironment& python() const override { return python_; }
  [[nodiscard]] bool interrupted() const override { return signals_.interrupted(); }
  /// For who waits for something else than a host, which reads them itself.
  void read_signals() { signals_.read_pending(); }

 private:
  ProcessHosts(const SuiteOptions& options, model::Listener& listener, PythonEnvironment python)
      : options_(options), listener_(listener), python_(std::move(python)) {}
  [[nodiscard]] Result<model::HostStart> host_start(const std::vector<std::string>& preload) const;

  const SuiteOptions& options_;
  model::Listener& listener_;
  PythonEnvironment python_;
  Signals signals_;  // before the scratch folder: nothing may end the program while that is there
  std::optional<Scratch> scratch_;
};

/// How many cases run at once.
[[nodiscard]] unsigned workers_of(const SuiteOptions& options);

}  // namespace snapshot_test::runner
