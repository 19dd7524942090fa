#include "host/pickling/folder_text.hpp"

#include <optional>
#include <string>
#include <string_view>

#include "util/folder_names.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

constexpr const char* kEncoding = "utf-8";
constexpr const char* kSurrogates = "surrogatepass";

std::optional<std::string> named(PyObject* text) {
  const util::FolderNames& names = util::folder_names();
  if (PyBytes_Check(text)) {
    return names.replaced({PyBytes_AS_STRING(text), static_cast<std::size_t>(PyBytes_GET_SIZE(text))});
  }
  if (PyByteArray_Check(text)) {
    return names.replaced({PyByteArray_AS_STRING(text), static_cast<std::size_t>(PyByteArray_GET_SIZE(text))});
  }
  const Py_ssize_t length = PyUnicode_GetLength(text);
  if (PyUnicode_IS_ASCII(text)) {
    return names.replaced({static_cast<const char*>(PyUnicode_DATA(text)), static_cast<std::size_t>(length)});
  }
  if (PyUnicode_FindChar(text, '/', 0, length, 1) < 0) {
    return std::nullopt;
  }
  const auto encoded = py::reinterpret_steal<py::bytes>(PyUnicode_AsEncodedString(text, kEncoding, kSurrogates));
  if (!encoded) {
    throw py::error_already_set();
  }
  return names.replaced(std::string_view(encoded));
}

}  // namespace

py::object with_folder_names(py::handle text) {
  const auto replaced = util::folder_names().empty() ? std::nullopt : named(text.ptr());
  if (!replaced) {
    return py::reinterpret_borrow<py::object>(text);
  }
  if (!PyUnicode_Check(text.ptr())) {
    return py::bytes(*replaced);
  }
  auto out = py::reinterpret_steal<py::object>(
      PyUnicode_Decode(replaced->data(), static_cast<Py_ssize_t>(replaced->size()), kEncoding, kSurrogates));
  if (!out) {
    throw py::error_already_set();
  }
  return out;
}

py::object array_with_folder_names(py::handle array) {
  const auto same = py::reinterpret_borrow<py::object>(array);
  if (util::folder_names().empty()) {
    return same;
  }
  const auto kind = array.attr("dtype").attr("kind").cast<std::string>();
  if (kind != "U" && kind != "S") {
    return same;
  }
  // Most have no path in them: in every form of text, '/' is a byte of its own.
  const auto bytes = array.attr("tobytes")().cast<py::bytes>();
  if (std::string_view(bytes).find('/') == std::string_view::npos) {
    return same;
  }
  py::list texts;
  bool changed = false;
  for (const py::handle text : py::list(array.attr("ravel")().attr("tolist")())) {
    const py::object named = with_folder_names(text);
    changed = changed || named.ptr() != text.ptr();
    texts.append(named);
  }
  if (!changed) {
    return same;
  }
  return py::module_::import("numpy").attr("array")(texts).attr("reshape")(array.attr("shape"));
}

}  // namespace snapshot_test::host::pickling
