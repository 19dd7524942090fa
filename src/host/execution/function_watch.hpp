// Functions that tests of a value rely on, and whether they are still Python's and numpy's own.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <vector>

namespace snapshot_test::host::execution {

/// Builtins and some functions of time, os, io, pickle and numpy. A report, not a defence: code that wants to can put
/// them back in time, or change what they call. All of it needs the GIL; never throws.
class FunctionWatch {
 public:
  /// Takes stock of what is loaded: before any code of a project runs.
  void take_stock() noexcept;
  /// What is not what it was then; of numpy, if that was not loaded yet, what is not made in numpy. A line each:
  /// "builtins.sum is bench.fake (/…/bench.py:3)".
  [[nodiscard]] std::vector<std::string> replaced() const noexcept;

  /// What there is at a moment; borrowed references, for comparison alone.
  using Moment = std::vector<PyObject*>;
  [[nodiscard]] Moment now() const noexcept;
  /// What has been replaced since, among what was there.
  [[nodiscard]] std::vector<std::string> replaced_since(const Moment& before) const noexcept;

 private:
  struct Watched {
    const char* module;
    pybind11::str name;         ///< interned: it is looked up before and after every case
    pybind11::object original;  ///< null where it was not loaded
  };
  std::vector<Watched> watched_;
};

}  // namespace snapshot_test::host::execution
