#include "host/interpreter/errors.hpp"

namespace snapshot_test::host::interpreter {

namespace py = pybind11;

namespace {

constexpr std::size_t kMaxTraceback = 64 * 1024;

std::string joined(const py::object& lines) {
  std::string text =
      py::str("").attr("join")(lines).attr("rstrip")().attr("encode")("utf-8", "replace").cast<py::bytes>();
  return text;
}

}  // namespace

PythonError describe(const py::error_already_set& error) {
  PythonError described;
  const py::object value = error.value() ? error.value() : py::none();
  const py::object trace = error.trace() ? error.trace() : py::none();
  try {
    const py::module_ traceback = py::module_::import("traceback");
    described.summary = joined(traceback.attr("format_exception_only")(error.type(), value));
    described.traceback = joined(traceback.attr("format_exception")(error.type(), value, trace));
  } catch (const py::error_already_set&) {
    described.summary = py::str(error.type().attr("__name__")).cast<std::string>() + " (its message cannot be shown)";
  }
  // Messages may have several lines: the first says it. A SyntaxError shows the source first and ends with the message.
  const bool ends_with_it = error.matches(PyExc_SyntaxError);
  const std::size_t line = ends_with_it ? described.summary.rfind('\n') : described.summary.find('\n');
  if (line != std::string::npos) {
    described.summary = ends_with_it ? described.summary.substr(line + 1) : described.summary.substr(0, line);
  }
  if (described.traceback.size() > kMaxTraceback) {
    described.traceback = "[...]" + described.traceback.substr(described.traceback.size() - kMaxTraceback);
  }
  return described;
}

}  // namespace snapshot_test::host::interpreter
