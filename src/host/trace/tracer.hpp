// One observed call: runs a benchmark and keeps what the project's own functions below it returned.
#pragma once

#include <pybind11/pybind11.h>

#include <optional>
#include <string>
#include <vector>

#include "host/trace/eligibility.hpp"

namespace snapshot_test::host::trace {

enum class Mechanism {
  kAuto,            ///< the frame evaluator, or the profile function where that slot is taken
  kFrameEvaluator,  ///< PEP 523; falls back like kAuto
  kProfile,         ///< PyEval_SetProfile; a profile function that is set already is called as well
  kNone,            ///< as a result only: nothing was observed, a note says why
};

struct Options {
  /// The benchmark's own frame has depth 0. Deeper frames than this are not looked at, and run at full speed.
  int depth_limit = 100;
  /// What is looked at pauses after so many calls that show nothing new, see st_hook_settings; 0: it never does.
  int quiet_calls = 10'000;
  Mechanism mechanism = Mechanism::kAuto;
};

/// A call that returned (left by an exception, it is not one).
struct TracedCall {
  pybind11::object value;  ///< the very object, not a copy
  std::string function;    ///< "module.qualname"
  int depth = 0;
  bool meaningful = false;  ///< not None, empty or zero; see st_is_meaningful
};

struct Trace {
  /// The first return with a meaningful value at the greatest depth that has one, of the calls that were looked at;
  /// depth 1 or more.
  std::optional<TracedCall> deepest;
  /// The calls between the benchmark and `deepest`, outermost first. One that was left by an exception is missing.
  std::vector<TracedCall> path;
  /// What calls in other threads returned: of each that a thread's own code makes outermost the outermost meaningful
  /// returns, and around these what is not None, in no particular order. With the frame evaluator only.
  std::vector<TracedCall> workers;
  Mechanism used = Mechanism::kNone;
  int max_depth = -1;  ///< the greatest depth entered, at most depth_limit + 1; -1: no Python frame ran
  bool had_exception = false;
  bool paused = false;             ///< some calls were not looked at because many before them had shown nothing new
  std::vector<std::string> notes;  ///< what limits the observation, for people
};

/// Observes calls, one after the other. Cheap to make. All of it needs the GIL.
///
/// The calling thread is observed; of others what their calls returned (Trace::workers). Depth counts eligible frames
/// (see Eligibility) and the outermost frame, which is the benchmark's own whatever it is. Values are held by reference
/// from their return until take(); when a deeper one comes they are let go. So a destructor may run later than it would
/// unobserved, and an object's reference count is higher.
class Tracer {
 public:
  /// `eligibility` has to outlive the tracer.
  Tracer(const Eligibility& eligibility, Options options);

  /// Calls function(*args) and returns its value, or throws error_already_set as the function does. What was seen
  /// replaces what was seen before. When a trace is under way already (the benchmark itself traces), this one sees
  /// nothing.
  pybind11::object call(pybind11::handle function, const pybind11::tuple& args);

  /// Observes what the calling thread does from here to stop(): the code that calls start() has depth 0. False, with a
  /// note in the trace, where another trace is under way. What was seen before is gone.
  bool start();
  void stop();

  /// What the last call showed, handed over: a second take() is empty.
  [[nodiscard]] Trace take();

 private:
  Mechanism begin(int depth);
  void end();

  const Eligibility& eligibility_;
  Options options_;
  Trace trace_;
};

}  // namespace snapshot_test::host::trace
