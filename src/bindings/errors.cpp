#include "bindings/errors.hpp"

namespace snapshot_test::bindings {

namespace py = pybind11;

void raise(const char* name, const py::tuple& arguments) {
  const py::object type = py::module_::import("diff_tester.snapshot.errors").attr(name);
  PyErr_SetObject(type.ptr(), type(*arguments).ptr());
  throw py::error_already_set();
}

}  // namespace snapshot_test::bindings
