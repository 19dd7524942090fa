#include "render/array_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "compare/elements.hpp"
#include "compare/plane.hpp"
#include "snapshot_test/pickle/describe.hpp"

namespace snapshot_test::render {
namespace {

using pickle::Array;
using pickle::Dtype;
using pickle::DtypeKind;

/// Where the n-th element in C order lies, in units of the strides.
std::int64_t offset_of(const Array& array, std::uint64_t n) {
  std::int64_t offset = 0;
  for (std::size_t axis = array.shape.size(); axis-- > 0;) {
    offset += static_cast<std::int64_t>(n % array.shape[axis]) * array.strides[axis];
    n /= array.shape[axis];
  }
  return offset;
}

/// One element of any dtype; structures and sub-arrays are taken apart.
std::string text_of(const Dtype& dtype, const std::byte* at) {
  constexpr std::uint64_t kMostParts = 8;
  constexpr std::size_t kLongest = 200;
  if (dtype.kind != DtypeKind::kStruct && dtype.kind != DtypeKind::kSubarray) return compare::element_text(dtype, at);
  std::string text = dtype.kind == DtypeKind::kStruct ? "{" : "[";
  const auto add = [&text](const std::string& part) {
    if (text.size() > 1) text += ", ";
    text += text.size() < kLongest ? part : "…";
    return text.size() < kLongest;
  };
  if (dtype.kind == DtypeKind::kStruct) {
    for (const pickle::Field& field : dtype.fields) {
      if (!add(fmt::format("{}: {}", pickle::quoted(field.name, 40), text_of(*field.dtype, at + field.offset)))) break;
    }
    return text + "}";
  }
  const std::uint64_t count = dtype.base->itemsize == 0 ? 0 : dtype.itemsize / dtype.base->itemsize;
  for (std::uint64_t i = 0; i < std::min(count, kMostParts); ++i) {
    if (!add(text_of(*dtype.base, at + i * dtype.base->itemsize))) break;
  }
  return text + (count > kMostParts ? ", …]" : "]");
}

bool is_masked(const Array& array, std::int64_t offset) {
  if (!array.masked || array.dtype->mask_itemsize != 1 || array.dtype->itemsize == 0) return false;
  const auto at = static_cast<std::size_t>(offset) / static_cast<std::size_t>(array.dtype->itemsize);
  return at < array.mask.size() && array.mask[at] != std::byte{0};
}

}  // namespace

std::string element_text(const Array& array, std::uint64_t n) {
  const std::int64_t offset = offset_of(array, n);
  return is_masked(array, offset) ? "--" : text_of(*array.dtype, array.data.data() + offset);
}

const pickle::Value& item(const Array& array, std::uint64_t n) {
  return *array.items[static_cast<std::size_t>(offset_of(array, n))];
}

std::optional<Extremes> extremes(const Array& array) {
  const Dtype& dtype = *array.dtype;
  const bool real = compare::is_numeric(dtype) && dtype.kind != DtypeKind::kComplex && dtype.kind != DtypeKind::kBool;
  if (!real || array.has_items || array.masked || array.size == 0) return std::nullopt;
  constexpr std::uint64_t kBlock = 4096;
  const auto itemsize = static_cast<std::size_t>(dtype.itemsize);
  std::vector<std::byte> native(kBlock * itemsize);
  std::vector<double> numbers(kBlock);
  Extremes found;
  // Memory order: which element is where does not matter here, and the data is exactly the elements.
  for (std::uint64_t first = 0; first < array.size; first += kBlock) {
    const auto count = static_cast<std::size_t>(std::min(kBlock, array.size - first));
    const std::byte* packed = array.data.data() + first * itemsize;
    std::copy_n(packed, count * itemsize, native.begin());
    if (dtype.order == pickle::ByteOrder::kBig) {
      compare::swap_bytes(native.data(), count * itemsize, compare::swap_unit(dtype));
    }
    compare::convert(dtype, native.data(), count, numbers.data());
    for (std::size_t i = 0; i < count; ++i) {
      if (std::isnan(numbers[i])) {
        ++found.nans;
      } else {
        found.min = found.any ? std::min(found.min, numbers[i]) : numbers[i];
        found.max = found.any ? std::max(found.max, numbers[i]) : numbers[i];
        found.any = true;
      }
    }
  }
  return found;
}

std::string array_heading(const pickle::Value& value) {
  const Array& array = value.array();
  std::string text = fmt::format("{} {} {}", pickle::type_name(value), pickle::dtype_name(*array.dtype),
                                 pickle::shape_text(array.shape));
  const auto range = extremes(array);
  if (range && range->any) text += fmt::format(", from {:g} to {:g}", range->min, range->max);
  if (range && range->nans > 0) text += fmt::format(", {} NaN", range->nans);
  return text;
}

}  // namespace snapshot_test::render
