// Brings a tree of work to an end: what starts when, what becomes of each case, and what is tried again.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runner/case_runner.hpp"
#include "runner/processes.hpp"
#include "runner/schedule.hpp"
#include "runner/work_tree.hpp"

namespace snapshot_test::runner {

/// Runs cases in the processes of a host, at most `workers` at once. Single-threaded; never throws for what a host
/// does. Destroying it ends every process.
///
/// What is tried again, and when a case is blamed:
///
/// - A process that others are forked from ends: it is made again, and the cases that ran below it run again, each
///   alone. If it ends once more while one of them runs, that case took it down. If it ends again and again with
///   nothing running below it, the cause is the outcome of all below it.
/// - A case that the machine refuses something (Ending::kRefused): once more, alone.
/// - A case below the process that found the benchmarks, where that is asked for (Then::kRunAfresh).
/// - A case that a signal kills soon after its fork: once more in an interpreter of its own, since some libraries
///   cannot be forked.
/// - A series in which a case ends the process, or leaves something behind in it, ends there; what is left of it goes
/// on
///   in a new process. What the case came to is an outcome like others: whoever hears of it says whether it counts.
class Conductor : public CaseRunner, private Processes::Owner {
 public:
  struct Options {
    std::string host;  ///< the interpreter, for messages
    unsigned workers = 1;
    Timeouts timeouts;
    std::function<void()> on_tick;      ///< called a few times a second while cases run; may be empty
    std::function<bool()> interrupted;  ///< SIGINT or SIGTERM has come
  };
  /// Makes the processes, which report to the conductor.
  using MakeProcesses = std::function<std::unique_ptr<Processes>(Processes::Owner&)>;

  /// Starts the base and waits until it is ready.
  [[nodiscard]] static Result<std::unique_ptr<Conductor>> start(const MakeProcesses& make_processes,
                                                                const Scratch& scratch, Options options);
  ~Conductor() override = default;
  Conductor(const Conductor&) = delete;
  Conductor& operator=(const Conductor&) = delete;

  [[nodiscard]] Result<model::DiscoverReply> discover(model::DiscoverRequest request) override;
  void judge_by(Referee* referee) override { referee_ = referee; }
  void preload(const std::vector<std::string>& modules) override { processes_->preload(base_, modules); }
  [[nodiscard]] Result<void> run(std::vector<CaseTask> tasks, const RulesOf& rules_of, const MakeRequest& make_request,
                                 const OnStarted& on_started, const OnFinished& on_finished) override;

 private:
  Conductor(const MakeProcesses& make_processes, const Scratch& scratch, Options options)
      : scratch_(scratch), options_(std::move(options)), processes_(make_processes(*this)) {}

  void on_ready(Process& process) override;
  void on_answered(Process& process) override;
  [[nodiscard]] std::optional<Hearing::Wanted> on_offered(Process& process, const model::Offer& offer) override;
  void on_ended(std::unique_ptr<Process> process) override;

  [[nodiscard]] Result<void> start_base();
  [[nodiscard]] Result<void> leave_last_run();
  [[nodiscard]] Result<void> turn();
  void start_ready_work();
  void open(Branch& branch);
  [[nodiscard]] Result<Process*> start_branch(const Branch& branch);
  void leave_discovery();
  void opened(Branch& branch);
  void start_case(const RunnableCase& runnable);
  void start_series(Series& series);
  /// Gives its process the next case that waits; ends it where there is none.
  void go_on(Process& process);
  /// Ends the process; what is left of the series waits for another.
  void leave_series(Process& process);
  void series_ended(Series& series, Process& process);
  /// A process for a child of `above`: a fork of its process, or an interpreter that becomes all of it first. Null
  /// where that process is about to end.
  [[nodiscard]] Result<Process*> start_below(const Branch& above, Isolation isolation, Order order);
  [[nodiscard]] Result<Process*> start_process(const RunnableCase& runnable, const std::string& folder);
  /// What its process is told.
  [[nodiscard]] model::CaseRequest request_for(const CaseTask& task, const std::string& folder);
  void announce(CaseTask& task);
  void branch_ended(Branch& branch, const Process& process);
  /// What became of the case that it ran.
  [[nodiscard]] CaseOutcome outcome_of_case(const CaseTask& task, Process& process);
  void case_ended(const RunnableCase& runnable, Process& process);
  void case_lost(const RunnableCase& runnable, const Process& process);
  void close_below(Branch& branch);
  void finish(const RunnableCase& runnable, CaseOutcome outcome);
  void fail_branch(Branch& branch, const CaseOutcome& outcome);
  void fail_unfinished(Branch& branch, const CaseOutcome& outcome);
  void one_done(Branch* branch);

  const Scratch& scratch_;
  Options options_;
  std::unique_ptr<Process> discovery_;    ///< the discovery process, once it has ended
  Process* staying_ = nullptr;            ///< the discovery process, until it has become a module's
  std::optional<std::string> stays_for_;  ///< that module
  std::unique_ptr<Process> ended_base_;   ///< a base that ended outside run()
  Process* base_ = nullptr;
  WorkTree tree_;
  std::optional<Schedule> schedule_;
  bool stopped_ = false;  ///< there is no use in going on
  unsigned running_ = 0;  ///< processes that count against `workers`: cases, and branches that are opening
  bool alone_ = false;    ///< what runs is a suspect: nothing else may
  std::size_t unfinished_ = 0;
  std::size_t folders_ = 0;
  Process::Clock::time_point last_tick_;
  RulesOf rules_of_;
  MakeRequest make_request_;
  OnStarted on_started_;
  OnFinished on_finished_;
  Referee* referee_ = nullptr;
  std::unique_ptr<Processes> processes_;  // the last: ends before what it reports to
};

}  // namespace snapshot_test::runner
