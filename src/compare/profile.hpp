// The floats inside a value, by which elements of unordered containers are told apart that only moved a little.
#pragma once

#include <cstddef>
#include <vector>

#include "compare/keys.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

/// One float, or one part of a complex number: then `size` is the whole number's magnitude, which the tolerance is
/// measured by.
struct Coordinate {
  double at = 0;
  double size = 0;
};

/// The first floats inside a value, at most kMostCoordinates, found within a bounded number of steps; those of
/// unordered containers from the smallest. Two values that agree within the tolerance have profiles that do.
[[nodiscard]] std::vector<Coordinate> profile_of(const pickle::Value& value, Order order);
inline constexpr std::size_t kMostCoordinates = 8;

}  // namespace snapshot_test::compare
