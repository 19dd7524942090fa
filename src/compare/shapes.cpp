#include "compare/shapes.hpp"

#include <algorithm>

namespace snapshot_test::compare {
namespace {

using pickle::Array;
using Shape = std::span<const std::uint64_t>;
using Strides = std::vector<std::int64_t>;

bool same(Shape a, Shape b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

std::vector<std::uint64_t> without_ones(Shape shape) {
  std::vector<std::uint64_t> out;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(out), [](std::uint64_t extent) { return extent != 1; });
  return out;
}

// The strides of an array that has the same axes as `shape`, but for those of length 1.
Strides squeezed_strides(const Array& array, Shape shape) {
  Strides out;
  std::size_t own = 0;
  for (const std::uint64_t extent : shape) {
    while (own < array.shape.size() && array.shape[own] == 1) ++own;
    out.push_back(extent == 1 ? 0 : array.strides[own++]);
  }
  return out;
}

// Nothing where numpy would not repeat the array along `shape`.
std::optional<Strides> repeated_strides(const Array& array, Shape shape) {
  if (array.shape.size() > shape.size()) return std::nullopt;
  const std::size_t missing = shape.size() - array.shape.size();
  Strides out(missing, 0);
  for (std::size_t i = 0; i < array.shape.size(); ++i) {
    const std::uint64_t extent = array.shape[i];
    if (extent != shape[missing + i] && extent != 1) return std::nullopt;
    out.push_back(extent == 1 ? 0 : array.strides[i]);
  }
  return out;
}

Strides own_strides(const Array& array) { return {array.strides.begin(), array.strides.end()}; }

Array seen_as(Array array, Shape shape, std::uint64_t size, const Strides& strides) {
  array.shape = shape;
  array.size = size;
  array.strides = strides;
  return array;
}

}  // namespace

Array Alignment::actual(const Array& array) const { return seen_as(array, shape, size, actual_strides); }
Array Alignment::expected(const Array& array) const { return seen_as(array, shape, size, expected_strides); }

std::optional<Alignment> align(const Array& actual, const Array& expected, const Options& options) {
  if (same(actual.shape, expected.shape)) {
    return Alignment{expected.shape, expected.size, own_strides(actual), own_strides(expected)};
  }
  if (options.strict_shapes || (actual.size == 0) != (expected.size == 0)) return std::nullopt;
  if (without_ones(actual.shape) == without_ones(expected.shape)) {
    return Alignment{expected.shape, expected.size, squeezed_strides(actual, expected.shape), own_strides(expected)};
  }
  if (auto strides = repeated_strides(actual, expected.shape)) {
    return Alignment{expected.shape, expected.size, std::move(*strides), own_strides(expected)};
  }
  if (auto strides = repeated_strides(expected, actual.shape)) {
    return Alignment{actual.shape, actual.size, own_strides(actual), std::move(*strides)};
  }
  return std::nullopt;
}

}  // namespace snapshot_test::compare
