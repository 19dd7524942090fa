#include "host/pickling/construction.hpp"
#include "util/try.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

py::object part(const py::object& tuple, Py_ssize_t index) {
  if (index >= PyTuple_GET_SIZE(tuple.ptr())) {
    return {};
  }
  auto item = py::reinterpret_borrow<py::object>(PyTuple_GET_ITEM(tuple.ptr(), index));
  return item.is_none() ? py::object() : item;
}

bool is_named(const py::object& name, const char* wanted) {
  return name && PyUnicode_Check(name.ptr()) && PyUnicode_CompareWithASCIIString(name.ptr(), wanted) == 0;
}

tl::unexpected<Error> wrong(std::string_view what) {
  return fail(ErrorKind::kPython, "its reduction is not one: " + std::string(what));
}

Result<py::object> class_in(py::handle object, const py::tuple& args) {
  if (args.empty()) {
    return wrong("__newobj__ without a class");
  }
  py::object type = args[0];
  if (!PyType_Check(type.ptr())) {
    return wrong("__newobj__ of something that is not a class");
  }
  const auto own = py::reinterpret_steal<py::object>(PyObject_GetAttrString(object.ptr(), "__class__"));
  if (!own) {
    PyErr_Clear();
  }
  if (own.ptr() != type.ptr()) {
    return wrong("__newobj__ of another class");
  }
  return type;
}

}  // namespace

Result<Reduction> parse_reduction(py::object value) {
  if (!PyTuple_Check(value.ptr()) || PyTuple_GET_SIZE(value.ptr()) < 2 || PyTuple_GET_SIZE(value.ptr()) > 6) {
    return wrong("neither a string nor a tuple of two to six items");
  }
  Reduction out;
  out.callable = part(value, 0);
  if (!out.callable || PyCallable_Check(out.callable.ptr()) == 0) {
    return wrong("its first item is not callable");
  }
  py::object args = part(value, 1);
  if (!args || !PyTuple_Check(args.ptr())) {
    return wrong("its second item is not a tuple");
  }
  out.args = py::reinterpret_steal<py::tuple>(args.release());
  out.state = part(value, 2);
  for (const auto& [index, target] :
       std::array<std::pair<Py_ssize_t, py::object*>, 2>{{{3, &out.list_items}, {4, &out.dict_items}}}) {
    if (const py::object items = part(value, index)) {
      *target = py::reinterpret_steal<py::object>(PyObject_GetIter(items.ptr()));
      if (!*target) {
        PyErr_Clear();
        return wrong("its items are not iterable");
      }
    }
  }
  out.state_setter = part(value, 5);
  return out;
}

Result<Construction> construction_of(py::handle object, const Reduction& reduction) {
  Construction out;
  const auto name = py::reinterpret_steal<py::object>(PyObject_GetAttrString(reduction.callable.ptr(), "__name__"));
  PyErr_Clear();
  if (is_named(name, "__newobj__")) {
    TRY_ASSIGN(auto type, class_in(object, reduction.args));
    out.form = Construction::Form::kNewObject;
    out.callable = std::move(type);
    out.args = py::reinterpret_steal<py::tuple>(
        PyTuple_GetSlice(reduction.args.ptr(), 1, PyTuple_GET_SIZE(reduction.args.ptr())));
  } else if (is_named(name, "__newobj_ex__")) {
    TRY_ASSIGN(auto type, class_in(object, reduction.args));
    if (reduction.args.size() != 3 || !PyTuple_Check(py::object(reduction.args[1]).ptr()) ||
        !PyDict_Check(py::object(reduction.args[2]).ptr())) {
      return wrong("__newobj_ex__ needs a class, a tuple and a dict");
    }
    out.form = Construction::Form::kNewObjectEx;
    out.callable = std::move(type);
    out.args = py::reinterpret_borrow<py::tuple>(py::object(reduction.args[1]));
    out.kwargs = reduction.args[2];
  } else {
    out.callable = reduction.callable;
    out.args = reduction.args;
  }
  return out;
}

}  // namespace snapshot_test::host::pickling
