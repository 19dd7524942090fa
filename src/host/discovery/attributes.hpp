// Where a benchmark's attributes come from (ASV: the function, then the instance, then the module). Needs the GIL.
#pragma once

#include <vector>

#include "host/discovery/python.hpp"

namespace snapshot_test::host::discovery {

/// [function, module], or [bound method, instance, module].
using Sources = std::vector<py::object>;

/// The first value that is not None, through getattr; None where there is none. Case matters.
[[nodiscard]] py::object first_attribute(const Sources& sources, const char* name);

/// setup and teardown of all sources, found in dir() whatever their case.
struct Hooks {
  std::vector<py::object> setups;     ///< module, instance, function
  std::vector<py::object> teardowns;  ///< function, instance, module
};

/// Throws py::error_already_set: ValueError for two spellings in one source, or whatever an attribute raises.
[[nodiscard]] Hooks find_hooks(const Sources& sources);

}  // namespace snapshot_test::host::discovery
