// The inner loops over blocks of numbers. Everything here works on short aligned blocks that are in the cache, so that
// another instruction set needs another kernels.cpp and nothing else.
#pragma once

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>

namespace snapshot_test::compare {

inline constexpr std::size_t kBlock = 1024;  ///< elements; two blocks of doubles and their like stay in the first cache

enum class NanPolicy { kDifferent, kEqual };

/// |a - b| <= atol + rtol * |b|
struct Rule {
  double rtol = 0;
  double atol = 0;
  NanPolicy nans = NanPolicy::kDifferent;
};

/// What is known of the elements that do not agree. Indices count elements in the order of traversal.
struct Tally {
  static constexpr std::size_t kSamples = 5;
  std::uint64_t mismatched = 0;
  std::uint64_t nan_pairs = 0;  ///< mismatched elements that are NaN on both sides
  std::uint64_t measured = 0;   ///< mismatched elements that are finite on both sides
  double max_absolute = -1;
  std::uint64_t at_max_absolute = 0;
  double max_relative = -1;
  std::uint64_t at_max_relative = 0;
  double passing_rtol = 0;
  double passing_atol = 0;
  std::uint64_t actual_nans = 0;
  std::uint64_t expected_nans = 0;
  std::uint64_t actual_infs = 0;
  std::uint64_t expected_infs = 0;
  std::array<std::uint64_t, kSamples> samples{};  ///< the first `mismatched` of them, at most kSamples

  void mismatch(std::uint64_t index) {
    if (mismatched < kSamples) samples[mismatched] = index;
    ++mismatched;
  }
};

/// Compares n (at most kBlock) elements; adds to `tally` where they do not all agree. `first` is the index of a[0].
void compare_block(const float* a, const float* b, std::size_t n, const Rule& rule, std::uint64_t first, Tally& tally);
void compare_block(const double* a, const double* b, std::size_t n, const Rule& rule, std::uint64_t first,
                   Tally& tally);
void compare_block(const long double* a, const long double* b, std::size_t n, const Rule& rule, std::uint64_t first,
                   Tally& tally);
void compare_block(const std::complex<double>* a, const std::complex<double>* b, std::size_t n, const Rule& rule,
                   std::uint64_t first, Tally& tally);
void compare_block(const std::complex<long double>* a, const std::complex<long double>* b, std::size_t n,
                   const Rule& rule, std::uint64_t first, Tally& tally);

[[nodiscard]] float half_to_float(std::uint16_t bits);
[[nodiscard]] float bfloat16_to_float(std::uint16_t bits);

}  // namespace snapshot_test::compare
