// Dates and durations of different units.
#pragma once

#include <cstdint>
#include <optional>

#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

/// `actual` of one unit are as long as `expected` of the other; the two have no common factor.
struct UnitRatio {
  std::int64_t actual = 1;
  std::int64_t expected = 1;
};

/// Of two datetimes, or two timedeltas. Nothing where the units have no fixed ratio (months and days), one of them is
/// the generic unit, or no 64-bit count can hold it.
[[nodiscard]] std::optional<UnitRatio> unit_ratio(const pickle::Dtype& actual, const pickle::Dtype& expected);

/// Do counts of the two units mean the same? NaT equals NaT.
[[nodiscard]] bool same_time(std::int64_t actual, std::int64_t expected, const UnitRatio& ratio);

}  // namespace snapshot_test::compare
