// Arrays of anything but Python objects.
#pragma once

#include <optional>
#include <vector>

#include "compare/planes.hpp"
#include "compare/settings.hpp"
#include "compare/sketching.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

struct ArrayResult {
  Outcome outcome = Outcome::kIdentical;
  std::vector<Difference> differences;  ///< their paths are relative to the array: "['field']"; bounded
  std::uint64_t count = 0;              ///< all differences
  std::optional<Tolerance> tolerance;   ///< as Comparison::tolerance
  SketchSet sketches;                   ///< of parts that are not identical, if Options::sketches
  bool has_special = false;             ///< NaNs or infinities may be among what has the same bits on both sides
};

/// May elements of these dtypes be compared? With strict types: the same, but for byte order and the layout of fields.
[[nodiscard]] bool comparable(const pickle::Dtype& actual, const pickle::Dtype& expected, const Options& options);

/// Both have the same shape, neither has items, and their dtypes are comparable.
[[nodiscard]] ArrayResult compare_arrays(const pickle::Array& actual, const pickle::Array& expected,
                                         const Options& options, IdenticalNans identical_nans);

/// What a tally says, without the values at its indices.
[[nodiscard]] Numbers summarise(const Tally& tally, std::uint64_t total, const Applied& applied);
/// Of elements that were compared exactly: would they agree within a tolerance?
[[nodiscard]] bool are_within(const Tally& tally, const Tolerance& tolerance);

}  // namespace snapshot_test::compare
