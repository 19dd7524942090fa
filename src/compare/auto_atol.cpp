#include "compare/auto_atol.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <limits>
#include <vector>

#include "compare/elements.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Dtype;
using pickle::DtypeKind;

constexpr std::size_t kMeasuredAtOnce = 256;
constexpr std::size_t kWidestElement = sizeof(std::complex<long double>);

/// Packed elements in native byte order. `mask`: null, or a byte for each that is not 0 where it is masked.
template <class T>
void add_elements(const Dtype& dtype, const std::byte* packed, const std::byte* mask, std::size_t n,
                  Magnitude& magnitude) {
  std::array<T, kMeasuredAtOnce> numbers;
  convert(dtype, packed, n, numbers.data());
  for (std::size_t i = 0; i < n; ++i) {
    if (mask == nullptr || mask[i] == std::byte{0}) magnitude.add(static_cast<double>(std::abs(numbers[i])));
  }
}

}  // namespace

void Magnitude::add(double size) {
  if (!std::isfinite(size)) return;
  ++count;
  largest = std::max(largest, size);
}

double auto_atol(const Magnitude& magnitude, double unit_roundoff) {
  constexpr double kConfidence = 8;
  constexpr double kMost = 0.01;
  const double share = kConfidence * std::sqrt(static_cast<double>(magnitude.count)) * unit_roundoff;
  return std::min(share, kMost) * magnitude.largest;
}

double unit_roundoff(const Dtype* dtype) {
  if (dtype == nullptr) return std::ldexp(1.0, -53);
  if (dtype->kind == DtypeKind::kBfloat16) return std::ldexp(1.0, -8);
  if (dtype->kind != DtypeKind::kFloat && dtype->kind != DtypeKind::kComplex) return 0;
  switch (dtype->kind == DtypeKind::kComplex ? dtype->itemsize / 2 : dtype->itemsize) {
    case 2: return std::ldexp(1.0, -11);
    case 4: return std::ldexp(1.0, -24);
    case 8: return std::ldexp(1.0, -53);
    default: return static_cast<double>(std::numeric_limits<long double>::epsilon() / 2);
  }
}

Magnitude magnitude_of(const Side& side, const std::vector<std::uint64_t>& shape) {
  Magnitude magnitude;
  const Dtype& dtype = *side.dtype;
  if (unit_roundoff(&dtype) == 0 || dtype.itemsize > kWidestElement) return magnitude;
  std::uint64_t left = 1;
  for (const std::uint64_t length : shape) left *= length;
  const auto itemsize = static_cast<std::size_t>(dtype.itemsize);
  Cursor cursor(shape, side.strides, side.data, itemsize);
  Cursor masks(shape, side.mask == nullptr ? side.strides : side.mask_strides, side.mask, 1);
  alignas(16) std::array<std::byte, kMeasuredAtOnce * kWidestElement> room;
  std::array<std::byte, kMeasuredAtOnce> masked;
  while (left > 0) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left, kMeasuredAtOnce));
    cursor.copy(n, room.data());
    if (side.mask != nullptr) masks.copy(n, masked.data());
    if (dtype.order == pickle::ByteOrder::kBig) swap_bytes(room.data(), n * itemsize, swap_unit(dtype));
    const std::byte* mask = side.mask == nullptr ? nullptr : masked.data();
    if (dtype.kind == DtypeKind::kComplex) {
      add_elements<std::complex<long double>>(dtype, room.data(), mask, n, magnitude);
    } else if (dtype.itemsize > 8) {
      add_elements<long double>(dtype, room.data(), mask, n, magnitude);
    } else {
      add_elements<double>(dtype, room.data(), mask, n, magnitude);
    }
    left -= n;
  }
  return magnitude;
}

Magnitude magnitude_of(const pickle::Array& array) {
  if (array.has_items || array.size == 0) return {};
  Side side;
  side.dtype = array.dtype;
  side.data = array.data.data();
  side.strides.assign(array.strides.begin(), array.strides.end());
  return magnitude_of(side, {array.shape.begin(), array.shape.end()});
}

void settle(Applied& how, const Dtype* dtype, const Magnitude& magnitude) {
  if (how.automatic) how.tolerance.atol = auto_atol(magnitude, unit_roundoff(dtype));
}

}  // namespace snapshot_test::compare
