#include "compare/elements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "compare/kernels.hpp"
#include "compare/plane.hpp"
#include "snapshot_test/pickle/describe.hpp"
#include "util/text.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Dtype;
using pickle::DtypeKind;

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

template <class From, class To>
void convert_each(const std::byte* packed, std::size_t n, To* out) {
  if constexpr (std::is_same_v<From, To>) {
    std::memcpy(out, packed, n * sizeof(To));
  } else {
    for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<To>(load<From>(packed + i * sizeof(From)));
  }
}

// Of 16 bits, by way of floats.
template <class To, class Widen>
void widen_each(const std::byte* packed, std::size_t n, To* out, Widen widen) {
  if constexpr (std::is_same_v<To, float>) {
    widen(packed, n, out);
  } else {
    constexpr std::size_t kRoom = 256;
    std::array<float, kRoom> floats;
    for (std::size_t done = 0; done < n; done += kRoom) {
      const std::size_t count = std::min(kRoom, n - done);
      widen(packed + 2 * done, count, floats.data());
      for (std::size_t i = 0; i < count; ++i) out[done + i] = static_cast<To>(floats[i]);
    }
  }
}

template <class To>
void convert_integer(const Dtype& dtype, const std::byte* packed, std::size_t n, To* out) {
  const bool is_signed = dtype.kind != DtypeKind::kUInt && dtype.kind != DtypeKind::kBool;
  switch (dtype.itemsize) {
    case 1: return is_signed ? convert_each<std::int8_t>(packed, n, out) : convert_each<std::uint8_t>(packed, n, out);
    case 2: return is_signed ? convert_each<std::int16_t>(packed, n, out) : convert_each<std::uint16_t>(packed, n, out);
    case 4: return is_signed ? convert_each<std::int32_t>(packed, n, out) : convert_each<std::uint32_t>(packed, n, out);
    default:
      return is_signed ? convert_each<std::int64_t>(packed, n, out) : convert_each<std::uint64_t>(packed, n, out);
  }
}

template <class To>
void convert_real(const Dtype& dtype, const std::byte* packed, std::size_t n, To* out) {
  if (dtype.kind == DtypeKind::kBfloat16) return widen_each(packed, n, out, bfloats_to_floats);
  if (dtype.kind != DtypeKind::kFloat) return convert_integer(dtype, packed, n, out);
  switch (dtype.itemsize) {
    case 2: return widen_each(packed, n, out, halves_to_floats);
    case 4: return convert_each<float>(packed, n, out);
    case 8: return convert_each<double>(packed, n, out);
    default: return convert_each<long double>(packed, n, out);
  }
}

template <class From, class Real>
void convert_parts(const std::byte* packed, std::size_t n, std::complex<Real>* out) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::byte* at = packed + 2 * i * sizeof(From);
    out[i] = {static_cast<Real>(load<From>(at)), static_cast<Real>(load<From>(at + sizeof(From)))};
  }
}

template <class Real>
void convert_complex(const Dtype& dtype, const std::byte* packed, std::size_t n, std::complex<Real>* out) {
  if (dtype.kind == DtypeKind::kComplex) {
    if (dtype.itemsize == 8) return convert_parts<float>(packed, n, out);
    if (dtype.itemsize == 16) return convert_parts<double>(packed, n, out);
    return convert_parts<long double>(packed, n, out);
  }
  std::vector<Real> reals(n);
  convert_real(dtype, packed, n, reals.data());
  for (std::size_t i = 0; i < n; ++i) out[i] = reals[i];
}

// Does it need more than a double?
bool is_wide(const Dtype& dtype) {
  if (dtype.kind == DtypeKind::kComplex) return dtype.itemsize > 16;
  if (dtype.kind == DtypeKind::kFloat) return dtype.itemsize > 8;
  return (dtype.kind == DtypeKind::kInt || dtype.kind == DtypeKind::kUInt) && dtype.itemsize == 8;
}

bool is_time(const Dtype& dtype) { return dtype.kind == DtypeKind::kDatetime || dtype.kind == DtypeKind::kTimedelta; }

bool is_small_float(const Dtype& dtype) {
  return dtype.kind == DtypeKind::kBfloat16 || (dtype.kind == DtypeKind::kFloat && dtype.itemsize <= 4);
}

std::string trimmed_bytes(const Dtype& dtype, const std::byte* element) {
  std::string text(reinterpret_cast<const char*>(element), std::min<std::uint64_t>(dtype.itemsize, 200));
  if (dtype.kind == DtypeKind::kBytes) text.erase(text.find_last_not_of('\0') + 1);
  std::string out = "b'";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x20 && byte < 0x7f && c != '\'' && c != '\\';
    if (plain) out.push_back(c);
    if (!plain) out += fmt::format("\\x{:02x}", byte);
    if (out.size() > 80) return out + "…'";
  }
  return out + "'";
}

std::string real_text(long double number, int digits) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  return fmt::format("{:.{}g}", number, digits);
}

int digits_of(std::uint64_t real_size) { return real_size == 2 ? 5 : real_size == 4 ? 9 : real_size == 8 ? 17 : 21; }

// The shortest text that reads back as the same number; what repr shows.
std::string short_text(long double number, std::uint64_t real_size) {
  if (std::isnan(number) || std::isinf(number)) return real_text(number, 1);
  if (real_size == 4) return fmt::format("{}", static_cast<float>(number));
  if (real_size == 8) return fmt::format("{}", static_cast<double>(number));
  return real_text(number, digits_of(real_size));
}

}  // namespace

bool is_numeric(const Dtype& dtype) {
  switch (dtype.kind) {
    case DtypeKind::kBool:
    case DtypeKind::kInt:
    case DtypeKind::kUInt:
    case DtypeKind::kFloat:
    case DtypeKind::kBfloat16:
    case DtypeKind::kComplex: return true;
    default: return false;
  }
}

Compute compute_type(const Dtype& a, const Dtype& b) {
  if (is_time(a) && is_time(b)) return Compute::kLongDouble;
  if (!is_numeric(a) || !is_numeric(b)) return Compute::kRaw;
  const bool wide = is_wide(a) || is_wide(b);
  if (a.kind == DtypeKind::kComplex || b.kind == DtypeKind::kComplex) {
    return wide ? Compute::kComplexLong : Compute::kComplex;
  }
  if (wide) return Compute::kLongDouble;
  return is_small_float(a) && is_small_float(b) ? Compute::kFloat : Compute::kDouble;
}

void convert(const Dtype& dtype, const std::byte* packed, std::size_t n, float* out) {
  convert_real(dtype, packed, n, out);
}
void convert(const Dtype& dtype, const std::byte* packed, std::size_t n, double* out) {
  convert_real(dtype, packed, n, out);
}
void convert(const Dtype& dtype, const std::byte* packed, std::size_t n, long double* out) {
  convert_real(dtype, packed, n, out);
}
void convert(const Dtype& dtype, const std::byte* packed, std::size_t n, std::complex<double>* out) {
  convert_complex(dtype, packed, n, out);
}
void convert(const Dtype& dtype, const std::byte* packed, std::size_t n, std::complex<long double>* out) {
  convert_complex(dtype, packed, n, out);
}

std::string unicode_text(const Dtype& dtype, const std::byte* element) {
  std::string out;
  std::size_t used = 0;
  for (std::uint64_t i = 0; i + 4 <= dtype.itemsize; i += 4) {
    auto code = load<std::uint32_t>(element + i);
    if (dtype.order == pickle::ByteOrder::kBig) code = __builtin_bswap32(code);
    util::append_utf8(out, code);
    if (code != 0) used = out.size();
  }
  out.resize(used);
  return out;
}

std::string element_text(const Dtype& dtype, const std::byte* element) {
  if (dtype.kind == DtypeKind::kUnicode) {
    Dtype part = dtype;
    part.itemsize = std::min<std::uint64_t>(dtype.itemsize, 400);
    return pickle::quoted(unicode_text(part, element));
  }
  if (!is_numeric(dtype) && !is_time(dtype)) return trimmed_bytes(dtype, element);
  std::vector<std::byte> native(element, element + dtype.itemsize);
  if (dtype.order == pickle::ByteOrder::kBig) swap_bytes(native.data(), native.size(), swap_unit(dtype));
  if (dtype.kind == DtypeKind::kBool) return native[0] != std::byte{0} ? "True" : "False";
  if (is_time(dtype)) {
    const auto count = load<std::int64_t>(native.data());
    if (count == std::numeric_limits<std::int64_t>::min()) return "NaT";
    return dtype.unit.empty() ? fmt::format("{}", count) : fmt::format("{} x {}", count, pickle::dtype_name(dtype));
  }
  if (dtype.kind == DtypeKind::kComplex) {
    std::complex<long double> number;
    convert(dtype, native.data(), 1, &number);
    const std::string imaginary = short_text(number.imag(), dtype.itemsize / 2);
    return fmt::format("({}{}{}j)", short_text(number.real(), dtype.itemsize / 2), imaginary.front() == '-' ? "" : "+",
                       imaginary);
  }
  long double number = 0;
  convert(dtype, native.data(), 1, &number);
  const bool inexact = dtype.kind == DtypeKind::kFloat || dtype.kind == DtypeKind::kBfloat16;
  return inexact ? short_text(number, dtype.itemsize) : fmt::format("{:.0f}", number);
}

}  // namespace snapshot_test::compare
