#include "bindings/live_values.hpp"

#include <pybind11/numpy.h>

#include <cstdint>
#include <cstring>
#include <string_view>

namespace snapshot_test::bindings {

namespace py = pybind11;

using pickle::Document;
using pickle::LiveArray;

namespace {

/// Programs that make dtypes as they go must not fill the memory with them.
constexpr std::size_t kMostDtypes = 256;

bool is_numpys_own(PyTypeObject* type) {
  return (type->tp_flags & Py_TPFLAGS_HEAPTYPE) == 0 && std::string_view(type->tp_name).starts_with("numpy.");
}

}  // namespace

std::optional<Document> LiveValues::view(py::handle value, LiveRoom& room, Strides strides) {
  PyObject* object = value.ptr();
  if (PyFloat_CheckExact(object)) {
    return pickle::live_float(PyFloat_AS_DOUBLE(object));
  }
  if (PyLong_CheckExact(object)) {
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(object, &overflow);
    return overflow == 0 ? std::optional(pickle::live_int(number)) : std::nullopt;
  }
  if (PyBool_Check(object)) {
    return pickle::live_bool(object == Py_True);
  }
  if (object == Py_None) {
    return pickle::live_none();
  }
  if (PyUnicode_CheckExact(object)) {
    if (!PyUnicode_IS_ASCII(object)) {
      return std::nullopt;
    }
    const auto length = static_cast<std::size_t>(PyUnicode_GetLength(object));
    return pickle::live_text({static_cast<const char*>(PyUnicode_DATA(object)), length});
  }
  PyTypeObject* type = Py_TYPE(object);
  if (types_.is_array(type)) {
    return view_array(value, strides);
  }
  if (is_numpys_own(type)) {
    return view_scalar(value, room);
  }
  return std::nullopt;
}

std::optional<Document> LiveValues::view_array(py::handle array, Strides strides) {
  const auto typed = py::reinterpret_borrow<py::array>(array);
  if (strides == Strides::kContiguous && (typed.flags() & (py::array::c_style | py::array::f_style)) == 0) {
    return std::nullopt;
  }
  std::optional<LiveArray> view = numbers_of_dtype(typed.dtype());
  if (!view) {
    return std::nullopt;
  }
  static_assert(sizeof(py::ssize_t) == sizeof(std::int64_t));
  constexpr std::size_t kMostDimensions = 64;
  const auto dimensions = static_cast<std::size_t>(typed.ndim());
  if (dimensions > kMostDimensions) {
    return std::nullopt;
  }
  std::array<std::uint64_t, kMostDimensions> shape{};
  std::array<std::int64_t, kMostDimensions> steps{};
  for (std::size_t i = 0; i < dimensions; ++i) {
    shape[i] = static_cast<std::uint64_t>(typed.shape()[i]);
    steps[i] = typed.strides()[i];
  }
  view->shape = std::span(shape).first(dimensions);
  view->strides = std::span(steps).first(dimensions);
  view->data = static_cast<const std::byte*>(typed.data());
  return pickle::live_array(*view);
}

std::optional<Document> LiveValues::view_scalar(py::handle scalar, LiveRoom& room) {
  std::optional<LiveArray> view = numbers_of_scalar(scalar);
  if (!view) {
    return std::nullopt;
  }
  Py_buffer memory{};
  if (PyObject_GetBuffer(scalar.ptr(), &memory, PyBUF_SIMPLE) != 0) {
    PyErr_Clear();
    return std::nullopt;
  }
  const bool fits = static_cast<std::uint64_t>(memory.len) == view->itemsize && view->itemsize <= room.scalar.size();
  if (fits) {
    std::memcpy(room.scalar.data(), memory.buf, view->itemsize);
  }
  PyBuffer_Release(&memory);
  view->data = room.scalar.data();
  return fits ? std::optional(pickle::live_scalar(*view)) : std::nullopt;
}

const std::optional<LiveArray>& LiveValues::numbers_of_dtype(py::handle dtype) {
  if (const auto known = dtypes_.find(dtype.ptr()); known != dtypes_.end()) {
    return known->second.numbers;
  }
  if (dtypes_.size() == kMostDtypes) {
    dtypes_.clear();
    types_ = {};
  }
  // Of numpy's own kinds and without metadata, else the key is empty.
  const auto numbers = pickle::live_numbers(types_.traits(dtype).key);
  return dtypes_.emplace(dtype.ptr(), Known{py::reinterpret_borrow<py::object>(dtype), numbers}).first->second.numbers;
}

const std::optional<LiveArray>& LiveValues::numbers_of_scalar(py::handle scalar) {
  const py::handle type = py::type::handle_of(scalar);
  if (const auto known = scalars_.find(type.ptr()); known != scalars_.end()) {
    return known->second.numbers;
  }
  Known known{py::reinterpret_borrow<py::object>(type), std::nullopt};
  const py::object dtype = py::getattr(scalar, "dtype", py::none());
  if (types_.is_dtype(Py_TYPE(dtype.ptr())) && py::object(dtype.attr("type")).is(type)) {
    known.numbers = numbers_of_dtype(dtype);
  }
  return scalars_.emplace(type.ptr(), std::move(known)).first->second.numbers;
}

}  // namespace snapshot_test::bindings
