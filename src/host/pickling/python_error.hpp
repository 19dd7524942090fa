// Python exceptions that were caught.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

namespace snapshot_test::host::pickling {

/// KeyboardInterrupt and MemoryError: no description may hide them.
[[nodiscard]] bool is_fatal(const pybind11::error_already_set& error);

/// "TypeError: cannot pickle …": one line, bounded, without the traceback. Needs the GIL; never raises.
[[nodiscard]] std::string one_line(const pybind11::error_already_set& error);

}  // namespace snapshot_test::host::pickling
