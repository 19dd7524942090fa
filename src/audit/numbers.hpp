// Reads and changes single elements of simple dtypes, in the bytes of an array.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "audit/mutation.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::audit {

/// One simple dtype within an element of an array: the array's own, or that of a field.
struct Plane {
  const pickle::Dtype* dtype = nullptr;
  std::uint64_t offset = 0;
};
/// Those of a dtype without objects in it, sub-arrays expanded. At most Dtype::leaves.
[[nodiscard]] std::vector<Plane> planes_of(const pickle::Dtype& dtype);

[[nodiscard]] bool is_inexact(const pickle::Dtype& dtype);
/// Numbers, truth values, dates and durations: what has a size.
[[nodiscard]] bool has_magnitude(const pickle::Dtype& dtype);

/// |x|; of what is not finite, NaT or no number, -1.
[[nodiscard]] long double magnitude(const pickle::Dtype& dtype, const std::byte* element);

/// Changes one element in place: kZeros, kDropped, kSign, kOneElement, kFloat32. Others leave it.
void change_element(const pickle::Dtype& dtype, std::byte* element, Mutation mutation);

/// The order in which n elements stand when they are shuffled: none stays where it was, and it is the same in every
/// run (Sattolo's algorithm over splitmix64, seeded with 1). The i-th is taken from places[i].
[[nodiscard]] std::vector<std::size_t> shuffled_places(std::size_t n);

}  // namespace snapshot_test::audit
