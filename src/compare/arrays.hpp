// Arrays of anything but Python objects.
#pragma once

#include <cstdint>
#include <functional>
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

/// Gets the first two components of the index of an element that differs; 0 for what there is not.
using ElementMarker = std::function<void(std::uint64_t, std::uint64_t)>;

/// May elements of these dtypes be compared? With strict types: the same, but for byte order and the layout of fields.
[[nodiscard]] bool comparable(const pickle::Dtype& actual, const pickle::Dtype& expected, const Options& options);

/// Both have the same shape, neither has items, and their dtypes are comparable. `mark`, where there is one, gets every
/// element that differs, once for each field in which it does; arrays without dimensions have none.
[[nodiscard]] ArrayResult compare_arrays(const pickle::Array& actual, const pickle::Array& expected,
                                         const Options& options, IdenticalNans identical_nans,
                                         const ElementMarker& mark = {});

/// What a tally says, without the values at its indices.
[[nodiscard]] Numbers summarise(const Tally& tally, std::uint64_t total, const Applied& applied);
/// Of elements that were compared exactly: would they agree within a tolerance?
[[nodiscard]] bool are_within(const Tally& tally, const Tolerance& tolerance);

}  // namespace snapshot_test::compare
