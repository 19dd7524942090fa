// Hosts that are processes: what they need of the machine, and starting them.
#pragma once

#include <memory>
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
  /// The same of hosts that are sealed, from the first question to the interpreter on.
  [[nodiscard]] static Result<std::unique_ptr<Hosts>> open_sealed(const SuiteOptions& options,
                                                                  model::Listener& listener,
                                                                  std::shared_ptr<const seal::Seal> seal);
  /// `seal`: null where they are not.
  [[nodiscard]] static Result<std::unique_ptr<ProcessHosts>> open_here(
      const SuiteOptions& options, model::Listener& listener, std::shared_ptr<const seal::Seal> seal = nullptr);

  [[nodiscard]] Result<std::unique_ptr<CaseRunner>> start(const std::vector<std::string>& preload, Pass pass) override;
  [[nodiscard]] const PythonEnvironment& python() const override { return python_; }
  [[nodiscard]] bool interrupted() const override { return signals_.interrupted(); }
  /// For who waits for something else than a host, which reads them itself.
  void read_signals() { signals_.read_pending(); }

 private:
  ProcessHosts(const SuiteOptions& options, model::Listener& listener, PythonEnvironment python,
               std::shared_ptr<const seal::Seal> seal)
      : options_(options), listener_(listener), python_(std::move(python)), seal_(std::move(seal)) {}
  [[nodiscard]] Result<void> make_scratch(Scratch::For run);
  [[nodiscard]] Result<model::HostStart> host_start(const std::vector<std::string>& preload) const;

  const SuiteOptions& options_;
  model::Listener& listener_;
  PythonEnvironment python_;
  std::shared_ptr<const seal::Seal> seal_;          ///< null: hosts are not sealed
  std::shared_ptr<const seal::Prepared> prepared_;  ///< for what there is now
  Signals signals_;  // before the scratch folder: nothing may end the program while that is there
  std::optional<Scratch> scratch_;
};

/// How many cases run at once.
[[nodiscard]] unsigned workers_of(const SuiteOptions& options);

}  // namespace snapshot_test::runner
