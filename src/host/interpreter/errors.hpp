// Python exceptions as plain text, taken while the GIL is held and the exception is alive.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

namespace snapshot_test::host::interpreter {

struct PythonError {
  std::string summary;    ///< one line: "ValueError: bad input"
  std::string traceback;  ///< as Python prints it, bounded; no trailing newline
};

/// Never throws for what Python does: an exception whose own str() raises is described by its type.
[[nodiscard]] PythonError describe(const pybind11::error_already_set& error);

}  // namespace snapshot_test::host::interpreter
