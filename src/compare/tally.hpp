// What the inner loops compare by, and what they find. No inline functions: see isa.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

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

}  // namespace snapshot_test::compare
