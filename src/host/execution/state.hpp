// state: what a call changed, for benchmarks that return nothing and work in place.
#pragma once

#include <pybind11/pybind11.h>

#include <map>
#include <string>
#include <vector>

#include "host/discovery/live_benchmark.hpp"
#include "host/execution/values.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::host::execution {

/// Everything that the benchmark's code reaches by a name of its own: attributes of its instance and of that one's
/// class, its arguments, its module's globals, the variables it closes over, the globals of exec'd functions it keeps.
/// Each is looked at before and after the call; those whose pickles differ are the state.
///
/// Looking uses iterators up and may run a value's own code, so the look before the call happens in a forked child,
/// which sends digests alone: the benchmark finds everything untouched. Nothing is held during the call, so that work
/// which minds references (numpy.ndarray.resize) goes through. All of it needs the GIL.
class StateWatch {
 public:
  /// `benchmark` and `writer` must outlive the watch. `args` are those of the call.
  StateWatch(const discovery::LiveBenchmark& benchmark, pybind11::tuple args, ValueWriter& writer);

  /// Once set-up is done. kInternal where there can be no child, or it did not get to its end.
  [[nodiscard]] Result<void> look_before();

  /// After the call: what is new or not what it was, by name ("self.table", "args[0]", "globals.CACHE"), in the order
  /// of the names; what is gone is there as "… (deleted)". Empty where nothing changed.
  [[nodiscard]] pybind11::dict changes();

 private:
  using Digests = std::map<std::string, std::string>;  ///< by name; empty for what has no digest

  [[nodiscard]] std::map<std::string, pybind11::object> reachable() const;
  [[nodiscard]] Digests digests();

  const discovery::LiveBenchmark& benchmark_;
  pybind11::tuple args_;
  ValueWriter& writer_;
  Digests before_;
};

}  // namespace snapshot_test::host::execution
