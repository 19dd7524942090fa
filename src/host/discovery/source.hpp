// What discovery reads from source text: where a function stands, ASV's version hash, the key of a setup_cache, and
// whether a body does anything. Needs the GIL.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "host/discovery/attributes.hpp"

namespace snapshot_test::host::discovery {

/// The source of one function.
struct FunctionSource {
  std::string text;    ///< dedented, without trailing blanks; empty where Python does not know
  int first_line = 0;  ///< decorators included; 0 where Python does not know
};

/// Reads sources, each function's only once: `inspect` tokenizes the text at every question, and benchmarks of one
/// class ask for the same set-up again and again.
class SourceReader {
 public:
  SourceReader();

  /// The source behind `callable` (its wrapped function's, where it is a functools.wraps wrapper). Never throws for
  /// source that cannot be found.
  [[nodiscard]] FunctionSource read(const py::object& callable);

  /// The file that `callable`'s code came from; empty for what has no code.
  [[nodiscard]] static std::string file(const py::object& callable);

  /// ASV's `code`: the sources of the items, methods under a "class X:" line. Items without source are left out.
  [[nodiscard]] std::string code(const std::vector<py::object>& items);

  /// "<module without the root package>:<first line>", with the file instead of the module for the root's own
  /// __init__.py. Throws py::error_already_set where Python does not know the source.
  [[nodiscard]] std::string setup_cache_key(const py::object& setup_cache) const;

  /// Hex SHA-256 of the text in UTF-8.
  [[nodiscard]] std::string sha256(const std::string& text) const;

 private:
  struct Entry {
    py::object code;  // keeps the key alive
    FunctionSource source;
  };
  [[nodiscard]] FunctionSource read_uncached(const py::object& callable) const;
  [[nodiscard]] std::string text_of(const py::object& item);

  py::object getsourcelines_;
  py::object dedent_;
  py::object sha256_;
  std::unordered_map<PyObject*, Entry> by_code_;
};

/// The function behind a method, and behind the decorators of asv_runner.benchmarks.mark, which only pass on the call.
/// None for what is neither a function nor a method.
[[nodiscard]] py::object plain_function(const py::object& callable);

/// Does the body do nothing but `pass`, a docstring, `...` or returning None?
[[nodiscard]] bool does_nothing(const py::object& callable);

}  // namespace snapshot_test::host::discovery
