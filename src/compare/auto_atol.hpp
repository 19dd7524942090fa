// An absolute tolerance that follows from the snapshot's own numbers: model::kAutoAtol made a number. The formula and
// its source are in docs/tolerances.md.
#pragma once

#include <cstdint>
#include <vector>

#include "compare/plane.hpp"
#include "compare/settings.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

/// Of the finite numbers of an array, or of a list.
struct Magnitude {
  std::uint64_t count = 0;
  double largest = 0;
  /// Of a number; nothing where it is not finite.
  void add(double size);
};

/// min(8 * sqrt(count) * unit_roundoff, 0.01) * largest
[[nodiscard]] double auto_atol(const Magnitude& magnitude, double unit_roundoff);

/// Half the distance from 1 to the next number; of Python's own floats where `dtype` is null. 0 for what is exact.
[[nodiscard]] double unit_roundoff(const pickle::Dtype* dtype);

/// Of an array, or one field of a structured one, without what is masked. One pass. Nothing where its numbers are
/// exact.
[[nodiscard]] Magnitude magnitude_of(const Side& side, const std::vector<std::uint64_t>& shape);
/// The same of a whole array that is neither structured nor made of objects.
[[nodiscard]] Magnitude magnitude_of(const pickle::Array& array);

/// Gives an automatic tolerance its atol; leaves any other.
void settle(Applied& how, const pickle::Dtype* dtype, const Magnitude& magnitude);

}  // namespace snapshot_test::compare
