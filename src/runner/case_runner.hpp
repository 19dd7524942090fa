// What a session has its cases run by: the seam between what says what to run and judges what it shows, and the
// processes that run it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/message.hpp"
#include "model/settings.hpp"
#include "runner/python_environment.hpp"
#include "snapshot_test/model/result.hpp"
#include "util/fd.hpp"

namespace snapshot_test::runner {

using model::Isolation;
using model::SuiteOptions;

/// One case to run. The benchmark outlives the task. There may be very many, so what is only needed while a case runs
/// (its request) is made when it starts.
struct CaseTask {
  const model::Benchmark* benchmark = nullptr;
  std::size_t index = 0;
  model::Observe observe = model::Observe::kValues;
  double expected = 0;                     ///< seconds that it took last time; 0 where that is not known
  Isolation isolation = Isolation::kFork;  ///< kFork or kSpawn
  bool in_series = false;                  ///< of kFork: it may run in a process in which others have run before

  // What the runner knows of it.
  enum class State { kWaiting, kRunning, kDone } state = State::kWaiting;
  bool announced = false;  ///< on_started has been called
  bool suspect = false;    ///< a process above it died while it ran: it runs alone now
  std::string died;        ///< how its forked process died at once; then it gets an interpreter of its own
};

[[nodiscard]] inline model::CaseId id_of(const model::Benchmark& benchmark, std::size_t index) {
  return {benchmark.name, index, benchmark.case_label(index), benchmark.module, benchmark.file, benchmark.line};
}
[[nodiscard]] inline model::CaseId id_of(const CaseTask& task) { return id_of(*task.benchmark, task.index); }

[[nodiscard]] inline std::vector<model::CaseDuration> durations_of(const std::vector<CaseTask>& tasks) {
  std::vector<model::CaseDuration> expected;
  expected.reserve(tasks.size());
  for (const CaseTask& task : tasks) {
    expected.push_back({task.benchmark->name, task.index, task.expected});
  }
  return expected;
}

/// How one case went: what it showed and, where it was told to compare, how that compares.
struct CaseOutcome {
  model::Observation observation;
  std::vector<model::SiteComparison> comparisons;
  bool ran = false;           ///< in a process; false where one further up failed
  bool in_discovery = false;  ///< that was forked from the one that had found the benchmarks
  bool in_series = false;     ///< that may have run other cases before
};

/// One sealed case that has said what it has seen, until it is known how that compares. Destroying it ends that.
class Hearing {
 public:
  virtual ~Hearing() = default;
  /// What the case has to send, and the descriptor that it sends it to: none where nothing is wanted. Once.
  struct Wanted {
    model::Wanted message;
    util::Fd socket;
  };
  [[nodiscard]] virtual Wanted wanted() = 0;
};

/// Who compares what sealed cases show (CaseRequest::sealed).
class Referee {
 public:
  virtual ~Referee() = default;
  /// A case has said what it has seen, in a process of its own or in that of a series. Whatever that is, right or
  /// wrong, is the hearing's to keep.
  [[nodiscard]] virtual std::unique_ptr<Hearing> hear(const CaseTask& task, const model::Offer& offer) = 0;
  /// It has come to its end: fills what it compares to. `hearing` is null where it has said nothing; `reply`, where it
  /// has not replied.
  virtual void conclude(const CaseTask& task, Hearing* hearing, const model::CaseReply* reply,
                        CaseOutcome& outcome) = 0;
};

/// A host: imports a suite and runs its cases. Destroying it ends all that it runs.
class CaseRunner {
 public:
  virtual ~CaseRunner() = default;

  /// Imports the whole suite, apart from the cases; if a module takes that down (a crash, an exit, no end), once more
  /// without it. kUsage where the folder is no suite. A process that stays is used by the first run().
  [[nodiscard]] virtual Result<model::DiscoverReply> discover(model::DiscoverRequest request) = 0;
  /// Has these imported once for all cases; those that fail to import are left to the modules that want them.
  virtual void preload(const std::vector<std::string>& modules) = 0;

  /// Has what sealed cases show heard by this, which outlives the runs; null: nobody, and none may be sealed.
  virtual void judge_by(Referee* referee) = 0;

  /// By which rules a benchmark's cases are compared, where they are. Asked a few times a benchmark at most, but for
  /// cases that get an interpreter of their own.
  using RulesOf = std::function<model::Rules(const model::Benchmark&)>;
  /// What to ask for a case; what depends on where it runs is filled in later.
  using MakeRequest = std::function<model::CaseRequest(const CaseTask&)>;
  using OnStarted = std::function<void(const CaseTask&)>;
  enum class Then {
    kDone,
    kRunAgain,   ///< once more, from where it ran, and by itself
    kRunAfresh,  ///< once more, and all others from now on, below processes that have not found the benchmarks
    kStop,       ///< end the run
  };
  /// May change what the task observes, where it is to run once more.
  using OnFinished = std::function<Then(CaseTask&, CaseOutcome)>;
  /// Runs every task to an outcome; one that did not get a process is not run again. on_started is called once a task.
  /// Returns early, with tasks left without one, when interrupted and when on_finished says kStop.
  [[nodiscard]] virtual Result<void> run(std::vector<CaseTask> tasks, const RulesOf& rules_of,
                                         const MakeRequest& make_request, const OnStarted& on_started,
                                         const OnFinished& on_finished) = 0;
};

/// Which run of the same cases a host is for.
enum class Pass {
  kFirst,
  kSecond,  ///< with folders and memory that are not what they were
};

/// The hosts of one invocation, one at a time, and the interpreter that they run.
class Hosts {
 public:
  virtual ~Hosts() = default;
  /// A new host, which has imported nothing but what `preload` names. The one before it must be gone.
  [[nodiscard]] virtual Result<std::unique_ptr<CaseRunner>> start(const std::vector<std::string>& preload,
                                                                  Pass pass) = 0;
  [[nodiscard]] virtual const PythonEnvironment& python() const = 0;
  /// SIGINT or SIGTERM has come.
  [[nodiscard]] virtual bool interrupted() const = 0;
};

/// Makes ready what hosts need; `options` and `listener` outlive them.
using OpenHosts = std::function<Result<std::unique_ptr<Hosts>>(const SuiteOptions& options, model::Listener& listener)>;

}  // namespace snapshot_test::runner
