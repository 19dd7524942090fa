// The inner loops over blocks of numbers, and which build of them runs. Blocks lie anywhere (pickles do not align), in
// native byte order, and fit into the first cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace snapshot_test::compare {

/// Elements of a block, at most.
inline constexpr std::size_t kBlock = 2048;

enum class NanPolicy { kDifferent, kEqual };

/// |a - b| <= atol + rtol * |b|
struct Rule {
  double rtol = 0;
  double atol = 0;
  NanPolicy nans = NanPolicy::kDifferent;
};

/// What is known of the elements that do not agree. Indices count elements in the order of traversal. No members that
/// code of another instruction set could share with this one's.
struct Tally {
  static constexpr std::size_t kSamples = 5;
  std::uint64_t mismatched = 0;
  std::uint64_t nan_pairs = 0;  ///< mismatched elements that equal_nan would let pass
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
  bool expect_more = false;              ///< the last block had some
  std::uint64_t samples[kSamples] = {};  ///< the first `mismatched` of them, at most kSamples
};

/// Counts one more, and keeps it as a sample if it is among the first.
void add_mismatch(Tally& tally, std::uint64_t index);

/// The types that are compared as they are stored.
enum class Numeric { kFloat, kDouble, kLongDouble, kComplex, kComplexLong, kInt64, kUInt64 };

/// Compares n (at most kBlock) elements; adds to `tally` where they do not all agree. `first` is the index of the
/// first.
void compare_block(Numeric type, const std::byte* actual, const std::byte* expected, std::size_t n, const Rule& rule,
                   std::uint64_t first, Tally& tally);

/// Are n real numbers all finite? `size`: bytes of one, 2, 4, 8, or 16 (the platform's long double).
[[nodiscard]] bool all_finite(std::size_t size, const std::byte* numbers, std::size_t n);

void halves_to_floats(const std::byte* packed, std::size_t n, float* out);
void bfloats_to_floats(const std::byte* packed, std::size_t n, float* out);

/// The builds of the loops that this machine can run, the fastest (which is used) first: "avx512", "avx2", "baseline".
[[nodiscard]] std::vector<std::string_view> instruction_sets();
/// For tests, before anything is compared; false where the machine cannot run it.
[[nodiscard]] bool use_instruction_set(std::string_view name);

}  // namespace snapshot_test::compare
