// The closer look at complex numbers: part of each build of the inner loops, as isa_tally.hpp is.
#pragma once

#include "compare/isa_tally.hpp"

// NOLINTBEGIN(misc-definitions-in-headers): this is the body of sources that differ in their options alone.
namespace snapshot_test::compare {
namespace {

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
    unsure += is_near(distance, magnitude * limits.rtol + limits.atol) +
              one_if(distance < kLeast) * one_if(absolute(d_re) + absolute(d_im) > 0) +
              one_if(magnitude < kLeast) * one_if(absolute(re) + absolute(im) > 0) + (1 - one_if(distance <= kMost)) +
              (1 - one_if(magnitude <= kMost));
    chunk.distance[i] = distance;
    chunk.magnitude[i] = magnitude;
  }
  return unsure == 0 ? Filled::kFinite : Filled::kUnsure;
}

/// What squares of distances say of a chunk of complex numbers.
struct Squares {
  double misses = 0;
  double unsure = 0;   ///< near the rule's bound, or too large or small to be decided here
  double records = 0;  ///< positive: some statistic may exceed what was found so far
};

// Squares of distances and roots of single precision decide most cases, and whether any statistic can have risen.
Squares square(const byte* a, const byte* b, size_t n, const Limits<double>& limits, const Tally& tally) {
  constexpr double kLeast = 1e-37;  // of squares that are still normal numbers as floats
  constexpr double kMost = 1e37;
  constexpr double kRootError = 2e-7;
  constexpr double kMargin = 1e-12;
  constexpr double kNotable = 1 + 8e-15;  // where all are moved by the same factor, rounding alone must not be a record
  const double relative = limits.open_relative ? limits.relative * limits.relative * kNotable : kMost;
  const double passing = limits.open_rtol ? limits.passing_rtol * kNotable : kMost;
  const double largest = tally.max_absolute > 0 ? tally.max_absolute * tally.max_absolute * kNotable : 0;
  const double needed = tally.passing_atol * kNotable;
  double misses = 0;
  double unsure = 0;
  double records = 0;
#pragma omp simd reduction(+ : misses, unsure, records)
  for (size_t i = 0; i < n; ++i) {
    const double re = load<double>(b, 2 * i);
    const double im = load<double>(b, 2 * i + 1);
    const double d_re = load<double>(a, 2 * i) - re;
    const double d_im = load<double>(a, 2 * i + 1) - im;
    const double distance = d_re * d_re + d_im * d_im;
    const double magnitude = re * re + im * im;
    const double root = static_cast<double>(__builtin_sqrtf(static_cast<float>(magnitude)));
    const double least_root = root * (1 - kRootError);
    // (r m + t)^2 = r^2 m^2 + 2 r t m + t^2: only the term in the middle needs the root.
    const double cross = 2 * limits.rtol * limits.atol * root;
    const double allowed = limits.rtol * limits.rtol * magnitude + limits.atol * limits.atol + cross;
    const double by_rtol =
        passing * passing * magnitude + limits.atol * limits.atol + 2 * passing * limits.atol * least_root;
    const double by_atol =
        limits.rtol * limits.rtol * magnitude + needed * needed + 2 * limits.rtol * needed * least_root;
    const double miss = one_if(distance > (allowed + cross * kRootError) * (1 + kMargin));
    const double within = one_if(distance <= (allowed - cross * kRootError) * (1 - kMargin));
    // Squares that underflow are found by the sum of the parts.
    const double strange = one_if(distance < kLeast) * one_if(absolute(d_re) + absolute(d_im) > 0) +
                           one_if(magnitude < kLeast) * one_if(absolute(re) + absolute(im) > 0) +
                           (1 - one_if(distance <= kMost)) + (1 - one_if(magnitude <= kMost));
    misses += miss;
    unsure += strange + (1 - miss - within);
    records += miss * (one_if(distance > largest) + one_if(distance > relative * magnitude) +
                       one_if(distance > by_rtol) + one_if(distance > by_atol));
  }
  return {misses, unsure, records};
}

// Was that all there is to say of these?
bool skim(const byte* a, const byte* b, size_t n, const Limits<double>& limits, Tally& tally) {
  const Squares squares = square(a, b, n, limits, tally);
  if (squares.unsure != 0 || squares.records != 0) return false;
  if (squares.misses != 0 && tally.mismatched < Tally::kSamples) return false;
  tally.mismatched += static_cast<std::uint64_t>(squares.misses);
  tally.measured += static_cast<std::uint64_t>(squares.misses);
  return true;
}

void tally_complex(const byte* a, const byte* b, size_t n, const Rule& rule, std::uint64_t first, Tally& tally) {
  const auto fill = [&tally](const byte* x, const byte* y, size_t count, const Limits<double>& limits,
                             Chunk<double>& chunk) {
    return skim(x, y, count, limits, tally) ? Filled::kDone : fill_complex(x, y, count, limits, chunk);
  };
  tally_all<double, 2 * sizeof(double)>(a, b, n, rule, first, tally, fill, tally_each_complex);
}

}  // namespace
}  // namespace snapshot_test::compare
// NOLINTEND(misc-definitions-in-headers)
