// Finds which key or element of one unordered container belongs to which of another, in n log n.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compare/keys.hpp"
#include "compare/matched_pair.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

/// Keys (or elements) that one side alone has.
struct Matching {
  std::vector<MatchedPair> pairs;                ///< in the expected side's order
  std::vector<const pickle::Value*> missing;     ///< expected, not there
  std::vector<const pickle::Value*> unexpected;  ///< there, not expected
  std::uint64_t same = 0;                        ///< elements that mean exactly the same: not in `pairs`
};

/// Dicts: keys must mean exactly the same; those that are NaN, each unequal to all others, in their order.
[[nodiscard]] Matching match_keys(std::span<const pickle::Pair> actual, std::span<const pickle::Pair> expected,
                                  Digester& actual_digests, Digester& expected_digests);

/// Sets, and sequences whose order does not matter. What has no floats in it must mean exactly the same, as often on
/// one side as on the other. Elements with floats are paired with those that are alike but for the floats, and near
/// (see pair_points): each may have moved within the tolerance. What cannot be paired so is paired where it is alike
/// but for its numbers, in the order of those.
[[nodiscard]] Matching match_elements(std::span<const pickle::Value* const> actual,
                                      std::span<const pickle::Value* const> expected, Digester& actual_digests,
                                      Digester& expected_digests, const Options& options);

}  // namespace snapshot_test::compare
