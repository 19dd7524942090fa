// state: what a call changed beside what its values show.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/discovery/live_benchmark.hpp"
#include "host/execution/coverage.hpp"
#include "host/execution/reachable.hpp"
#include "host/execution/values.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::host::execution {

/// Everything that the benchmark's code reaches by a name of its own (reachable.hpp) is looked at before and after the
/// call; what has another pickle then has changed.
///
/// Looking uses iterators up and may run a value's own code, so what is not plain data is looked at in a forked child
/// before the call, which sends digests alone: the benchmark finds everything untouched. Nothing is held during the
/// call, so that work which minds references (numpy.ndarray.resize) goes through. All of it needs the GIL.
class StateWatch {
 public:
  /// `benchmark`, `reducers` and `writer` must outlive the watch. `args` are those of the call.
  StateWatch(const discovery::LiveBenchmark& benchmark, pybind11::tuple args, const pickling::Reducers& reducers,
             ValueWriter& writer);

  /// Once set-up is done. False: the child took longer than `at_most`, or died, and only plain data will be looked at
  /// afterwards. kInternal where there can be no child.
  [[nodiscard]] Result<bool> look_before(std::chrono::milliseconds at_most);
  /// Once the call is done. May throw error_already_set, as the others.
  void look_after();

  /// What is new or not what it was, by name ("self.table", "args[0]", "globals.CACHE"), in the order of the names;
  /// what is gone is there as "… (deleted)". Empty where nothing changed.
  [[nodiscard]] pybind11::dict everything() const;

  /// Of that, what was there before and has another content, and what `coverage` does not cover. Instances of ordinary
  /// classes are looked at attribute by attribute: one that is new, or was None, may be a cache of what is checked
  /// anyway, as may an entry that a dict of a module has gained.
  [[nodiscard]] pybind11::dict beside(Coverage coverage) const;

  /// The keys of what beside() gave, as a text.
  [[nodiscard]] static std::string names_of(const pybind11::dict& changes);
  /// What has these names (of another run) now, whether the call changed it or not: what is compared is what it is.
  [[nodiscard]] pybind11::dict again(const std::string& names) const;

 private:
  struct Look {
    std::string digest;         ///< empty for what has none
    std::int64_t entries = -1;  ///< of a dict
  };
  using Looks = std::map<std::string, Look>;
  struct Change {
    StatePart leaf;
    std::string digest;
    bool counts_beside_values = false;
  };

  [[nodiscard]] Look look_at(pybind11::handle value) const;
  [[nodiscard]] Result<bool> look_in_child(const std::map<std::string, StatePart>& leaves,
                                           std::chrono::milliseconds at_most);
  [[nodiscard]] bool counts(const std::string& name, const StatePart& leaf, const Look& before) const;

  const discovery::LiveBenchmark& benchmark_;
  pybind11::tuple args_;
  const pickling::Reducers& reducers_;
  ValueWriter& writer_;
  Looks before_;
  std::map<std::string, std::string> tops_before_;  ///< leaf → the name it was reached by
  bool only_plain_data_ = false;

  std::map<std::string, pybind11::object> after_;  ///< by the name of the leaf
  std::map<std::string, Change> changes_;
  Named now_;
  std::vector<std::string> gone_;  ///< names
};

}  // namespace snapshot_test::host::execution
