// Which point belongs to which, where each may have moved by the tolerance: about n log n.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "compare/profile.hpp"

namespace snapshot_test::compare {

using Point = std::vector<Coordinate>;

/// Pairs (actual, expected) of indices: min(actual, expected) of them. First those that agree, found by splitting the
/// points at gaps wider than the tolerance, one coordinate after the other, until none separates them. On a line the
/// result is the best there is, and so it is for groups of up to kSmallGroup points on each side that no gap separates.
/// In larger groups each point gets the first partner that is near. What is left is paired in the order of coordinates.
[[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> pair_points(const std::vector<Point>& actual,
                                                                           const std::vector<Point>& expected);
inline constexpr std::size_t kSmallGroup = 48;

}  // namespace snapshot_test::compare
