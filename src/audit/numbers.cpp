#include "audit/numbers.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#include "compare/elements.hpp"
#include "compare/plane.hpp"

namespace snapshot_test::audit {

using pickle::Dtype;
using pickle::DtypeKind;

namespace {

constexpr std::size_t kWidest = 32;  // complex numbers of long doubles

bool is_time(const Dtype& dtype) { return dtype.kind == DtypeKind::kDatetime || dtype.kind == DtypeKind::kTimedelta; }

bool is_swapped(const Dtype& dtype) {
  return dtype.order ==
         (std::endian::native == std::endian::little ? pickle::ByteOrder::kBig : pickle::ByteOrder::kLittle);
}

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

template <class T>
void store(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof(T));
}

constexpr double kThousandth = 1e-3;

template <class T>
T change_real(T x, Mutation mutation) {
  switch (mutation) {
    case Mutation::kSign: return -x;
    case Mutation::kOneElement: return x + x * static_cast<T>(kThousandth);
    case Mutation::kFloat32: return static_cast<T>(static_cast<float>(x));
    default: return x;
  }
}

/// Of 16 bits: a thousandth may be less than one step, which then is what changes it.
std::uint16_t change_small_real(std::uint16_t bits, Mutation mutation) {
  constexpr std::uint16_t kSignBit = 0x8000;
  switch (mutation) {
    case Mutation::kSign: return bits ^ kSignBit;
    case Mutation::kOneElement: return static_cast<std::uint16_t>(bits + 1);
    default: return bits;
  }
}

template <class T>
T change_integer(T x, Mutation mutation) {
  switch (mutation) {
    case Mutation::kSign:
      if constexpr (std::is_signed_v<T>) return x == std::numeric_limits<T>::min() ? x : static_cast<T>(-x);
      return x;
    case Mutation::kOneElement: {
      // Towards zero where there is no room on the other side.
      const T step = static_cast<T>(x / 1000 == 0 ? (x < 0 ? -1 : 1) : x / 1000);
      T out = 0;
      return __builtin_add_overflow(x, step, &out) ? static_cast<T>(x - step) : out;
    }
    default: return x;
  }
}

template <class T>
void change_as(std::byte* native, Mutation mutation) {
  if constexpr (std::is_floating_point_v<T>) {
    store(native, change_real(load<T>(native), mutation));
  } else {
    store(native, change_integer(load<T>(native), mutation));
  }
}

void change_real_of(std::size_t size, std::byte* native, Mutation mutation) {
  switch (size) {
    case 2: return store(native, change_small_real(load<std::uint16_t>(native), mutation));
    case 4: return change_as<float>(native, mutation);
    case 8: return change_as<double>(native, mutation);
    default: return change_as<long double>(native, mutation);
  }
}

template <bool kSigned>
void change_integer_of(std::size_t size, std::byte* native, Mutation mutation) {
  switch (size) {
    case 1: return change_as<std::conditional_t<kSigned, std::int8_t, std::uint8_t>>(native, mutation);
    case 2: return change_as<std::conditional_t<kSigned, std::int16_t, std::uint16_t>>(native, mutation);
    case 4: return change_as<std::conditional_t<kSigned, std::int32_t, std::uint32_t>>(native, mutation);
    case 8: return change_as<std::conditional_t<kSigned, std::int64_t, std::uint64_t>>(native, mutation);
    default: return;
  }
}

void change_native(const Dtype& dtype, std::byte* native, Mutation mutation) {
  const std::size_t size = dtype.itemsize;
  switch (dtype.kind) {
    case DtypeKind::kBool:
      if (mutation == Mutation::kOneElement) native[0] = native[0] == std::byte{0} ? std::byte{1} : std::byte{0};
      return;
    case DtypeKind::kFloat:
    case DtypeKind::kBfloat16: return change_real_of(size, native, mutation);
    case DtypeKind::kComplex:
      change_real_of(size / 2, native, mutation);
      return change_real_of(size / 2, native + size / 2, mutation);
    case DtypeKind::kInt:
    case DtypeKind::kTimedelta: return change_integer_of<true>(size, native, mutation);
    case DtypeKind::kDatetime:
      if (mutation == Mutation::kOneElement) change_integer_of<true>(size, native, mutation);
      return;
    case DtypeKind::kUInt: return change_integer_of<false>(size, native, mutation);
    default: return;
  }
}

void add_planes(const Dtype& dtype, std::uint64_t offset, std::vector<Plane>& planes) {
  if (dtype.kind == DtypeKind::kStruct) {
    for (const pickle::Field& field : dtype.fields) add_planes(*field.dtype, offset + field.offset, planes);
  } else if (dtype.kind == DtypeKind::kSubarray) {
    std::uint64_t count = 1;
    for (const std::uint64_t length : dtype.shape) count *= length;
    for (std::uint64_t i = 0; i < count; ++i) add_planes(*dtype.base, offset + i * dtype.base->itemsize, planes);
  } else if (dtype.kind != DtypeKind::kObject) {
    planes.push_back({&dtype, offset});
  }
}

}  // namespace

std::vector<Plane> planes_of(const Dtype& dtype) {
  std::vector<Plane> planes;
  add_planes(dtype, 0, planes);
  return planes;
}

bool is_inexact(const Dtype& dtype) {
  return dtype.kind == DtypeKind::kFloat || dtype.kind == DtypeKind::kBfloat16 || dtype.kind == DtypeKind::kComplex;
}

bool has_magnitude(const Dtype& dtype) {
  return dtype.itemsize <= kWidest && (compare::is_numeric(dtype) || is_time(dtype));
}

long double magnitude(const Dtype& dtype, const std::byte* element) {
  if (!has_magnitude(dtype)) return -1;
  std::array<std::byte, kWidest> native;
  std::copy_n(element, dtype.itemsize, native.begin());
  if (is_swapped(dtype)) compare::swap_bytes(native.data(), dtype.itemsize, compare::swap_unit(dtype));
  if (is_time(dtype)) {
    const auto ticks = load<std::int64_t>(native.data());
    return ticks == std::numeric_limits<std::int64_t>::min() ? -1 : std::fabs(static_cast<long double>(ticks));
  }
  if (dtype.kind == DtypeKind::kComplex) {
    std::complex<long double> number;
    compare::convert(dtype, native.data(), 1, &number);
    const bool finite = std::isfinite(number.real()) && std::isfinite(number.imag());
    return finite ? std::hypot(number.real(), number.imag()) : -1;
  }
  long double number = 0;
  compare::convert(dtype, native.data(), 1, &number);
  return std::isfinite(number) ? std::fabs(number) : -1;
}

void change_element(const Dtype& dtype, std::byte* element, Mutation mutation) {
  if (mutation == Mutation::kZeros || mutation == Mutation::kDropped) {
    std::fill_n(element, dtype.itemsize, std::byte{0});
    return;
  }
  // What is not finite, and NaT, has no other sign or size.
  if (dtype.itemsize > kWidest || (is_time(dtype) && magnitude(dtype, element) < 0)) return;
  std::array<std::byte, kWidest> native;
  std::copy_n(element, dtype.itemsize, native.begin());
  const bool swapped = is_swapped(dtype);
  if (swapped) compare::swap_bytes(native.data(), dtype.itemsize, compare::swap_unit(dtype));
  change_native(dtype, native.data(), mutation);
  if (swapped) compare::swap_bytes(native.data(), dtype.itemsize, compare::swap_unit(dtype));
  std::copy_n(native.begin(), dtype.itemsize, element);
}

std::vector<std::size_t> shuffled_places(std::size_t n) {
  std::vector<std::size_t> places(n);
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::uint64_t state = 1;
  const auto next = [&state] {  // https://prng.di.unimi.it/splitmix64.c, public domain
    std::uint64_t z = (state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  };
  for (std::size_t i = n; i-- > 1;) std::swap(places[i], places[next() % i]);
  return places;
}

}  // namespace snapshot_test::audit
