// What a store keeps of an array that is too large for it: sums, extremes, random projections and digests of its
// blocks, and some of the blocks. Format, formulas, what is proven and what is likely are in docs/sketches.md.
// (sketch.hpp is something else: how two arrays differ.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compare/planes.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/pickle/value.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::compare {

inline constexpr std::size_t kSketchedBlock = 4096;  ///< elements, in C order

/// Of an array whose elements are there (no Python objects, no sketch). Begins as pickle::is_sketch() wants it. The
/// same dtype, shape and elements give the same bytes, whatever the memory order. Two passes over the data at most.
[[nodiscard]] std::vector<std::byte> make_stored_sketch(const pickle::Array& array);
/// The same with the seed of another sketch, so that the two can be compared.
[[nodiscard]] std::vector<std::byte> make_stored_sketch(const pickle::Array& array, std::uint64_t seed);

/// How two arrays compare of which at least one is known by its sketch alone.
struct StoredSketchResult {
  Outcome outcome = Outcome::kIdentical;
  std::string reason;        ///< why they are different
  bool has_special = false;  ///< NaNs or infinities are on both sides
  bool inexact = false;      ///< a tolerance was applied
  Tolerance tolerance;       ///< the last that was
  double passing_rtol = 0;   ///< least rtol with which it would pass; inf where none would
  SketchedArray seen;        ///< its path is empty
};

/// Both have the same number of elements, and their dtypes are comparable(). kCorrupt where a sketch is damaged.
[[nodiscard]] Result<StoredSketchResult> compare_stored_sketches(const pickle::Array& actual,
                                                                 const pickle::Array& expected, const Options& options,
                                                                 IdenticalNans identical_nans);

/// What stands in a sketched value for a long text or long bytes: their number and digest, for people to read. What
/// looks like it is stood for, too, so that nothing is taken for it that is not.
[[nodiscard]] std::string stand_in(std::span<const std::byte> bytes);
[[nodiscard]] bool is_stand_in(std::span<const std::byte> bytes);

/// One line for people: how much of it was found to differ, and how small a change would have been seen.
[[nodiscard]] std::string sketched_text(const SketchedArray& array);

}  // namespace snapshot_test::compare
