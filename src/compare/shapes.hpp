// Two arrays seen as arrays of one shape.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

/// `shape` is one of the two arrays' own. Strides are in the arrays' units, and 0 where an axis is repeated.
struct Alignment {
  std::span<const std::uint64_t> shape;
  std::uint64_t size = 0;
  std::vector<std::int64_t> actual_strides;
  std::vector<std::int64_t> expected_strides;

  /// The array, seen so. The result refers to this.
  [[nodiscard]] pickle::Array actual(const pickle::Array& array) const;
  [[nodiscard]] pickle::Array expected(const pickle::Array& array) const;
};

/// With strict shapes they must be the same. Without: the same but for axes of length 1, or one of them is what numpy
/// would broadcast both to. An empty array goes with an empty one only.
[[nodiscard]] std::optional<Alignment> align(const pickle::Array& actual, const pickle::Array& expected,
                                             const Options& options);

}  // namespace snapshot_test::compare
