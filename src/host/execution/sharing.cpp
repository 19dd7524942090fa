#include "host/execution/sharing.hpp"

#include <unordered_set>
#include <vector>

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

constexpr std::size_t kMostObjects = 100'000;

bool belongs_to_the_program(PyObject* object) {
  return PyType_Check(object) || PyModule_Check(object) || PyFunction_Check(object) || PyCFunction_Check(object) ||
         PyCode_Check(object) || PyFrame_Check(object);
}

/// What is still to be looked at, breadth first, and what has been.
struct Search {
  PyObject* wanted;
  std::unordered_set<PyObject*> seen;
  std::vector<PyObject*> waiting;
};

int visit(PyObject* object, void* data) {
  auto& search = *static_cast<Search*>(data);
  if (object == search.wanted) {
    return 1;
  }
  if (search.seen.size() < kMostObjects && !belongs_to_the_program(object) && search.seen.insert(object).second) {
    search.waiting.push_back(object);
  }
  return 0;
}

bool reaches(PyObject* from, PyObject* wanted) {
  Search search{wanted, {from}, {from}};
  for (std::size_t next = 0; next < search.waiting.size(); ++next) {
    PyObject* object = search.waiting[next];
    if (PyObject_IS_GC(object) == 0) {
      continue;
    }
    const traverseproc traverse = Py_TYPE(object)->tp_traverse;
    if (traverse != nullptr && traverse(object, visit, &search) != 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_shared_by_chance(py::handle value) {
  PyObject* object = value.ptr();
  return object == Py_None || PyLong_Check(object) || PyFloat_Check(object) || PyComplex_Check(object) ||
         PyUnicode_Check(object) || PyBytes_Check(object) || (PyTuple_Check(object) && PyTuple_GET_SIZE(object) == 0) ||
         belongs_to_the_program(object);
}

bool one_holds_the_other(py::handle one, py::handle other) {
  if (is_shared_by_chance(one) || is_shared_by_chance(other)) {
    return false;
  }
  return one.ptr() == other.ptr() || reaches(one.ptr(), other.ptr()) || reaches(other.ptr(), one.ptr());
}

}  // namespace snapshot_test::host::execution
