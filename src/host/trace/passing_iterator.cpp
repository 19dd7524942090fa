#include "host/trace/passing_iterator.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace snapshot_test::host::trace {
namespace py = pybind11;
namespace {

struct PassingObject {
  PyObject_HEAD PyObject* iterator;  // owned
  std::function<void(py::handle)>* seen;
};

PyObject* next_item(PyObject* self) {
  const auto* passing = reinterpret_cast<PassingObject*>(self);
  // The loop may let go of the wrapper while an item is made.
  const auto iterator = py::reinterpret_borrow<py::object>(passing->iterator);
  PyObject* item = Py_TYPE(iterator.ptr())->tp_iternext(iterator.ptr());
  if (item != nullptr) (*passing->seen)(item);
  return item;
}

void free_passing(PyObject* self) {
  auto* passing = reinterpret_cast<PassingObject*>(self);
  PyTypeObject* type = Py_TYPE(self);
  Py_XDECREF(passing->iterator);
  delete passing->seen;
  type->tp_free(self);
  Py_DECREF(type);
}

py::object make_type() {
  static std::array<PyType_Slot, 4> slots = {{{Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
                                              {Py_tp_iternext, reinterpret_cast<void*>(next_item)},
                                              {Py_tp_dealloc, reinterpret_cast<void*>(free_passing)},
                                              {0, nullptr}}};
  static PyType_Spec spec = {"snapshot_test.passing", sizeof(PassingObject), 0, Py_TPFLAGS_DEFAULT, slots.data()};
  auto type = py::reinterpret_steal<py::object>(PyType_FromSpec(&spec));
  if (!type) throw py::error_already_set();
  return type;
}

}  // namespace

py::object PassingIterators::wrap(py::object iterator, std::function<void(py::handle)> seen) {
  if (!type_) type_ = make_type();
  auto* raw = reinterpret_cast<PyTypeObject*>(type_.ptr());
  auto made = py::reinterpret_steal<py::object>(raw->tp_alloc(raw, 0));
  if (!made) throw py::error_already_set();
  auto* passing = reinterpret_cast<PassingObject*>(made.ptr());
  passing->seen = new std::function<void(py::handle)>(std::move(seen));
  passing->iterator = iterator.release().ptr();
  return made;
}

bool gives_what_was_given(py::handle iterator) {
  constexpr auto kTypes = std::to_array<std::string_view>({"list_iterator",
                                                           "list_reverseiterator",
                                                           "tuple_iterator",
                                                           "range_iterator",
                                                           "longrange_iterator",
                                                           "str_iterator",
                                                           "str_ascii_iterator",
                                                           "bytes_iterator",
                                                           "bytearray_iterator",
                                                           "set_iterator",
                                                           "dict_keyiterator",
                                                           "dict_valueiterator",
                                                           "dict_itemiterator",
                                                           "enumerate",
                                                           "zip",
                                                           "reversed",
                                                           "iterator",
                                                           "itertools.repeat",
                                                           "itertools.count",
                                                           "itertools.cycle",
                                                           "itertools.product",
                                                           "itertools.combinations",
                                                           "itertools.permutations",
                                                           "itertools.combinations_with_replacement",
                                                           "itertools.zip_longest",
                                                           "itertools.islice"});
  const std::string_view name = Py_TYPE(iterator.ptr())->tp_name;
  return name.starts_with("_io.") || std::find(kTypes.begin(), kTypes.end(), name) != kTypes.end();
}

}  // namespace snapshot_test::host::trace
