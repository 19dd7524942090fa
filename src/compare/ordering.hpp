// Arrays whose order does not matter.
#pragma once

#include <cstddef>
#include <vector>

#include "compare/arrays.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

/// A one-dimensional array with its elements in another order. Owns them.
class Reordered {
 public:
  Reordered(const pickle::Array& array, const std::vector<std::size_t>& order);
  Reordered(const Reordered&) = delete;
  Reordered& operator=(const Reordered&) = delete;
  [[nodiscard]] const pickle::Array& array() const noexcept { return array_; }

 private:
  std::vector<std::byte> data_;
  std::int64_t stride_;
  pickle::Array array_;
};

/// Is this one of the arrays that are compared without their order: one-dimensional, of numbers, dates, or text, and
/// without a mask?
[[nodiscard]] bool can_reorder(const pickle::Array& array);

struct Orders {
  std::vector<std::size_t> actual;
  std::vector<std::size_t> expected;
};

/// Which element belongs to which, of two arrays of one size: from the smallest to the largest, NaNs last; complex
/// numbers as pair_points() says.
[[nodiscard]] Orders matching_order(const pickle::Array& actual, const pickle::Array& expected, const Options& options);

/// Two arrays that can be reordered, as collections. Indices count in the order that was found.
[[nodiscard]] ArrayResult compare_without_order(const pickle::Array& actual, const pickle::Array& expected,
                                                const Options& options, IdenticalNans identical_nans);

}  // namespace snapshot_test::compare
