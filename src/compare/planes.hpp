// One simple dtype of two arrays: are they the same, and if not, which elements do not agree?
#pragma once

#include <cstdint>
#include <functional>

#include "compare/kernels.hpp"
#include "compare/plane.hpp"

namespace snapshot_test::compare {

/// Do NaNs agree that have the same bits where all else has the same bits, too?
enum class IdenticalNans { kAgree, kCounted };

struct PlaneResult {
  bool identical = true;     ///< every element has the same bits
  bool has_special = false;  ///< NaNs or infinities may be among what has the same bits on both sides
  Tally tally;
};

/// Reads each side once, but where NaNs or infinities come before the first difference.
[[nodiscard]] PlaneResult compare_plane(const PlanePair& pair, const Traversal& traversal, const Rule& rule,
                                        IdenticalNans identical_nans);

/// Gives the first two components of the index of every element that does not agree; 0 for what there is not. Of what
/// compare_plane() has found to differ.
void mark_mismatches(const PlanePair& pair, const Traversal& traversal, const Rule& rule,
                     const std::function<void(std::uint64_t, std::uint64_t)>& mark);

}  // namespace snapshot_test::compare
