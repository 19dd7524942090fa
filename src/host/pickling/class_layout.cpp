#include "host/pickling/class_layout.hpp"

#include <pybind11/pybind11.h>

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

/// How instances of classes end that a class statement makes. Types of C extensions may be on the heap, too, but
/// bring a destructor of their own.
destructor python_destructor() {
  static const destructor kFound = [] {
    const py::object made = py::handle(reinterpret_cast<PyObject*>(&PyType_Type))("C", py::tuple(), py::dict());
    return reinterpret_cast<PyTypeObject*>(made.ptr())->tp_dealloc;
  }();
  return kFound;
}

}  // namespace

bool is_python_class(const PyTypeObject* type) {
  return (type->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0 && type->tp_dealloc == python_destructor();
}

PyTypeObject* native_base(PyTypeObject* type) {
  while (type->tp_base != nullptr && is_python_class(type)) {
    type = type->tp_base;
  }
  return type;
}

}  // namespace snapshot_test::host::pickling
