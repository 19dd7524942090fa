#include "host/pickling/lazy_attributes.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

/// The attribute of an object's own, or null.
py::object own(py::handle object, const char* name) {
  auto value = py::reinterpret_steal<py::object>(PyObject_GetAttrString(object.ptr(), name));
  PyErr_Clear();
  return value;
}

bool is_method(PyObject* object) {
  return PyFunction_Check(object) || PyCFunction_Check(object) || PyType_Check(object) ||
         Py_TYPE(object) == &PyMethodDescr_Type || Py_TYPE(object) == &PyClassMethodDescr_Type ||
         Py_TYPE(object) == &PyWrapperDescr_Type || Py_TYPE(object) == &PyStaticMethod_Type ||
         Py_TYPE(object) == &PyClassMethod_Type || PyCallable_Check(object) != 0;
}

/// A descriptor that can only be read, of which the class has something to compute the value with.
bool computes(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (type->tp_descr_get == nullptr || is_method(object)) {
    return false;
  }
  if (type->tp_descr_set != nullptr) {
    const bool property = PyType_IsSubtype(type, &PyProperty_Type) != 0;
    return property && own(object, "fset").is_none();
  }
  constexpr std::array<const char*, 10> kNames = {"func",  "fget", "function", "method", "wrapped",
                                                  "_func", "fn",   "f",        "getter", "__wrapped__"};
  return std::any_of(kNames.begin(), kNames.end(), [&](const char* name) {
    const py::object held = own(object, name);
    return held && PyCallable_Check(held.ptr()) != 0;
  });
}

/// A dict of what properties of the class have computed.
bool holds_properties(PyTypeObject* type, PyObject* name, PyObject* value) {
  const std::string_view text = PyUnicode_AsUTF8(name) == nullptr ? "" : PyUnicode_AsUTF8(name);
  PyErr_Clear();
  if (text.find("cache") == std::string_view::npos || !PyDict_CheckExact(value)) {
    return false;
  }
  Py_ssize_t position = 0;
  PyObject* key = nullptr;
  PyObject* held = nullptr;
  while (PyDict_Next(value, &position, &key, &held) != 0) {
    PyObject* found = PyUnicode_CheckExact(key) ? _PyType_Lookup(type, key) : nullptr;
    if (found == nullptr || Py_TYPE(found)->tp_descr_get == nullptr || is_method(found)) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::vector<py::object> lazy_attributes(PyTypeObject* type, py::handle dict) {
  std::vector<py::object> out;
  Py_ssize_t position = 0;
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  while (PyDict_CheckExact(dict.ptr()) && PyDict_Next(dict.ptr(), &position, &key, &value) != 0) {
    if (!PyUnicode_CheckExact(key)) {
      continue;
    }
    PyObject* found = _PyType_Lookup(type, key);
    if (found != nullptr ? computes(found) : holds_properties(type, key, value)) {
      out.push_back(py::reinterpret_borrow<py::object>(key));
    }
  }
  return out;
}

}  // namespace snapshot_test::host::pickling
