// Arrays for people: their elements one by one, and what can be said of all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::render {

/// The n-th element in C order, as text; of an array without items. A masked one is "--".
[[nodiscard]] std::string element_text(const pickle::Array& array, std::uint64_t n);

/// The n-th element in C order, of an array with items.
[[nodiscard]] const pickle::Value& item(const pickle::Array& array, std::uint64_t n);

/// Over the elements that are not NaN. Real numbers only.
struct Extremes {
  double min = 0;
  double max = 0;
  std::uint64_t nans = 0;
  bool any = false;  ///< is any element not NaN?
};
/// Reads the whole array once.
[[nodiscard]] std::optional<Extremes> extremes(const pickle::Array& array);

/// "(3, 4) float64" and the like.
[[nodiscard]] std::string array_heading(const pickle::Value& value);

}  // namespace snapshot_test::render
