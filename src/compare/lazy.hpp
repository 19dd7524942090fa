// Attributes that an object has only since they were first read (pickle::kLazyMark). That one side has them and the
// other has not is no difference; where both have them, they are compared.
#pragma once

#include <span>
#include <vector>

#include "compare/matched_pair.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

[[nodiscard]] bool has_lazy(std::span<const pickle::Pair> pairs);

struct Laziness {
  std::vector<pickle::Pair> actual;  ///< what is left of each side
  std::vector<pickle::Pair> expected;
  /// Of attributes that are dicts of computed values: those that both sides have.
  std::vector<MatchedPair> common;
};
[[nodiscard]] Laziness take_out_lazy(std::span<const pickle::Pair> actual, std::span<const pickle::Pair> expected);

/// Without such attributes.
[[nodiscard]] std::vector<pickle::Pair> lasting(std::span<const pickle::Pair> pairs);

}  // namespace snapshot_test::compare
