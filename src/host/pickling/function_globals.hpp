// Which global variables a function reads.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <vector>

namespace snapshot_test::host::pickling {

/// The names in the order of the instructions that read them, also in functions inside of it, each once: "K", or
/// "config.K" where an attribute of the global is read at once.
[[nodiscard]] std::vector<std::string> globals_read(pybind11::handle code);

/// Is it a module of Python itself (or of the interpreter), by its name?
[[nodiscard]] bool is_standard_module(const std::string& name);

}  // namespace snapshot_test::host::pickling
