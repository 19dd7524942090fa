// The closer look at blocks that are not simply within the rule: part of each build of the inner loops, to be included
// by isa_kernels.hpp alone, whose restrictions hold here.
#pragma once

#include "compare/isa.hpp"

// NOLINTBEGIN(misc-definitions-in-headers): this is the body of sources that differ in their options alone.
namespace snapshot_test::compare {
namespace {

using std::byte;
using std::size_t;

template <class T>
T load(const byte* from, size_t i) {
  T value;
  __builtin_memcpy(&value, from + i * sizeof(T), sizeof(T));
  return value;
}

float absolute(float x) { return __builtin_fabsf(x); }
double absolute(double x) { return __builtin_fabs(x); }

/// So many elements at once: their distances and magnitudes stay in the first cache.
constexpr size_t kChunk = 512;

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

enum class Filled { kFinite, kOdd, kUnsure, kDone };

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

// Sums of these keep loops free of branches.
double one_if(bool truth) { return truth ? 1.0 : 0.0; }

// The relative error of approximate distances and magnitudes is far below this.
constexpr double kUnsure = 1e-14;

double is_near(double distance, double allowed) {
  return one_if(distance > 0) * one_if(absolute(distance - allowed) <= kUnsure * (distance + allowed));
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
    unsure += is_near(distance, magnitude * limits.rtol + limits.atol);
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
struct Ratios {
  T relative = 0;
  T rtol = 0;  ///< that would pass
};

enum class Division { kByReciprocal, kExact };

// A reciprocal serves both ratios, at the price of the last digit, and overflows for the smallest magnitudes.
template <Division kDivision, class T>
Ratios<T> ratios_of(size_t n, const Limits<T>& limits, Chunk<T>& chunk) {
  T relative = 0;
  T rtol = 0;
#pragma omp simd reduction(max : relative, rtol)
  for (size_t i = 0; i < n; ++i) {
    const T distance = chunk.distance[i];
    const T magnitude = chunk.magnitude[i];
    const T inverse = T{1} / magnitude;
    const bool exact = kDivision == Division::kExact;
    const T quotient = exact ? distance / magnitude : distance * inverse;
    const T rest = exact ? (distance - limits.atol) / magnitude : (distance - limits.atol) * inverse;
    const T ratio = distance > 0 ? quotient : T{0};
    const T needed = distance > 0 ? rest : T{0};
    chunk.ratio[i] = ratio;
    relative = ratio > relative ? ratio : relative;
    rtol = needed > rtol ? needed : rtol;
  }
  return {relative, rtol};
}

template <class T>
void note_ratios(size_t n, const Limits<T>& limits, std::uint64_t first, Chunk<T>& chunk, Tally& tally) {
  constexpr T kInfinity = static_cast<T>(__builtin_inf());
  Ratios<T> ratios = ratios_of<Division::kByReciprocal>(n, limits, chunk);
  if (ratios.relative == kInfinity || ratios.rtol == kInfinity) {
    ratios = ratios_of<Division::kExact>(n, limits, chunk);
  }
  if (static_cast<double>(ratios.relative) > tally.max_relative) {
    const size_t at = index_of(chunk.ratio, n, ratios.relative);
    tally.max_relative = static_cast<double>(chunk.distance[at] / chunk.magnitude[at]);
    tally.at_max_relative = first + at;
  }
  if (static_cast<double>(ratios.rtol) > tally.passing_rtol) tally.passing_rtol = static_cast<double>(ratios.rtol);
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

// The next block, if there is one: addresses need not be valid. The look takes long enough for it to arrive.
void prefetch(const byte* from, size_t size) {
  constexpr size_t kLine = 64;
  for (size_t i = 0; i < size; i += kLine) __builtin_prefetch(from + i, 0, 2);
}

template <class T, size_t kItem, class Fill>
void tally_all(const byte* a, const byte* b, size_t n, const Rule& rule, std::uint64_t first, Tally& tally, Fill fill,
               Each each) {
  Chunk<T> chunk;
  for (size_t done = 0; done < n; done += kChunk) {
    const size_t count = n - done < kChunk ? n - done : kChunk;
    const byte* x = a + done * kItem;
    const byte* y = b + done * kItem;
    const Limits<T> limits = limits_of<T>(rule, tally);
    prefetch(x + kBlock * kItem, count * kItem);
    prefetch(y + kBlock * kItem, count * kItem);
    const Filled filled = fill(x, y, count, limits, chunk);
    if (filled == Filled::kDone) continue;
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
void tally_int64(const byte* a, const byte* b, size_t n, const Rule& rule, std::uint64_t first, Tally& tally) {
  tally_all<double, 8>(a, b, n, rule, first, tally, fill_integers<std::int64_t>, tally_each_int64);
}
void tally_uint64(const byte* a, const byte* b, size_t n, const Rule& rule, std::uint64_t first, Tally& tally) {
  tally_all<double, 8>(a, b, n, rule, first, tally, fill_integers<std::uint64_t>, tally_each_uint64);
}

}  // namespace
}  // namespace snapshot_test::compare
// NOLINTEND(misc-definitions-in-headers)
