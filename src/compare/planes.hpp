// One simple dtype of two arrays: are they the same, and if not, which elements do not agree?
#pragma once

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

}  // namespace snapshot_test::compare
