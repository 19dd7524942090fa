#include "host/pickling/array_view.hpp"

#include <pybind11/numpy.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>

#include "host/pickling/type_names.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;
constexpr int kBuiltinDtypes = 24;  // numpy's NPY_NTYPES_LEGACY: type numbers from there on are extensions

struct Axis {
  std::ptrdiff_t length;
  std::ptrdiff_t stride;
};

/// The axes with those of length one left out, and neighbours that are one run in memory joined.
std::vector<Axis> joined_axes(const ArrayView& view) {
  std::vector<Axis> out;
  for (std::size_t i = 0; i < view.shape.size(); ++i) {
    const Axis axis{view.shape[i], view.strides[i]};
    if (axis.length == 1) {
      continue;
    }
    if (!out.empty() && out.back().stride == axis.length * axis.stride) {
      out.back() = {out.back().length * axis.length, axis.stride};
    } else {
      out.push_back(axis);
    }
  }
  if (out.empty()) {
    out.push_back({1, static_cast<std::ptrdiff_t>(view.item_size)});
  }
  return out;
}

template <std::size_t Size>
void gather_fixed(std::byte* out, const std::byte* in, std::ptrdiff_t stride, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i, in += stride, out += Size) {
    std::memcpy(out, in, Size);
  }
}

void gather(std::byte* out, const std::byte* in, std::ptrdiff_t stride, std::size_t count, std::size_t item_size) {
  switch (item_size) {
    case 1: return gather_fixed<1>(out, in, stride, count);
    case 2: return gather_fixed<2>(out, in, stride, count);
    case 4: return gather_fixed<4>(out, in, stride, count);
    case 8: return gather_fixed<8>(out, in, stride, count);
    case 16: return gather_fixed<16>(out, in, stride, count);
    default:
      for (std::size_t i = 0; i < count; ++i, in += stride, out += item_size) {
        std::memcpy(out, in, item_size);
      }
  }
}

constexpr bool kLongDoubleIsPadded = std::numeric_limits<long double>::digits == 64;
constexpr std::size_t kLongDoubleBytes = 10;

/// Collects elements and writes them a block at a time.
class BlockWriter {
 public:
  BlockWriter(Stream& stream, const ArrayView& view, std::size_t total)
      : stream_(stream),
        item_size_(view.item_size),
        padded_(view.padded),
        capacity_(std::max<std::size_t>(1, kBlock / item_size_)) {
    block_.resize(std::min(capacity_ * item_size_, total));
  }
  void add(const std::byte* in, std::ptrdiff_t stride, std::size_t count) {
    while (count != 0) {
      const std::size_t now = std::min(count, capacity_ - used_);
      gather(block_.data() + used_ * item_size_, in, stride, now, item_size_);
      in += stride * static_cast<std::ptrdiff_t>(now);
      used_ += now;
      count -= now;
      if (used_ == capacity_) {
        flush();
      }
    }
  }
  void flush() {
    if (padded_) clear_padding({block_.data(), used_ * item_size_});
    stream_.put(block_.data(), used_ * item_size_);
    used_ = 0;
  }

 private:
  Stream& stream_;
  std::size_t item_size_;
  bool padded_;
  std::size_t capacity_;  ///< elements
  std::size_t used_ = 0;  ///< elements
  std::vector<std::byte> block_;
};

/// The runs of a view of at least one element, in C order: each is a number of elements one stride apart.
class Rows {
 public:
  explicit Rows(const ArrayView& view) : outer_(joined_axes(view)), inner_(outer_.back()), first_(view.data) {
    outer_.pop_back();
  }
  [[nodiscard]] const Axis& inner() const { return inner_; }
  [[nodiscard]] std::size_t length() const { return static_cast<std::size_t>(inner_.length); }

  /// `take` gets where each begins, and returns whether to go on.
  template <class Take>
  void for_each(Take take) const {
    std::vector<std::ptrdiff_t> index(outer_.size(), 0);
    const std::byte* at = first_;
    while (take(at)) {
      std::size_t axis = outer_.size();
      while (axis != 0 && index[axis - 1] + 1 == outer_[axis - 1].length) {
        --axis;
        at -= outer_[axis].stride * index[axis];
        index[axis] = 0;
      }
      if (axis == 0) {
        return;
      }
      ++index[axis - 1];
      at += outer_[axis - 1].stride;
    }
  }

 private:
  std::vector<Axis> outer_;
  Axis inner_;
  const std::byte* first_;
};

}  // namespace

bool ArrayTypes::load() {
  if (array_) {
    return true;
  }
  py::object array = find_loaded("numpy", "ndarray");
  py::object dtype = find_loaded("numpy", "dtype");
  if (!array || !dtype || !PyType_Check(array.ptr()) || !PyType_Check(dtype.ptr())) {
    return false;
  }
  array_ = std::move(array);
  dtype_ = std::move(dtype);
  return true;
}

bool ArrayTypes::is_array(PyTypeObject* type) {
  // The name is a cheap first look; it is not proof.
  return std::string_view(type->tp_name) == "numpy.ndarray" && load() &&
         array_.ptr() == reinterpret_cast<PyObject*>(type);
}

bool ArrayTypes::is_derived(PyTypeObject* type) {
  return load() && array_.ptr() != reinterpret_cast<PyObject*>(type) &&
         PyType_IsSubtype(type, reinterpret_cast<PyTypeObject*>(array_.ptr())) != 0;
}

bool ArrayTypes::is_dtype(PyTypeObject* type) {
  return std::string_view(type->tp_name).starts_with("numpy.") && load() &&
         PyType_IsSubtype(type, reinterpret_cast<PyTypeObject*>(dtype_.ptr())) != 0;
}

py::object ArrayTypes::from_buffer() {
  if (!from_buffer_ && load()) {
    const py::object numpy = find_loaded("numpy", "empty");
    const py::tuple reduced = numpy(1).attr("__reduce_ex__")(5);
    from_buffer_ = reduced[0];
  }
  return from_buffer_;
}

const DtypeTraits& ArrayTypes::traits(py::handle dtype) {
  if (const auto known = traits_.find(dtype.ptr()); known != traits_.end()) {
    return known->second;
  }
  DtypeTraits traits;
  traits.dtype = py::reinterpret_borrow<py::object>(dtype);
  traits.item_size = dtype.attr("itemsize").cast<std::size_t>();
  const bool builtin = dtype.attr("num").cast<int>() < kBuiltinDtypes;
  traits.plain = builtin && traits.item_size != 0 && !dtype.attr("hasobject").cast<bool>();
  if (builtin && dtype.attr("names").is_none() && dtype.attr("subdtype").is_none() &&
      dtype.attr("metadata").is_none()) {
    traits.key = dtype.attr("str").cast<std::string>();
    const auto code = dtype.attr("char").cast<std::string>();
    traits.padded = kLongDoubleIsPadded && (code == "g" || code == "G") && dtype.attr("isnative").cast<bool>();
  }
  return traits_.emplace(dtype.ptr(), std::move(traits)).first->second;
}

std::size_t ArrayView::bytes() const {
  std::size_t total = item_size;
  for (const std::ptrdiff_t length : shape) {
    total *= static_cast<std::size_t>(length);
  }
  return total;
}

ArrayView view_array(py::handle array, std::size_t item_size) {
  const auto typed = py::reinterpret_borrow<py::array>(array);
  ArrayView view;
  view.data = static_cast<const std::byte*>(typed.data());
  view.item_size = item_size;
  view.shape.assign(typed.shape(), typed.shape() + typed.ndim());
  view.strides.assign(typed.strides(), typed.strides() + typed.ndim());
  if ((typed.flags() & py::array::c_style) != 0) {
    view.order = MemoryOrder::kC;
  } else {
    view.order = (typed.flags() & py::array::f_style) != 0 ? MemoryOrder::kFortran : MemoryOrder::kNeither;
  }
  return view;
}

void clear_padding(std::span<std::byte> long_doubles) {
  if (!kLongDoubleIsPadded) return;
  for (std::size_t at = 0; at + sizeof(long double) <= long_doubles.size(); at += sizeof(long double)) {
    std::memset(long_doubles.data() + at + kLongDoubleBytes, 0, sizeof(long double) - kLongDoubleBytes);
  }
}

void stream_elements(const ArrayView& view, Stream& stream) {
  const std::size_t total = view.bytes();
  if (total == 0) {
    return;
  }
  if (view.order != MemoryOrder::kNeither) {
    if (!view.padded) return stream.put(view.data, total);
    BlockWriter block(stream, view, total);
    block.add(view.data, static_cast<std::ptrdiff_t>(view.item_size), total / view.item_size);
    return block.flush();
  }
  const Rows rows(view);
  const bool direct = !view.padded && rows.inner().stride == static_cast<std::ptrdiff_t>(view.item_size) &&
                      rows.length() * view.item_size >= kBlock / 16;
  BlockWriter block(stream, view, direct ? 0 : total);
  rows.for_each([&](const std::byte* at) {
    if (direct) {
      stream.put(at, rows.length() * view.item_size);
    } else {
      block.add(at, rows.inner().stride, rows.length());
    }
    return !stream.failure();
  });
  block.flush();
}

void gather_elements(const ArrayView& view, std::span<std::byte> out) {
  if (out.empty()) {
    return;
  }
  const Rows rows(view);
  std::byte* to = out.data();
  rows.for_each([&](const std::byte* at) {
    gather(to, at, rows.inner().stride, rows.length(), view.item_size);
    to += rows.length() * view.item_size;
    return true;
  });
  if (view.padded) clear_padding(out);
}

}  // namespace snapshot_test::host::pickling
