#include "bindings/live_values.hpp"

#include <pybind11/numpy.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
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

/// Where a numpy scalar has its number: behind its head, in all of one type alike. 0 where it is somewhere else.
std::ptrdiff_t offset_of_number(py::handle scalar, std::uint64_t itemsize) {
  Py_buffer memory{};
  if (PyObject_GetBuffer(scalar.ptr(), &memory, PyBUF_SIMPLE) != 0) {
    PyErr_Clear();
    return 0;
  }
  const std::ptrdiff_t offset =
      static_cast<const std::byte*>(memory.buf) - reinterpret_cast<const std::byte*>(scalar.ptr());
  const bool fits = static_cast<std::uint64_t>(memory.len) == itemsize;
  PyBuffer_Release(&memory);
  const auto end = static_cast<std::ptrdiff_t>(Py_TYPE(scalar.ptr())->tp_basicsize);
  const bool inside =
      offset >= static_cast<std::ptrdiff_t>(sizeof(PyObject)) && offset + static_cast<std::ptrdiff_t>(itemsize) <= end;
  return fits && inside ? offset : 0;
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
  std::optional<LiveArray> view = known_scalar(scalar).numbers;
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

const LiveValues::Known& LiveValues::known_scalar(py::handle scalar) {
  const py::handle type = py::type::handle_of(scalar);
  if (const auto known = scalars_.find(type.ptr()); known != scalars_.end()) {
    return known->second;
  }
  Known known{py::reinterpret_borrow<py::object>(type), std::nullopt};
  const py::object dtype = py::getattr(scalar, "dtype", py::none());
  if (types_.is_dtype(Py_TYPE(dtype.ptr())) && py::object(dtype.attr("type")).is(type)) {
    known.numbers = numbers_of_dtype(dtype);
  }
  if (known.numbers) {
    known.offset = offset_of_number(scalar, known.numbers->itemsize);
  }
  return scalars_.emplace(type.ptr(), std::move(known)).first->second;
}

std::optional<GatheredNumbers> LiveValues::gather(py::handle sequence) {
  if (!PyList_CheckExact(sequence.ptr()) && !PyTuple_CheckExact(sequence.ptr())) {
    return std::nullopt;
  }
  const auto count = static_cast<std::size_t>(PySequence_Fast_GET_SIZE(sequence.ptr()));
  const std::span<PyObject* const> items(PySequence_Fast_ITEMS(sequence.ptr()), count);
  if (items.empty()) {
    return std::nullopt;
  }
  PyTypeObject* const type = Py_TYPE(items.front());
  std::optional<LiveArray> numbers;
  std::ptrdiff_t offset = 0;
  if (type == &PyFloat_Type) {
    numbers = pickle::live_numbers("<f8");
    offset = offsetof(PyFloatObject, ob_fval);
  } else if (is_numpys_own(type)) {
    const Known& known = known_scalar(items.front());
    numbers = known.numbers;
    offset = known.offset;
  }
  if (!numbers || offset == 0) {
    return std::nullopt;
  }
  const std::size_t size = numbers->itemsize;
  GatheredNumbers gathered{Py_TYPE(sequence.ptr()), type, count, *numbers, std::vector<std::byte>(count * size)};
  std::byte* to = gathered.memory.data();
  for (PyObject* item : items) {
    if (Py_TYPE(item) != type) {
      return std::nullopt;
    }
    std::memcpy(to, reinterpret_cast<const std::byte*>(item) + offset, size);
    to += size;
  }
  return gathered;
}

Document GatheredNumbers::as_array() const {
  LiveArray array = numbers;
  const auto stride = static_cast<std::int64_t>(numbers.itemsize);
  array.shape = std::span(&count, 1);
  array.strides = std::span(&stride, 1);
  array.data = memory.data();
  return pickle::live_array(array);
}

}  // namespace snapshot_test::bindings
