#include "host/pickling/type_names.hpp"

#include <algorithm>
#include <cstddef>

namespace snapshot_test::host::pickling {

namespace py = pybind11;

std::string type_name(py::handle type) {
  const auto text = [&](const char* name) -> std::string {
    const auto value = py::reinterpret_steal<py::object>(PyObject_GetAttrString(type.ptr(), name));
    const char* utf8 = value && PyUnicode_Check(value.ptr()) ? PyUnicode_AsUTF8(value.ptr()) : nullptr;
    PyErr_Clear();
    return utf8 == nullptr ? std::string() : std::string(utf8);
  };
  const std::string module_name = text("__module__");
  std::string qualname = text("__qualname__");
  if (qualname.empty()) {
    qualname = reinterpret_cast<PyTypeObject*>(type.ptr())->tp_name;
  }
  return module_name.empty() ? qualname : module_name + "." + qualname;
}

py::object text_of(py::handle object, const char* attribute) {
  py::object value = py::getattr(object, attribute, py::none());
  return py::isinstance<py::str>(value) ? value : py::object();
}

bool is_instance(py::handle object, const char* module, const char* attribute) {
  const py::object type = find_loaded(module, attribute);
  return type && PyType_Check(type.ptr()) &&
         PyType_IsSubtype(Py_TYPE(object.ptr()), reinterpret_cast<PyTypeObject*>(type.ptr())) != 0;
}

py::object find_loaded(const std::string& module_name, const std::string& attribute) {
  auto at = py::reinterpret_borrow<py::object>(PyDict_GetItemString(PyImport_GetModuleDict(), module_name.c_str()));
  std::size_t begin = 0;
  while (at && begin <= attribute.size()) {
    const std::size_t end = std::min(attribute.find('.', begin), attribute.size());
    const std::string name = attribute.substr(begin, end - begin);
    at = PyModule_Check(at.ptr())
             ? py::reinterpret_borrow<py::object>(PyDict_GetItemString(PyModule_GetDict(at.ptr()), name.c_str()))
             : py::reinterpret_steal<py::object>(PyObject_GetAttrString(at.ptr(), name.c_str()));
    begin = end + 1;
  }
  PyErr_Clear();
  return at;
}

py::object find_loaded(const std::string& name) {
  for (std::size_t dot = name.rfind('.'); dot != std::string::npos && dot != 0; dot = name.rfind('.', dot - 1)) {
    if (py::object found = find_loaded(name.substr(0, dot), name.substr(dot + 1))) {
      return found;
    }
  }
  return {};
}

}  // namespace snapshot_test::host::pickling
