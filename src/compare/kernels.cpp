#include "compare/kernels.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <complex>
#include <cstring>
#include <limits>

#include "compare/isa.hpp"

namespace snapshot_test::compare {
namespace {

bool can_run(const Isa& isa) {
#ifdef SNAPSHOT_TEST_X86
  // Each also tests whether the operating system saves the registers.
  if (&isa == &kIsaAvx2) {
    // Not tested: F16C, which every processor with AVX2 has, and whose name clang 14 does not know here.
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  }
  if (&isa == &kIsaAvx512) {
    return can_run(kIsaAvx2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  }
#endif
  return &isa == &kIsaBaseline;
}

// Fastest first.
constexpr const Isa* kBuilds[] = {
#ifdef SNAPSHOT_TEST_X86
    &kIsaAvx512,
    &kIsaAvx2,
#endif
    &kIsaBaseline,
};

const Isa* fastest() {
  for (const Isa* isa : kBuilds) {
    if (can_run(*isa)) return isa;
  }
  return &kIsaBaseline;
}

std::atomic<const Isa*>& in_use() {
  static std::atomic<const Isa*> isa = fastest();
  return isa;
}

const Isa& isa() { return *in_use().load(std::memory_order_relaxed); }

template <class T>
bool is_nan(T x) {
  return std::isnan(x);
}
template <class T>
bool is_nan(std::complex<T> x) {
  return std::isnan(x.real()) || std::isnan(x.imag());
}
template <class T>
bool is_inf(T x) {
  return std::isinf(x);
}
template <class T>
bool is_inf(std::complex<T> x) {
  return !is_nan(x) && (std::isinf(x.real()) || std::isinf(x.imag()));
}

// std::abs of a complex is hypot: no overflow on the way.
template <class T>
void measure(T difference, T magnitude, const Rule& rule, std::uint64_t index, Tally& tally) {
  ++tally.measured;
  const auto absolute = static_cast<double>(difference);
  const double relative =
      magnitude > 0 ? static_cast<double>(difference / magnitude) : std::numeric_limits<double>::infinity();
  if (absolute > tally.max_absolute) {
    tally.max_absolute = absolute;
    tally.at_max_absolute = index;
  }
  if (relative > tally.max_relative) {
    tally.max_relative = relative;
    tally.at_max_relative = index;
  }
  const T atol = static_cast<T>(rule.atol);
  const double rtol_needed =
      magnitude > 0 ? static_cast<double>((difference - atol) / magnitude) : std::numeric_limits<double>::infinity();
  const auto atol_needed = static_cast<double>(difference - static_cast<T>(rule.rtol) * magnitude);
  tally.passing_rtol = std::max(tally.passing_rtol, rtol_needed);
  tally.passing_atol = std::max(tally.passing_atol, atol_needed);
}

// Two NaNs. Complex ones agree in the parts that are no NaN on either side, and no NaN is in one part here and in the
// other there. (A multiplication spreads it from one part to both.)
template <class T>
bool nans_agree(T, T, T, T) {
  return true;
}
template <class T>
bool nans_agree(std::complex<T> x, std::complex<T> y, T rtol, T atol) {
  const auto within = [&](T a, T b) {
    return a == b || (!is_inf(a) && !is_inf(b) && std::abs(a - b) <= std::abs(b) * rtol + atol);
  };
  const bool real = is_nan(x.real()) || is_nan(y.real());
  const bool imaginary = is_nan(x.imag()) || is_nan(y.imag());
  if (!real) return within(x.real(), y.real());
  if (!imaginary) return within(x.imag(), y.imag());
  return is_nan(x.real()) == is_nan(y.real()) || is_nan(x.imag()) == is_nan(y.imag());
}

/// Elements are stored as `Stored` and compared as `Computed`; magnitudes are `Real`.
template <class Stored, class Computed, class Real>
void tally_each(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule, std::uint64_t first,
                Tally& tally) {
  const Real rtol = static_cast<Real>(rule.rtol);
  const Real atol = static_cast<Real>(rule.atol);
  for (std::size_t i = 0; i < n; ++i) {
    Stored stored_x;
    Stored stored_y;
    std::memcpy(&stored_x, a + i * sizeof(Stored), sizeof(Stored));
    std::memcpy(&stored_y, b + i * sizeof(Stored), sizeof(Stored));
    const auto x = static_cast<Computed>(stored_x);
    const auto y = static_cast<Computed>(stored_y);
    const bool x_nan = is_nan(x);
    const bool y_nan = is_nan(y);
    const bool x_inf = is_inf(x);
    const bool y_inf = is_inf(y);
    tally.actual_nans += x_nan;
    tally.expected_nans += y_nan;
    tally.actual_infs += x_inf;
    tally.expected_infs += y_inf;
    if (x == y) continue;
    if (x_nan || y_nan) {
      const bool both = x_nan && y_nan && nans_agree(x, y, rtol, atol);
      if (both && rule.nans == NanPolicy::kEqual) continue;
      tally.nan_pairs += both;
      add_mismatch(tally, first + i);
    } else if (x_inf || y_inf) {
      add_mismatch(tally, first + i);
    } else {
      const Real difference = std::abs(x - y);
      const Real magnitude = std::abs(y);
      if (difference <= magnitude * rtol + atol) continue;
      add_mismatch(tally, first + i);
      measure(difference, magnitude, rule, first + i, tally);
    }
  }
}

bool all_finite_halves(const std::byte* numbers, std::size_t n) {
  constexpr std::uint16_t kExponent = 0x7c00;
  unsigned special = 0;
  for (std::size_t i = 0; i < n; ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, numbers + 2 * i, 2);
    special |= (bits & kExponent) == kExponent ? 1U : 0U;
  }
  return special == 0;
}

bool all_finite_long(const std::byte* numbers, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    long double number = 0;
    std::memcpy(&number, numbers + i * sizeof(number), sizeof(number));
    if (!std::isfinite(number)) return false;
  }
  return true;
}

using Each = decltype(tally_each_double);
constexpr Each* kEachLongDouble = tally_each<long double, long double, long double>;
constexpr Each* kEachComplexLong = tally_each<std::complex<long double>, std::complex<long double>, long double>;

}  // namespace

void add_mismatch(Tally& tally, std::uint64_t index) {
  if (tally.mismatched < Tally::kSamples) tally.samples[tally.mismatched] = index;
  ++tally.mismatched;
}

void tally_each_float(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule, std::uint64_t first,
                      Tally& tally) {
  tally_each<float, float, float>(a, b, n, rule, first, tally);
}
void tally_each_double(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule, std::uint64_t first,
                       Tally& tally) {
  tally_each<double, double, double>(a, b, n, rule, first, tally);
}
void tally_each_complex(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule, std::uint64_t first,
                        Tally& tally) {
  tally_each<std::complex<double>, std::complex<double>, double>(a, b, n, rule, first, tally);
}
void tally_each_int64(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule, std::uint64_t first,
                      Tally& tally) {
  tally_each<std::int64_t, long double, long double>(a, b, n, rule, first, tally);
}
void tally_each_uint64(const std::byte* a, const std::byte* b, std::size_t n, const Rule& rule, std::uint64_t first,
                       Tally& tally) {
  tally_each<std::uint64_t, long double, long double>(a, b, n, rule, first, tally);
}

void compare_block(Numeric type, const std::byte* actual, const std::byte* expected, std::size_t n, const Rule& rule,
                   std::uint64_t first, Tally& tally) {
  if (n == 0) return;
  // Where one block differs the next one does, as a rule: no use in a quick look.
  const bool quick = !tally.expect_more;
  const std::uint64_t before = tally.mismatched;
  const Isa& loops = isa();
  switch (type) {
    case Numeric::kFloat:
      if (quick && loops.within_float(actual, expected, n, rule)) return;
      loops.tally_float(actual, expected, n, rule, first, tally);
      break;
    case Numeric::kDouble:
      if (quick && loops.within_double(actual, expected, n, rule)) return;
      loops.tally_double(actual, expected, n, rule, first, tally);
      break;
    case Numeric::kComplex:
      if (quick && loops.within_complex(actual, expected, n, rule)) return;
      loops.tally_complex(actual, expected, n, rule, first, tally);
      break;
    case Numeric::kInt64: loops.tally_int64(actual, expected, n, rule, first, tally); break;
    case Numeric::kUInt64: loops.tally_uint64(actual, expected, n, rule, first, tally); break;
    case Numeric::kLongDouble: kEachLongDouble(actual, expected, n, rule, first, tally); break;
    case Numeric::kComplexLong: kEachComplexLong(actual, expected, n, rule, first, tally); break;
  }
  tally.expect_more = tally.mismatched != before;
}

bool all_finite(std::size_t size, const std::byte* numbers, std::size_t n) {
  switch (size) {
    case 2: return all_finite_halves(numbers, n);
    case 4: return isa().finite_floats(numbers, n);
    case 8: return isa().finite_doubles(numbers, n);
    default: return all_finite_long(numbers, n);
  }
}

void halves_to_floats(const std::byte* packed, std::size_t n, float* out) { isa().halves(packed, n, out); }

void bfloats_to_floats(const std::byte* packed, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, packed + 2 * i, 2);
    out[i] = std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
}

std::vector<std::string_view> instruction_sets() {
  std::vector<std::string_view> names;
  for (const Isa* isa : kBuilds) {
    if (can_run(*isa)) names.emplace_back(isa->name);
  }
  return names;
}

bool use_instruction_set(std::string_view name) {
  for (const Isa* isa : kBuilds) {
    if (isa->name != name || !can_run(*isa)) continue;
    in_use().store(isa);
    return true;
  }
  return false;
}

}  // namespace snapshot_test::compare
