// Finds which key or element of one unordered container belongs to which of another, in n log n.
#pragma once

#include <span>
#include <vector>

#include "compare/keys.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

struct MatchedPair {
  const pickle::Value* key;  ///< the expected side's
  const pickle::Value* actual;
  const pickle::Value* expected;
};

/// Keys (or elements) that one side alone has.
struct Matching {
  std::vector<MatchedPair> pairs;                ///< in the expected side's order
  std::vector<const pickle::Value*> missing;     ///< expected, not there
  std::vector<const pickle::Value*> unexpected;  ///< there, not expected
};

/// Dicts: keys must mean exactly the same.
[[nodiscard]] Matching match_keys(std::span<const pickle::Pair> actual, std::span<const pickle::Pair> expected,
                                  Digester& actual_digests, Digester& expected_digests);

/// Sets. What means exactly the same needs no further comparison and is not in `pairs`, but for numbers: those are
/// paired in order of size, since each may have moved within the tolerance. What is left is paired where it is alike
/// but for the numbers in it, in the order of those.
[[nodiscard]] Matching match_elements(std::span<const pickle::Value* const> actual,
                                      std::span<const pickle::Value* const> expected, Digester& actual_digests,
                                      Digester& expected_digests);

}  // namespace snapshot_test::compare
