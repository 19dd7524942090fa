#include "host/discovery/python.hpp"

#include <fmt/format.h>

#include <string_view>

namespace snapshot_test::host::discovery {
namespace {

bool is_import_machinery(py::handle traceback) {
  const std::string file = utf8(traceback.attr("tb_frame").attr("f_code").attr("co_filename"));
  constexpr std::string_view kImportlib = "/importlib/__init__.py";
  return file.starts_with("<frozen importlib") || file.ends_with(kImportlib);
}

std::string type_name(py::handle type) {
  const std::string module = utf8(type.attr("__module__"));
  const std::string name = utf8(type.attr("__qualname__"));
  return module == "builtins" ? name : module + "." + name;
}

std::string first_line(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) {
    return "";
  }
  return text.substr(begin, text.find_first_of("\r\n", begin) - begin);
}

}  // namespace

std::string utf8(py::handle value) {
  const auto bytes =
      py::reinterpret_steal<py::object>(PyUnicode_AsEncodedString(value.ptr(), "utf-8", "backslashreplace"));
  if (!bytes) {
    throw py::error_already_set();
  }
  return std::string(PyBytes_AS_STRING(bytes.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes.ptr())));
}

py::object attribute_or_none(py::handle object, py::handle name) {
  PyObject* found = PyObject_GetAttr(object.ptr(), name.ptr());
  if (found == nullptr) {
    if (PyErr_ExceptionMatches(PyExc_AttributeError) == 0) {
      throw py::error_already_set();
    }
    PyErr_Clear();
    return py::none();
  }
  return py::reinterpret_steal<py::object>(found);
}

py::object attribute_or_none(py::handle object, const char* name) { return attribute_or_none(object, py::str(name)); }

PythonFailure describe(const py::error_already_set& error) {
  PythonFailure failure;
  try {
    failure.cause = type_name(error.type());
  } catch (const std::exception&) {
    failure.cause = "an exception that cannot be described";
  }
  try {
    const std::string message = first_line(utf8(py::str(error.value())));
    if (!message.empty()) {
      failure.cause += ": " + message;
    }
  } catch (const std::exception&) {
    failure.cause += " (its message cannot be shown: __str__ raises)";
  }
  try {
    py::object trace = error.trace() ? error.trace() : py::object(py::none());
    while (!trace.is_none() && is_import_machinery(trace)) {
      trace = trace.attr("tb_next");
    }
    const py::object lines =
        py::module_::import("traceback").attr("format_exception")(error.type(), error.value(), trace);
    failure.traceback = utf8(py::str("").attr("join")(lines));
  } catch (const std::exception&) {
    failure.traceback = failure.cause + "\n";
  }
  return failure;
}

void raise_value_error(const std::string& message) {
  PyErr_SetString(PyExc_ValueError, message.c_str());
  throw py::error_already_set();
}

}  // namespace snapshot_test::host::discovery
