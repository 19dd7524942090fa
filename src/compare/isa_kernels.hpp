// One build of the inner loops. Each isa_*.cpp includes this once, compiled with options of its own, after naming its
// table (SNAPSHOT_TEST_ISA_TABLE, SNAPSHOT_TEST_ISA_NAME) and giving Eigen a namespace of its own.
//
// Nothing here may end up in a symbol that another file has, too: the linker would keep one of the two, perhaps the one
// that needs the newer processor. So: no functions of std, everything in an unnamed namespace, always optimised.
#define EIGEN_NO_DEBUG  // no calls of assert
#include <Eigen/Core>

#include "compare/isa_complex.hpp"
#if defined(__F16C__)
#include <immintrin.h>
#endif

// NOLINTBEGIN(misc-definitions-in-headers): this is the body of sources that differ in their options alone.
namespace snapshot_test::compare {
namespace {

using std::byte;
using std::size_t;

// Blocks are looked at in whole multiples of this; Eigen reads packets from anywhere, but single elements only where
// they are aligned. What is left is copied.
constexpr size_t kWhole = 64;

inline void ask_for(const void* near) {
  constexpr std::uintptr_t kAhead = 1024;  // bytes; may lie beyond the array: a prefetch never faults
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(near) + kAhead));
}

// x - y <= 0 exactly where x <= y, so this is the rule itself. Whatever is not finite makes the maximum NaN or
// positive: what passes here has neither NaN nor infinity. Two halves side by side, two packets of each at once, so
// that none waits for the one before; and memory is prefetched, since the processor's own prefetcher stops at the end
// of each page.
template <class T>
bool within_reals(const T* a, const T* b, size_t n, T rtol, T atol) {
  constexpr size_t kLanes = 2 * static_cast<size_t>(Eigen::internal::packet_traits<T>::size);
  constexpr size_t kLine = 64 / sizeof(T);
  static_assert(kWhole % (2 * kLanes) == 0);
  using Maximum = Eigen::internal::scalar_max_op<T, T, Eigen::PropagateNaN>;
  using Lanes = Eigen::Array<T, static_cast<int>(kLanes), 1>;
  using Numbers = Eigen::Map<const Lanes>;
  const auto larger = [&](const Lanes& beyond, size_t i) {
    for (size_t line = 0; line < kLanes; line += kLine) {
      ask_for(a + i + line);
      ask_for(b + i + line);
    }
    const Numbers x(a + i);
    const Numbers y(b + i);
    return Lanes(beyond.binaryExpr((x - y).abs() - (y.abs() * rtol + atol), Maximum()));
  };
  Lanes first = Lanes::Constant(T{-1});
  Lanes second = first;
  const size_t half = n / 2;
  for (size_t i = 0; i < half; i += kLanes) {
    first = larger(first, i);
    second = larger(second, half + i);
  }
  return first.binaryExpr(second, Maximum()).template maxCoeff<Eigen::PropagateNaN>() <= T{0};
}

template <class T>
bool all_zero_times(const T* a, size_t n) {
  const Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>> x(a, static_cast<Eigen::Index>(n));
  return (x - x).sum() == T{0};
}

template <class T>
bool within(const byte* a, const byte* b, size_t n, T rtol, T atol) {
  const size_t whole = n - n % kWhole;
  if (whole != 0 && !within_reals(reinterpret_cast<const T*>(a), reinterpret_cast<const T*>(b), whole, rtol, atol)) {
    return false;
  }
  if (whole == n) return true;
  alignas(64) T x[kWhole] = {};
  alignas(64) T y[kWhole] = {};
  __builtin_memcpy(x, a + whole * sizeof(T), (n - whole) * sizeof(T));
  __builtin_memcpy(y, b + whole * sizeof(T), (n - whole) * sizeof(T));
  return within_reals(x, y, kWhole, rtol, atol);
}

bool within_float(const byte* a, const byte* b, size_t n, const Rule& rule) {
  return within(a, b, n, static_cast<float>(rule.rtol), static_cast<float>(rule.atol));
}

bool within_double(const byte* a, const byte* b, size_t n, const Rule& rule) {
  return within(a, b, n, rule.rtol, rule.atol);
}

// Bounds |a - b| by the sum of the parts' distances and |b| by the larger part. 1e-300: where numbers are so small that
// they are rounded to few bits, nothing is sure.
bool within_bounds(const byte* a, const byte* b, size_t n, const Rule& rule) {
  constexpr double kMargin = 1 - 1e-9;
  const double rtol = rule.rtol * kMargin;
  const double atol = rule.atol * kMargin - 1e-300;
  double unsure = 0;
#pragma omp simd reduction(+ : unsure)
  for (size_t i = 0; i < n; ++i) {
    const double re = absolute(load<double>(b, 2 * i));
    const double im = absolute(load<double>(b, 2 * i + 1));
    const double distance = absolute(load<double>(a, 2 * i) - load<double>(b, 2 * i)) +
                            absolute(load<double>(a, 2 * i + 1) - load<double>(b, 2 * i + 1));
    const double allowed = (re > im ? re : im) * rtol + atol;
    const double sure = one_if(distance <= allowed) + one_if(distance == 0);
    unsure += one_if(sure * one_if(distance + re + im <= 1e300) == 0);
  }
  return unsure == 0;
}

// If each part is within 0.7 of its own rule then the whole is: |a - b| <= 0.7 |(r |re| + t, r |im| + t)|, and that is
// at most 0.7 (r |b| + 1.42 t). No pairs of parts need to be formed, so this runs as fast as for real numbers.
bool within_complex(const byte* a, const byte* b, size_t n, const Rule& rule) {
  constexpr double kPart = 0.7;
  return within(a, b, 2 * n, rule.rtol * kPart, rule.atol * kPart) || within_bounds(a, b, n, rule);
}

template <class T>
bool finite(const byte* numbers, size_t n) {
  const size_t whole = n - n % kWhole;
  if (whole != 0 && !all_zero_times(reinterpret_cast<const T*>(numbers), whole)) return false;
  if (whole == n) return true;
  alignas(64) T rest[kWhole];
  __builtin_memcpy(rest, numbers + whole * sizeof(T), (n - whole) * sizeof(T));
  return all_zero_times(rest, n - whole);
}

// A half's exponent is 112 smaller than a float's; multiplying by 2^112 also makes its subnormal numbers normal.
void halves_by_arithmetic(const byte* packed, size_t n, float* out) {
  constexpr float kScale = 0x1p112F;
#pragma omp simd
  for (size_t i = 0; i < n; ++i) {
    const std::uint32_t bits = load<std::uint16_t>(packed, i);
    const float scaled = __builtin_bit_cast(float, (bits & 0x7fffU) << 13) * kScale;
    const std::uint32_t number = __builtin_bit_cast(std::uint32_t, scaled);
    const std::uint32_t special = (bits & 0x7c00U) == 0x7c00U ? 0x7f800000U : 0U;
    out[i] = __builtin_bit_cast(float, number | special | (bits & 0x8000U) << 16);
  }
}

void halves(const byte* packed, size_t n, float* out) {
  size_t i = 0;
#if defined(__AVX512F__)
  for (; i + 16 <= n; i += 16) {
    const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(packed + 2 * i));
    _mm512_storeu_ps(out + i, _mm512_cvtph_ps(bits));
  }
#elif defined(__F16C__)
  for (; i + 8 <= n; i += 8) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i_u*>(packed + 2 * i));
    _mm256_storeu_ps(out + i, _mm256_cvtph_ps(bits));
  }
#endif
  halves_by_arithmetic(packed + 2 * i, n - i, out + i);
}

}  // namespace

const Isa SNAPSHOT_TEST_ISA_TABLE = {
    SNAPSHOT_TEST_ISA_NAME, within_float, within_double, within_complex, tally_float,    tally_double,
    tally_complex,          tally_int64,  tally_uint64,  finite<float>,  finite<double>, halves};

}  // namespace snapshot_test::compare
// NOLINTEND(misc-definitions-in-headers)
