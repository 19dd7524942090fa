// The names of classes, and what names lead to among the modules that are loaded. All need the GIL.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

namespace snapshot_test::host::pickling {

/// "module.qualname" of a type, "list" for builtins' own as "builtins.list". Never raises.
[[nodiscard]] std::string type_name(pybind11::handle type);

/// The attribute if it is there and is a str, else null. May throw error_already_set.
[[nodiscard]] pybind11::object text_of(pybind11::handle object, const char* attribute);

/// Is the object an instance of that class, which is looked up like find_loaded does?
[[nodiscard]] bool is_instance(pybind11::handle object, const char* module, const char* attribute);

/// sys.modules[module], then the dotted `attribute`; null where it isn't there. Imports nothing, and does not ask a
/// module that would make the attribute up.
[[nodiscard]] pybind11::object find_loaded(const std::string& module, const std::string& attribute);

/// The same for a dotted name, whichever part of it is the module.
[[nodiscard]] pybind11::object find_loaded(const std::string& name);

}  // namespace snapshot_test::host::pickling
