// The event loop: one host, its processes, their messages, output, deadlines and ends.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/message.hpp"
#include "session/host_process.hpp"
#include "session/process.hpp"
#include "session/python_environment.hpp"
#include "session/scratch.hpp"
#include "session/signals.hpp"
#include "session/work_tree.hpp"

namespace snapshot_test::session {

/// Runs cases in the processes of one host, at most `workers` at once. Single-threaded; never throws for what a host
/// does. Destroying it ends every process of the host.
class Conductor {
 public:
  struct Options {
    unsigned workers = 1;
    double default_timeout = 60;  ///< seconds
    FreshMemory memory = FreshMemory::kAsItComes;
  };

  /// Starts the base and waits until it is ready.
  [[nodiscard]] static Result<std::unique_ptr<Conductor>> start(const PythonEnvironment& python,
                                                                const model::HostStart& request, const Scratch& scratch,
                                                                Signals& signals, const Options& options);
  ~Conductor();
  Conductor(const Conductor&) = delete;
  Conductor& operator=(const Conductor&) = delete;

  /// Imports the whole suite in a process of its own; if a module takes that down (a crash, an exit, no end), once more
  /// without it. kUsage where the folder is no suite.
  [[nodiscard]] Result<model::DiscoverReply> discover(model::DiscoverRequest request);

  /// Has the base import these before it forks on; those that fail to import are left to the modules that want them.
  void preload(const std::vector<std::string>& modules);

  using OnStarted = std::function<void(const CaseTask&)>;
  enum class Then { kDone, kRunAgain };
  /// May change the task's request and have it run once more, from where it ran.
  using OnFinished = std::function<Then(CaseTask&, CaseOutcome)>;
  /// Runs every task to an outcome; one that did not get a
  /// process is not run again. on_started is called once a task. Returns
  /// early, with tasks left without one, when
  /// interrupted() and, as kIo, when a case reports that the store cannot be written.
  [[nodiscard]] Result<void> run(std::vector<CaseTask> tasks, const OnStarted& on_started,
                                 const OnFinished& on_finished);

  /// SIGINT or SIGTERM has come.
  [[nodiscard]] bool interrupted() const { return signals_.interrupted(); }

 private:
  using Clock = Process::Clock;
  using Work = std::variant<Branch*, Leaf>;

  Conductor(const Scratch& scratch, Signals& signals, const Options& options)
      : scratch_(scratch), signals_(signals), options_(options) {}

  [[nodiscard]] Result<Process*> fork_process(Process& parent, model::Role role, const nlohmann::json& request,
                                              double timeout);
  void start_work(const Work& work);
  void start_ready_work();
  void open_branch(Branch& branch);
  void start_case(const Leaf& leaf);
  void announce(CaseTask& task);
  [[nodiscard]] Result<void> turn();
  void on_message(Process& process, nlohmann::json body);
  void on_ready(Process& process);
  void read_channel(Process& process);
  void enforce_deadlines();
  void on_ended(int id, int status);
  void end_process(std::unique_ptr<Process> process);
  void finish_case(Process& process);
  void fail_branch(Branch& branch, const CaseOutcome& outcome);
  void fail_unstarted(Branch& branch, const CaseOutcome& outcome);
  void one_done(Branch* branch);
  void lose_base();
  [[nodiscard]] int poll_timeout() const;
  void end_all();

  const Scratch& scratch_;
  Signals& signals_;
  Options options_;
  std::map<int, std::unique_ptr<Process>> processes_;
  Process* base_ = nullptr;
  std::unique_ptr<Process> discovery_;  ///< the discovery process, once it has ended
  int next_id_ = 0;
  bool base_lost_ = false;
  std::string fatal_;        ///< why the run cannot go on
  unsigned busy_ = 0;        ///< processes that count against `workers`: cases, and nodes getting ready
  std::vector<Work> ready_;  ///< what can start now; the last goes first, so that open branches end before others open
  std::size_t unfinished_ = 0;
  OnStarted on_started_;
  OnFinished on_finished_;
};

}  // namespace snapshot_test::session
