// One build of the inner loops. Each isa_*.cpp includes this once, compiled with options of its own, after naming its
// table (SNAPSHOT_TEST_ISA_TABLE, SNAPSHOT_TEST_ISA_NAME) and giving Eigen a namespace of its own.
//
// Nothing here may end up in a symbol that another file has, too: the linker would keep one of the two, perhaps the one
// that needs the newer processor. So: no functions of std, everything in an unnamed namespace, always optimised.
#define EIGEN_NO_DEBUG  // no calls of assert
#include <Eigen/Core>

#include "compare/isa.hpp"
#if defined(__F16C__)
#include <immintrin.h>
#endif

namespace snapshot_test::compare {
namespace {

using std::byte;
using std::size_t;

/// The closer look works on so many elements at once: their distances and magnitudes stay in the first cache.
constexpr size_t kChunk = 512;

template <class T>
T load(const byte* from, size_t i) {
  T value;
  __builtin_memcpy(&value, from + i * sizeof(T), sizeof(T));
  return value;
}

float absolute(float x) { return __builtin_fabsf(x); }
double absolute(double x) { return __builtin_fabs(x); }

// x - y <= 0 exactly where x <= y, so this is the rule itself. Whatever is not finite makes the maximum NaN or
// positive: what passes here has neither NaN nor infinity.
template <class T>
bool within_reals(const T* a, const T* b, size_t n, T rtol, T atol) {
  using Reals = Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>;
  const Reals x(a, static_cast<Eigen::Index>(n));
  const Reals y(b, static_cast<Eigen::Index>(n));
  return ((x - y).abs() - (y.abs() * rtol + atol)).template maxCoeff<Eigen::PropagateNaN>() <= T{0};
}

template <class T>
bool all_zero_times(const T* a, size_t n) {
  const Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>> x(a, static_cast<Eigen::Index>(n));
  return (x - x).sum() == T{0};
}

// Eigen reads whole packets from anywhere, but single elements only where they are aligned: the last few are copied.
constexpr size_t kWhole = 64;

template <class T>
bool within(const byte* a, const byte* b, size_t n, T rtol, T atol) {
  const size_t whole = n - n % kWhole;
  if (whole != 0 && !within_reals(reinterpret_cast<const T*>(a), reinterpret_cast<const T*>(b), whole, rtol, atol)) {
    return false;
  }
  if (whole == n) return true;
  alignas(64) T x[kWhole];
  alignas(64) T y[kWhole];
  __builtin_memcpy(x, a + whole * sizeof(T), (n - whole) * sizeof(T));
  __builtin_memcpy(y, b + whole * sizeof(T), (n - whole) * sizeof(T));
  return within_reals(x, y, n - whole, rtol, atol);
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
    const bool finite = distance + re + im <= 1e300;
    unsure += finite && (distance <= allowed || distance == 0) ? 0.0 : 1.0;
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

template <class T>
struct Chunk {
  alignas(64) T distance[kChunk];
  alignas(64) T magnitude[kChunk];
  alignas(64) T ratio[kChunk];
  alignas(64) T miss[kChunk];  ///< 1: finite and too far apart
  alignas(64) T odd[kChunk];   ///< 1: does not agree, and one side is not finite
  bool has_odd = false;
};

/// The rule and what was found so far, as T. Ratios that nothing can exceed are 0, and not `open`.
template <class T>
struct Limits {
  T rtol;
  T atol;
  T relative;
  T passing_rtol;
  bool open_relative;
  bool open_rtol;
};

template <class T>
Limits<T> limits_of(const Rule& rule, const Tally& tally) {
  const bool open_relative = tally.max_relative < __builtin_inf();
  const bool open_rtol = tally.passing_rtol < __builtin_inf();
  const double relative = open_relative && tally.max_relative > 0 ? tally.max_relative : 0;
  return {static_cast<T>(rule.rtol),
          static_cast<T>(rule.atol),
          static_cast<T>(relative),
          static_cast<T>(open_rtol ? tally.passing_rtol : 0),
          open_relative,
          open_rtol};
}

enum class Filled { kFinite, kOdd, kUnsure };

template <class T>
Filled fill_reals(const byte* a, const byte* b, size_t n, Chunk<T>& chunk) {
  T special = 0;
#pragma omp simd reduction(+ : special)
  for (size_t i = 0; i < n; ++i) {
    const T y = load<T>(b, i);
    const T difference = load<T>(a, i) - y;
    chunk.distance[i] = absolute(difference);
    chunk.magnitude[i] = absolute(y);
    special += difference - difference;  // NaN where it is not finite
  }
  return special == 0 ? Filled::kFinite : Filled::kOdd;
}

// Where a side is not finite the distance is made 0, and `odd` says whether they agree all the same.
template <class T>
Filled fill_odd(const byte* a, const byte* b, size_t n, NanPolicy nans, Chunk<T>& chunk, Tally& tally) {
  constexpr T kInfinity = static_cast<T>(__builtin_inf());
  const T both_agree = nans == NanPolicy::kEqual ? T{1} : T{0};
  T overflows = 0;
  T a_nans = 0;
  T b_nans = 0;
  T a_infs = 0;
  T b_infs = 0;
  T pairs = 0;
#pragma omp simd reduction(+ : overflows, a_nans, b_nans, a_infs, b_infs, pairs)
  for (size_t i = 0; i < n; ++i) {
    const T x = load<T>(a, i);
    const T y = load<T>(b, i);
    const T x_nan = x == x ? T{0} : T{1};
    const T y_nan = y == y ? T{0} : T{1};
    const T x_inf = absolute(x) == kInfinity ? T{1} : T{0};
    const T y_inf = absolute(y) == kInfinity ? T{1} : T{0};
    const T special = x_nan + y_nan + x_inf + y_inf;
    const T nan_pair = x_nan * y_nan;
    const T distance = special == 0 ? absolute(x - y) : T{0};
    const T agree = x == y ? T{1} : nan_pair * both_agree;
    chunk.distance[i] = distance;
    chunk.magnitude[i] = special == 0 ? absolute(y) : T{1};
    chunk.odd[i] = special == 0 ? T{0} : T{1} - agree;
    overflows += distance == kInfinity ? T{1} : T{0};
    a_nans += x_nan;
    b_nans += y_nan;
    a_infs += x_inf;
    b_infs += y_inf;
    pairs += nan_pair * (T{1} - both_agree);
  }
  if (overflows != 0) return Filled::kUnsure;
  tally.actual_nans += static_cast<std::uint64_t>(a_nans);
  tally.expected_nans += static_cast<std::uint64_t>(b_nans);
  tally.actual_infs += static_cast<std::uint64_t>(a_infs);
  tally.expected_infs += static_cast<std::uint64_t>(b_infs);
  tally.nan_pairs += static_cast<std::uint64_t>(pairs);
  return Filled::kOdd;
}

// The relative error of approximate distances and magnitudes is far below this.
constexpr double kUnsure = 1e-14;

bool is_near(double distance, double allowed) {
  return distance > 0 && absolute(distance - allowed) <= kUnsure * (distance + allowed);
}

// sqrt(re^2 + im^2) instead of hypot: wrong where squares overflow or underflow, and in the last digits.
Filled fill_complex(const byte* a, const byte* b, size_t n, const Limits<double>& limits, Chunk<double>& chunk) {
  constexpr double kLeast = 1e-140;
  constexpr double kMost = 1e150;
  double unsure = 0;
#pragma omp simd reduction(+ : unsure)
  for (size_t i = 0; i < n; ++i) {
    const double re = load<double>(b, 2 * i);
    const double im = load<double>(b, 2 * i + 1);
    const double d_re = load<double>(a, 2 * i) - re;
    const double d_im = load<double>(a, 2 * i + 1) - im;
    const double distance = __builtin_sqrt(d_re * d_re + d_im * d_im);
    const double magnitude = __builtin_sqrt(re * re + im * im);
    const bool zero = d_re == 0 && d_im == 0;
    const bool zero_magnitude = re == 0 && im == 0;
    const bool plain = (zero || distance >= kLeast) && (zero_magnitude || magnitude >= kLeast) && distance <= kMost &&
                       magnitude <= kMost && !is_near(distance, magnitude * limits.rtol + limits.atol);
    chunk.distance[i] = distance;
    chunk.magnitude[i] = magnitude;
    unsure += plain ? 0.0 : 1.0;
  }
  return unsure == 0 ? Filled::kFinite : Filled::kUnsure;
}

// Differences are exact before they are rounded: where no tolerance is allowed the answer is exact, too.
template <class Integer>
Filled fill_integers(const byte* a, const byte* b, size_t n, const Limits<double>& limits, Chunk<double>& chunk) {
  double unsure = 0;
#pragma omp simd reduction(+ : unsure)
  for (size_t i = 0; i < n; ++i) {
    const Integer x = load<Integer>(a, i);
    const Integer y = load<Integer>(b, i);
    const auto u = static_cast<std::uint64_t>(x);
    const auto v = static_cast<std::uint64_t>(y);
    const auto distance = static_cast<double>(x > y ? u - v : v - u);
    const auto magnitude = static_cast<double>(y < 0 ? 0 - v : v);
    chunk.distance[i] = distance;
    chunk.magnitude[i] = magnitude;
    unsure += is_near(distance, magnitude * limits.rtol + limits.atol) ? 1.0 : 0.0;
  }
  return unsure == 0 ? Filled::kFinite : Filled::kUnsure;
}

template <class T>
struct Sums {
  T misses = 0;
  T largest = 0;        ///< distance
  T over_relative = 0;  ///< positive: some relative difference exceeds the largest so far
  T over_rtol = 0;      ///< the same for the rtol that would pass
  T atol = 0;           ///< that would pass
};

// Leaves the distances of those that do agree 0.
template <class T>
Sums<T> look(size_t n, const Limits<T>& limits, Chunk<T>& chunk) {
  const T rtol = limits.rtol;
  const T atol = limits.atol;
  const T relative = limits.relative;
  const T passing = limits.passing_rtol;
  T misses = 0;
  T largest = 0;
  T over_relative = 0;
  T over_rtol = 0;
  T needed = 0;
#pragma omp simd reduction(+ : misses) reduction(max : largest, over_relative, over_rtol, needed)
  for (size_t i = 0; i < n; ++i) {
    const T magnitude = chunk.magnitude[i];
    const T scaled = magnitude * rtol;
    const T miss = chunk.distance[i] <= scaled + atol ? T{0} : T{1};
    const T distance = miss != 0 ? chunk.distance[i] : T{0};
    const T beyond = distance - relative * magnitude;
    const T beyond_rtol = (distance - atol) - passing * magnitude;
    const T beyond_atol = distance - scaled;
    chunk.distance[i] = distance;
    chunk.miss[i] = miss;
    misses += miss;
    largest = distance > largest ? distance : largest;
    over_relative = beyond > over_relative ? beyond : over_relative;
    over_rtol = beyond_rtol > over_rtol ? beyond_rtol : over_rtol;
    needed = beyond_atol > needed ? beyond_atol : needed;
  }
  return {misses, largest, over_relative, over_rtol, needed};
}

template <class T>
size_t index_of(const T* values, size_t n, T value) {
  constexpr size_t kGroup = 32;
  for (size_t start = 0; start < n; start += kGroup) {
    const size_t end = n - start < kGroup ? n : start + kGroup;
    T found = 0;
#pragma omp simd reduction(+ : found)
    for (size_t i = start; i < end; ++i) found += values[i] == value ? T{1} : T{0};
    if (found == 0) continue;
    for (size_t i = start; i < end; ++i) {
      if (values[i] == value) return i;
    }
  }
  return 0;
}

template <class T>
void note_ratios(size_t n, const Limits<T>& limits, std::uint64_t first, Chunk<T>& chunk, Tally& tally) {
  T relative = 0;
  T rtol = 0;
#pragma omp simd reduction(max : relative, rtol)
  for (size_t i = 0; i < n; ++i) {
    const T distance = chunk.distance[i];
    const T magnitude = chunk.magnitude[i];
    const T ratio = distance > 0 ? distance / magnitude : T{0};
    const T needed = distance > 0 ? (distance - limits.atol) / magnitude : T{0};
    chunk.ratio[i] = ratio;
    relative = ratio > relative ? ratio : relative;
    rtol = needed > rtol ? needed : rtol;
  }
  if (static_cast<double>(relative) > tally.max_relative) {
    tally.max_relative = static_cast<double>(relative);
    tally.at_max_relative = first + index_of(chunk.ratio, n, relative);
  }
  if (static_cast<double>(rtol) > tally.passing_rtol) tally.passing_rtol = static_cast<double>(rtol);
}

template <class T>
void note_samples(size_t n, std::uint64_t first, const Chunk<T>& chunk, const Tally& before, Tally& tally) {
  size_t kept = before.mismatched;
  for (size_t i = 0; i < n && kept < Tally::kSamples; ++i) {
    if (chunk.miss[i] == 0 && (!chunk.has_odd || chunk.odd[i] == 0)) continue;
    tally.samples[kept++] = first + i;
  }
}

template <class T>
void tally_chunk(size_t n, const Limits<T>& limits, std::uint64_t first, Chunk<T>& chunk, Tally& tally) {
  const Sums<T> sums = look(n, limits, chunk);
  T odd = 0;
  if (chunk.has_odd) {
    for (size_t i = 0; i < n; ++i) odd += chunk.odd[i];
  }
  if (sums.misses + odd == 0) return;
  if (tally.mismatched < Tally::kSamples) note_samples(n, first, chunk, tally, tally);
  tally.mismatched += static_cast<std::uint64_t>(sums.misses + odd);
  tally.measured += static_cast<std::uint64_t>(sums.misses);
  if (sums.misses == 0) return;
  if (static_cast<double>(sums.largest) > tally.max_absolute) {
    tally.max_absolute = static_cast<double>(sums.largest);
    tally.at_max_absolute = first + index_of(chunk.distance, n, sums.largest);
  }
  if (static_cast<double>(sums.atol) > tally.passing_atol) tally.passing_atol = static_cast<double>(sums.atol);
  if ((limits.open_relative && sums.over_relative > 0) || (limits.open_rtol && sums.over_rtol > 0)) {
    note_ratios(n, limits, first, chunk, tally);
  }
}

using Each = void (*)(const byte*, const byte*, size_t, const Rule&, std::uint64_t, Tally&);

template <class T, size_t kItem, class Fill>
void tally_all(const byte* a, const byte* b, size_t n, const Rule& rule, std::uint64_t first, Tally& tally, Fill fill,
               Each each) {
  Chunk<T> chunk;
  for (size_t done = 0; done < n; done += kChunk) {
    const size_t count = n - done < kChunk ? n - done : kChunk;
    const byte* x = a + done * kItem;
    const byte* y = b + done * kItem;
    const Limits<T> limits = limits_of<T>(rule, tally);
    const Filled filled = fill(x, y, count, limits, chunk);
    if (filled == Filled::kUnsure) {
      each(x, y, count, rule, first + done, tally);
      continue;
    }
    chunk.has_odd = filled == Filled::kOdd;
    tally_chunk(count, limits, first + done, chunk, tally);
  }
}

template <class T>
void tally_reals(const byte* a, const byte* b, size_t n, const Rule& rule, std::uint64_t first, Tally& tally,
                 Each each) {
  const auto fill = [&rule, &tally](const byte* x, const byte* y, size_t count, const Limits<T>&, Chunk<T>& chunk) {
    const Filled filled = fill_reals(x, y, count, chunk);
    return filled == Filled::kFinite ? filled : fill_odd(x, y, count, rule.nans, chunk, tally);
  };
  tally_all<T, sizeof(T)>(a, b, n, rule, first, tally, fill, each);
}

void tally_float(const byte* a, const byte* b, size_t n, const Rule& rule, std::uint64_t first, Tally& tally) {
  tally_reals<float>(a, b, n, rule, first, tally, tally_each_float);
}
void tally_double(const byte* a, const byte* b, size_t n, const Rule& rule, std::uint64_t first, Tally& tally) {
  tally_reals<double>(a, b, n, rule, first, tally, tally_each_double);
}
void tally_complex(const byte* a, const byte* b, size_t n, const Rule& rule, std::uint64_t first, Tally& tally) {
  tally_all<double, 2 * sizeof(double)>(a, b, n, rule, first, tally, fill_complex, tally_each_complex);
}
void tally_int64(const byte* a, const byte* b, size_t n, const Rule& rule, std::uint64_t first, Tally& tally) {
  tally_all<double, 8>(a, b, n, rule, first, tally, fill_integers<std::int64_t>, tally_each_int64);
}
void tally_uint64(const byte* a, const byte* b, size_t n, const Rule& rule, std::uint64_t first, Tally& tally) {
  tally_all<double, 8>(a, b, n, rule, first, tally, fill_integers<std::uint64_t>, tally_each_uint64);
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
