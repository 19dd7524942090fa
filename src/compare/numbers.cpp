#include "compare/numbers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "compare/arrays.hpp"
#include "compare/elements.hpp"
#include "compare/plane.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::DtypeKind;
using pickle::Kind;

NumberKind kind_of(const pickle::Dtype& dtype) {
  switch (dtype.kind) {
    case DtypeKind::kBool: return NumberKind::kBool;
    case DtypeKind::kInt:
    case DtypeKind::kUInt: return NumberKind::kInt;
    case DtypeKind::kComplex: return NumberKind::kComplex;
    default: return NumberKind::kFloat;
  }
}

long double big_value(std::span<const std::byte> bytes) {
  const bool negative = (bytes.back() & std::byte{0x80}) != std::byte{0};
  long double value = std::to_integer<int>(bytes.back()) - (negative ? 256 : 0);
  // The leading 24 bytes hold more digits than the result can; the others only scale it.
  const std::size_t used = std::min<std::size_t>(bytes.size(), 24);
  for (std::size_t i = 1; i < used; ++i) value = value * 256 + std::to_integer<int>(bytes[bytes.size() - 1 - i]);
  const std::size_t scale = std::min<std::size_t>(bytes.size() - used, 1 << 20);
  return std::ldexp(value, static_cast<int>(scale * 8));
}

bool same_bits(long double a, long double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b) && std::signbit(a) == std::signbit(b);
  return a == b && std::signbit(a) == std::signbit(b);
}

bool identical(const Number& a, const Number& b) {
  return a.kind == b.kind && std::equal(a.big.begin(), a.big.end(), b.big.begin(), b.big.end()) &&
         same_bits(a.value.real(), b.value.real()) && same_bits(a.value.imag(), b.value.imag());
}

}  // namespace

Number number_at(const pickle::Dtype& dtype, const std::byte* element) {
  constexpr std::size_t kLargest = sizeof(std::complex<long double>);
  Number number;
  number.kind = kind_of(dtype);
  number.dtype = &dtype;
  std::array<std::byte, kLargest> native{};
  const std::size_t size = std::min<std::size_t>(static_cast<std::size_t>(dtype.itemsize), kLargest);
  std::memcpy(native.data(), element, size);
  if (dtype.order == pickle::ByteOrder::kBig) swap_bytes(native.data(), size, swap_unit(dtype));
  convert(dtype, native.data(), 1, &number.value);
  return number;
}

std::optional<Number> number_of(const pickle::Value& value) {
  Number number;
  switch (value.kind()) {
    case Kind::kBool:
      number.kind = NumberKind::kBool;
      number.value = value.boolean() ? 1 : 0;
      return number;
    case Kind::kInt: number.value = static_cast<long double>(value.integer()); return number;
    case Kind::kBigInt:
      number.value = big_value(value.bytes());
      number.big = value.bytes();
      return number;
    case Kind::kFloat:
      number.kind = NumberKind::kFloat;
      number.value = value.real();
      return number;
    case Kind::kComplex:
      number.kind = NumberKind::kComplex;
      number.value = {value.complex().real(), value.complex().imag()};
      return number;
    case Kind::kScalar:
      if (value.array().has_items || !is_numeric(*value.array().dtype)) return std::nullopt;
      return number_at(*value.array().dtype, value.array().data.data());
    default: return std::nullopt;
  }
}

namespace {

Applied look_up(const Number& number, const Options& options) {
  if (number.dtype != nullptr) return applied(*number.dtype, options);
  switch (number.kind) {
    case NumberKind::kBool: return applied("bool", options);
    case NumberKind::kInt: return applied("int", options);
    case NumberKind::kFloat: return applied("float64", options);
    default: return applied("complex128", options);
  }
}

}  // namespace

Applied applied(const Number& number, const Options& options, const Magnitude* around) {
  Applied how = look_up(number, options);
  if (!how.automatic) return how;
  const bool inexact = number.kind == NumberKind::kFloat || number.kind == NumberKind::kComplex;
  const double size = static_cast<double>(std::abs(number.value));
  const Magnitude alone{1, std::isfinite(size) && inexact ? size : 0};
  settle(how, number.dtype, around != nullptr && inexact ? *around : alone);
  return how;
}

NumberResult compare_numbers(const Number& actual, const Number& expected, const Options& options,
                             IdenticalNans identical_nans, const Magnitude* around) {
  NumberResult result;
  if (identical(actual, expected)) {
    result.has_nan = std::isnan(expected.value.real()) || std::isnan(expected.value.imag());
    if (!result.has_nan || identical_nans == IdenticalNans::kAgree) return result;
  } else {
    result.outcome = Outcome::kClose;
  }
  const Applied how = applied(expected, options, around);
  if (!how.exact) result.tolerance = how.tolerance;
  const Rule rule = how.rule(options);
  Tally tally;
  const bool complex = actual.kind == NumberKind::kComplex || expected.kind == NumberKind::kComplex;
  const bool wide = (actual.dtype != nullptr && actual.dtype->itemsize > 8) ||
                    (expected.dtype != nullptr && expected.dtype->itemsize > 8);
  const auto compare_as = [&](Numeric type, const auto& a, const auto& b) {
    compare_block(type, reinterpret_cast<const std::byte*>(&a), reinterpret_cast<const std::byte*>(&b), 1, rule, 0,
                  tally);
  };
  if (complex) {
    compare_as(Numeric::kComplexLong, actual.value, expected.value);
  } else if (actual.kind == NumberKind::kFloat && expected.kind == NumberKind::kFloat && !wide) {
    compare_as(Numeric::kDouble, static_cast<double>(actual.value.real()), static_cast<double>(expected.value.real()));
  } else {
    compare_as(Numeric::kLongDouble, actual.value.real(), expected.value.real());
  }
  // Large ints that round to the same long double are still not the same.
  const bool rounded = how.exact && tally.mismatched == 0 && (!actual.big.empty() || !expected.big.empty());
  if (rounded) add_mismatch(tally, 0);
  if (tally.mismatched != 0) {
    result.outcome = Outcome::kDifferent;
    result.numbers = summarise(tally, 1, how);
    const bool integer = expected.kind == NumberKind::kInt && actual.kind == NumberKind::kInt;
    result.numbers.only_integers = integer && how.exact && !rounded && are_within(tally, options.tolerance);
  }
  return result;
}

}  // namespace snapshot_test::compare
