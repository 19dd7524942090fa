// The floats inside a value, by which elements of unordered containers are paired that differ by little.
#pragma once

#include <cstddef>
#include <vector>

#include "compare/numbers.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

/// One float, or one part of a complex number, and how far it may be from another if it is the snapshot's.
struct Coordinate {
  double at = 0;
  double allowed = 0;
};

/// The first floats inside a value, at most kMostCoordinates, found within a bounded number of steps; those of
/// unordered containers from the smallest. Two values that agree within the tolerance have profiles that do.
[[nodiscard]] std::vector<Coordinate> profile_of(const pickle::Value& value, const Options& options);
[[nodiscard]] Coordinate coordinate_of(double at, const Number& number, const Options& options,
                                       const Magnitude* around = nullptr);
inline constexpr std::size_t kMostCoordinates = 8;

}  // namespace snapshot_test::compare
