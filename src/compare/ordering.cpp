#include "compare/ordering.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>

#include "compare/auto_atol.hpp"
#include "compare/elements.hpp"
#include "compare/pairing.hpp"
#include "compare/plane.hpp"
#include "compare/settings.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Array;
using pickle::DtypeKind;

// The elements one after the other, in native byte order.
std::vector<std::byte> packed(const Array& array) {
  const auto itemsize = static_cast<std::size_t>(array.dtype->itemsize);
  std::vector<std::byte> out(static_cast<std::size_t>(array.size) * itemsize);
  for (std::size_t i = 0; i < array.size; ++i) {
    std::memcpy(out.data() + i * itemsize, array.data.data() + static_cast<std::int64_t>(i) * array.strides[0],
                itemsize);
  }
  if (array.dtype->order == pickle::ByteOrder::kBig) swap_bytes(out.data(), out.size(), swap_unit(*array.dtype));
  return out;
}

template <class T>
bool less(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
  return a < b;
}

template <class T>
void sort_by_number(const Array& array, std::vector<std::size_t>& order) {
  const std::vector<std::byte> elements = packed(array);
  std::vector<T> numbers(static_cast<std::size_t>(array.size));
  convert(*array.dtype, elements.data(), numbers.size(), numbers.data());
  std::stable_sort(order.begin(), order.end(),
                   [&numbers](std::size_t x, std::size_t y) { return less(numbers[x], numbers[y]); });
}

void sort_by_text(const Array& array, std::vector<std::size_t>& order) {
  const std::vector<std::byte> elements = packed(array);
  const auto itemsize = static_cast<std::size_t>(array.dtype->itemsize);
  const std::size_t unit = swap_unit(*array.dtype);
  const auto smaller = [&](std::size_t x, std::size_t y) {
    const std::byte* a = elements.data() + x * itemsize;
    const std::byte* b = elements.data() + y * itemsize;
    for (std::size_t i = 0; i + unit <= itemsize; i += unit) {
      const int sign = std::memcmp(a + i, b + i, unit);
      if (sign != 0) return sign < 0;
    }
    return false;
  };
  std::stable_sort(order.begin(), order.end(), smaller);
}

std::vector<std::size_t> sorted_order(const Array& array) {
  std::vector<std::size_t> order(static_cast<std::size_t>(array.size));
  std::iota(order.begin(), order.end(), 0);
  const pickle::Dtype& dtype = *array.dtype;
  if (dtype.kind == DtypeKind::kBytes || dtype.kind == DtypeKind::kUnicode) {
    sort_by_text(array, order);
  } else if (compute_type(dtype, dtype) == Compute::kLongDouble) {
    sort_by_number<long double>(array, order);
  } else {
    sort_by_number<double>(array, order);
  }
  return order;
}

std::vector<Point> points_of(const Array& array, const Options& options) {
  Applied how = applied(*array.dtype, options);
  if (how.automatic) settle(how, array.dtype, magnitude_of(array));
  const Tolerance tolerance = how.tolerance;
  const std::vector<std::byte> elements = packed(array);
  std::vector<std::complex<long double>> numbers(static_cast<std::size_t>(array.size));
  convert(*array.dtype, elements.data(), numbers.size(), numbers.data());
  std::vector<Point> points;
  points.reserve(numbers.size());
  for (const auto& number : numbers) {
    const auto magnitude = static_cast<double>(std::abs(number));
    const double allowed = std::isfinite(magnitude) ? tolerance.atol + tolerance.rtol * magnitude : 0;
    points.push_back({{static_cast<double>(number.real()), allowed}, {static_cast<double>(number.imag()), allowed}});
  }
  return points;
}

}  // namespace

Reordered::Reordered(const Array& array, const std::vector<std::size_t>& order)
    : stride_(static_cast<std::int64_t>(array.dtype->itemsize)), array_(array) {
  const auto itemsize = static_cast<std::size_t>(array.dtype->itemsize);
  data_.resize(order.size() * itemsize);
  for (std::size_t i = 0; i < order.size(); ++i) {
    std::memcpy(data_.data() + i * itemsize, array.data.data() + static_cast<std::int64_t>(order[i]) * array.strides[0],
                itemsize);
  }
  array_.data = data_;
  array_.strides = {&stride_, 1};
}

bool can_reorder(const Array& array) {
  if (array.shape.size() != 1 || array.has_items || array.masked || array.dtype->itemsize == 0) return false;
  switch (array.dtype->kind) {
    case DtypeKind::kDatetime:
    case DtypeKind::kTimedelta:
    case DtypeKind::kBytes:
    case DtypeKind::kUnicode: return true;
    default: return is_numeric(*array.dtype);
  }
}

Orders matching_order(const Array& actual, const Array& expected, const Options& options) {
  if (actual.dtype->kind != DtypeKind::kComplex && expected.dtype->kind != DtypeKind::kComplex) {
    return {sorted_order(actual), sorted_order(expected)};
  }
  Orders orders;
  for (const auto& [x, y] : pair_points(points_of(actual, options), points_of(expected, options))) {
    orders.actual.push_back(x);
    orders.expected.push_back(y);
  }
  return orders;
}

ArrayResult compare_without_order(const Array& actual, const Array& expected, const Options& options,
                                  IdenticalNans identical_nans) {
  const Orders orders = matching_order(actual, expected, options);
  const Reordered a(actual, orders.actual);
  const Reordered b(expected, orders.expected);
  return compare_arrays(a.array(), b.array(), options, identical_nans);
}

}  // namespace snapshot_test::compare
