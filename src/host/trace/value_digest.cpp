#include "host/trace/value_digest.hpp"

#include <pybind11/numpy.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "host/pickling/reduction.hpp"
#include "host/pickling/type_names.hpp"
#include "snapshot_test/util/form_key.hpp"

namespace snapshot_test::host::trace {
namespace py = pybind11;
namespace {

constexpr std::size_t kPending = std::size_t{64} << 10;

store::Sha256 new_hash() {
  auto hash = store::Sha256::create();
  if (!hash) throw std::runtime_error(hash.error().message);
  return std::move(*hash);
}

/// Looks as if it were chance, and is the same everywhere (Steele, Lea and Flood's SplitMix64).
std::uint64_t scatter(std::uint64_t position) {
  std::uint64_t z = position * 0x9e3779b97f4a7c15U + 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

/// Python lists, as they are written.
template <class Numbers>
py::list list_of(const Numbers& numbers) {
  py::list out;
  for (const double number : numbers) out.append(number);
  return out;
}

}  // namespace

ValueDigest::ValueDigest(PlainValues& plain) : plain_(plain), all_(new_hash()) {}

void ValueDigest::flush(std::string& pending, store::Sha256& hash) {
  hash.update(std::as_bytes(std::span(pending)));
  pending.clear();
}

/// Large arrays of integers are hashed once that way, not twice.
void ValueDigest::split() {
  if (is_split()) return;
  flush(all_pending_, all_);
  auto copy = all_.copy();
  if (!copy) throw std::runtime_error(copy.error().message);
  exact_ = std::move(*copy);
}

void ValueDigest::both(const void* data, std::size_t size) {
  const auto add = [&](std::string& pending, store::Sha256& hash) {
    if (pending.size() + size > kPending) flush(pending, hash);
    if (size > kPending) {
      hash.update({static_cast<const std::byte*>(data), size});
    } else {
      pending.append(static_cast<const char*>(data), size);
    }
  };
  add(all_pending_, all_);
  if (is_split()) add(exact_pending_, *exact_);
}

void ValueDigest::tag(char kind, std::uint64_t size) {
  both(&kind, 1);
  both(&size, sizeof size);
}

void ValueDigest::number(double value) {
  const std::uint64_t at = position_++;
  if (!std::isfinite(value)) {
    // Where they are, and what they are; of NaNs neither the sign nor the payload.
    const char kind = std::isnan(value) ? 'n' : value > 0 ? '+' : '-';
    exact_pending_ += kind;
    exact_pending_.append(reinterpret_cast<const char*>(&at), sizeof at);
    if (exact_pending_.size() > kPending) flush(exact_pending_, *exact_);
    return;
  }
  const std::uint64_t chance = scatter(at);
  const std::size_t group = chance % kGroups;
  sum_ += value;
  magnitude_ += std::abs(value);
  signed_[group] += (chance >> 63) != 0 ? value : -value;
  squares_[group] += value * value;
}

void ValueDigest::name_number(const char* name, std::size_t size) {
  if (size >= number_size_) return;
  number_name_ = name;
  number_size_ = size;
}

void ValueDigest::add(PyObject* value) { walk(value); }

void ValueDigest::walk(PyObject* value) {
  const PyTypeObject* type = Py_TYPE(value);
  const auto itself = py::reinterpret_borrow<py::object>(value);
  if (plain_.is_atom(value)) return walk_atom(value);
  if (plain_.array_traits(value) != nullptr) return walk_array(value);
  if (type == &PyDict_Type) {
    tag('d', static_cast<std::uint64_t>(PyDict_GET_SIZE(value)));
    PyObject* key = nullptr;
    PyObject* item = nullptr;
    for (Py_ssize_t at = 0; PyDict_Next(value, &at, &key, &item) != 0;) {
      walk(key);
      walk(item);
    }
    return;
  }
  if (type == &PySet_Type || type == &PyFrozenSet_Type) return walk_set(value);
  if (type == &PyList_Type || type == &PyTuple_Type) {
    tag(type == &PyList_Type ? 'l' : 't', static_cast<std::uint64_t>(PySequence_Fast_GET_SIZE(value)));
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(value); ++i) walk(PySequence_Fast_GET_ITEM(value, i));
    return;
  }
  const bool is_bytes = type == &PyByteArray_Type;
  const auto bytes = is_bytes ? py::reinterpret_steal<py::object>(PyBytes_FromObject(value)) : itself.attr("tobytes")();
  if (!bytes) throw py::error_already_set();
  tag(is_bytes ? 'y' : itself.attr("typecode").cast<std::string>().front(),
      static_cast<std::uint64_t>(PyBytes_GET_SIZE(bytes.ptr())));
  both(PyBytes_AS_STRING(bytes.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes.ptr())));
}

void ValueDigest::walk_atom(PyObject* value) {
  const PyTypeObject* type = Py_TYPE(value);
  if (type == &PyFloat_Type || type == &PyComplex_Type) {
    tag('f', type == &PyFloat_Type ? 1 : 2);
    const Py_complex parts = PyComplex_AsCComplex(value);
    name_number(type == &PyFloat_Type ? "float64" : "complex128", sizeof(double));
    numbers<double>(reinterpret_cast<const std::byte*>(&parts), type == &PyFloat_Type ? 1 : 2);
  } else if (type == &PyUnicode_Type) {
    const std::size_t size = static_cast<std::size_t>(PyUnicode_GET_LENGTH(value)) * PyUnicode_KIND(value);
    tag('u', size);
    both(PyUnicode_DATA(value), size);
  } else if (type == &PyBytes_Type) {
    tag('b', static_cast<std::uint64_t>(PyBytes_GET_SIZE(value)));
    both(PyBytes_AS_STRING(value), static_cast<std::size_t>(PyBytes_GET_SIZE(value)));
  } else if (type == &PyLong_Type || type == &PyBool_Type || value == Py_None) {
    const auto text = py::repr(value).cast<std::string>();
    tag('i', text.size());
    both(text.data(), text.size());
  } else {
    walk_numpy_scalar(value);
  }
}

void ValueDigest::walk_numpy_scalar(PyObject* scalar) {
  // An array without dimensions: one way to take numbers apart, not two.
  const py::object as_array = pickling::find_loaded("numpy", "asarray");
  if (!as_array) throw std::runtime_error("numpy was there and is not now");
  const py::object array = as_array(py::handle(scalar));
  tag('s', 0);
  if (plain_.array_traits(array.ptr()) != nullptr) walk_array(array.ptr());
}

template <class Number>
void ValueDigest::numbers(const std::byte* data, std::size_t count) {
  split();
  const auto bytes = std::span(data, count * sizeof(Number));
  if (all_pending_.size() + bytes.size() > kPending) flush(all_pending_, all_);
  if (bytes.size() > kPending) {
    all_.update(bytes);
  } else {
    all_pending_.append(reinterpret_cast<const char*>(data), bytes.size());
  }
  for (std::size_t i = 0; i < count; ++i) {
    Number value{};
    std::memcpy(&value, data + i * sizeof(Number), sizeof(Number));
    number(static_cast<double>(value));
  }
}

void ValueDigest::walk_array(PyObject* array) {
  const pickling::DtypeTraits& traits = *plain_.array_traits(array);
  const pickling::ArrayView view = pickling::view_array(array, traits.item_size);
  const std::string dtype = traits.key.empty() ? py::repr(traits.dtype).cast<std::string>() : traits.key;
  tag('a', dtype.size());
  both(dtype.data(), dtype.size());
  tag('x', view.shape.size());
  both(view.shape.data(), view.shape.size() * sizeof(view.shape[0]));
  // In C order, however they lie: the layout in memory is no part of the value.
  std::vector<std::byte> gathered;
  const std::byte* data = view.data;
  if (view.order != pickling::MemoryOrder::kC) {
    gathered.resize(view.bytes());
    pickling::gather_elements(view, gathered);
    data = gathered.data();
  }
  const std::size_t bytes = view.bytes();
  if (bytes == 0) return;
  if (dtype == "<f8" || dtype == "<c16") {
    name_number(dtype == "<f8" ? "float64" : "complex128", sizeof(double));
    numbers<double>(data, bytes / sizeof(double));
  } else if (dtype == "<f4" || dtype == "<c8") {
    name_number(dtype == "<f4" ? "float32" : "complex64", sizeof(float));
    numbers<float>(data, bytes / sizeof(float));
  } else if (dtype == "<f2" || dtype == "<f16" || dtype == "<c32" || dtype.front() == '>') {
    // Other widths and the other byte order: by way of double. What a double cannot hold is not looked at.
    const bool complex = traits.dtype.attr("kind").cast<std::string>() == "c";
    const bool inexact = complex || traits.dtype.attr("kind").cast<std::string>() == "f";
    if (!inexact) return both(data, bytes);
    const py::object wide =
        py::reinterpret_borrow<py::object>(array).attr("astype")(complex ? "<c16" : "<f8", py::arg("order") = "C");
    name_number(traits.item_size == 2 ? "float16" : "float64", traits.item_size == 2 ? 2 : sizeof(double));
    const pickling::ArrayView as_double = pickling::view_array(wide, complex ? 16 : 8);
    numbers<double>(as_double.data, as_double.bytes() / sizeof(double));
  } else {
    both(data, bytes);
  }
}

// Their order is no part of them: each element's own digest, in the order of these.
void ValueDigest::walk_set(PyObject* set) {
  std::vector<std::string> elements;
  for (const py::handle element : py::reinterpret_borrow<py::object>(set)) {
    ValueDigest one(plain_);
    one.walk(element.ptr());
    one.flush(one.all_pending_, one.all_);
    elements.push_back(one.all_.finish());
  }
  std::sort(elements.begin(), elements.end());
  tag(Py_TYPE(set) == &PySet_Type ? 'S' : 'F', elements.size());
  for (const std::string& each : elements) both(each.data(), each.size());
}

py::dict ValueDigest::finish(const std::string& type, std::uint64_t rounds) {
  flush(all_pending_, all_);
  if (is_split()) flush(exact_pending_, *exact_);
  py::dict out;
  out[util::kFormKey] = "digest";
  out["type"] = type;
  if (rounds != 0) out["rounds"] = rounds;
  const std::string sha256 = all_.finish();
  out["sha256"] = sha256;
  out["exact"] = is_split() ? exact_->finish() : sha256;
  if (position_ != 0) {
    out["number"] = number_name_;
    out["count"] = position_;
    out["sum"] = sum_;
    out["abs"] = magnitude_;
    out["signed"] = list_of(signed_);
    out["squares"] = list_of(squares_);
  }
  return out;
}

}  // namespace snapshot_test::host::trace
