// Small bridges to Python that this room needs and pybind11 leaves open. Everything here needs the GIL.
#pragma once

#include <pybind11/pybind11.h>

#include <optional>
#include <string>

namespace snapshot_test::host::discovery {

namespace py = pybind11;

/// A Python str as UTF-8. Lone surrogates become backslash escapes, so the text is always valid UTF-8.
/// Throws py::error_already_set if `value` is not a str.
[[nodiscard]] std::string utf8(py::handle value);

/// getattr(object, name, None) with Python's own meaning: only AttributeError means "absent" (pybind11's form with a
/// default hides every exception). Other exceptions are thrown as py::error_already_set.
[[nodiscard]] py::object attribute_or_none(py::handle object, const char* name);
[[nodiscard]] py::object attribute_or_none(py::handle object, py::handle name);

[[nodiscard]] inline bool is_function(py::handle object) { return PyFunction_Check(object.ptr()) != 0; }
[[nodiscard]] inline bool is_method(py::handle object) { return PyMethod_Check(object.ptr()) != 0; }

/// A Python exception as text.
struct PythonFailure {
  std::string cause;      ///< one line: "ModuleNotFoundError: No module named 'x'"
  std::string traceback;  ///< Python's own, without the import machinery's frames
};

/// Never throws: what cannot be described (an exception whose __str__ raises) is described by its type.
[[nodiscard]] PythonFailure describe(const py::error_already_set& error);

/// Raises ValueError(message) as py::error_already_set, so that callers see one kind of C++ exception.
[[noreturn]] void raise_value_error(const std::string& message);

}  // namespace snapshot_test::host::discovery
