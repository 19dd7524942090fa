#include "pickle/array.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "pickle/dtype.hpp"
#include "pickle/sketched.hpp"

namespace snapshot_test::pickle {
namespace {

// Byte strides of a contiguous array. Extents of zero count as one: nothing will be read.
std::span<const std::int64_t> contiguous_strides(std::span<const std::uint64_t> shape, std::uint64_t itemsize,
                                                 std::span<const std::size_t> slowest_first, Arena& arena) {
  std::int64_t* strides = arena.array<std::int64_t>(shape.size());
  const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  std::uint64_t step = itemsize;
  for (std::size_t i = slowest_first.size(); i-- > 0;) {
    strides[slowest_first[i]] = static_cast<std::int64_t>(step);
    if (!empty) step *= shape[slowest_first[i]];
  }
  return {strides, shape.size()};
}

// The axes from the slowest to the fastest; nothing if `axis_order` is not a permutation of them.
std::optional<std::vector<std::size_t>> axes_of(const ArrayParts& parts, std::size_t dimensions) {
  std::vector<std::size_t> axes(dimensions);
  std::iota(axes.begin(), axes.end(), 0);
  if (parts.axis_order == nullptr) {
    if (parts.fortran) std::reverse(axes.begin(), axes.end());
    return axes;
  }
  const Value& order = *parts.axis_order;
  if (order.kind() != Kind::kTuple || order.items().size() != dimensions) return std::nullopt;
  std::vector<bool> seen(dimensions);
  for (std::size_t i = 0; i < dimensions; ++i) {
    const Value& axis = *order.items()[i];
    if (axis.kind() != Kind::kInt || axis.integer() < 0) return std::nullopt;
    const auto index = static_cast<std::size_t>(axis.integer());
    if (index >= dimensions || seen[index]) return std::nullopt;
    seen[index] = true;
    // transpose(axis_order): axis i of the result is axis axis_order[i] of the C-contiguous data.
    axes[index] = i;
  }
  return axes;
}

bool holds_bytes(const Value& data) {
  return data.kind() == Kind::kBytes || data.kind() == Kind::kByteArray || data.kind() == Kind::kStr;
}

}  // namespace

Result<Array*> make_array(const ArrayParts& parts, Builder& builder) {
  if (parts.dtype->kind() != Kind::kDtype) return nullptr;
  const Dtype& dtype = parts.dtype->dtype();
  auto shape = parse_shape(*parts.shape, builder);
  if (!shape) return nullptr;
  if (parts.axis_order != nullptr && parts.axis_order->kind() == Kind::kTuple &&
      parts.axis_order->items().size() == shape->size()) {
    // The shape that is written is the data's; the array's is its permutation.
    std::uint64_t* permuted = builder.arena().array<std::uint64_t>(shape->size());
    for (std::size_t i = 0; i < shape->size(); ++i) {
      const Value& axis = *parts.axis_order->items()[i];
      if (axis.kind() != Kind::kInt || axis.integer() < 0) return nullptr;
      if (static_cast<std::uint64_t>(axis.integer()) >= shape->size()) return nullptr;
      permuted[i] = (*shape)[static_cast<std::size_t>(axis.integer())];
    }
    shape = std::span<const std::uint64_t>(permuted, shape->size());
  }
  const auto axes = axes_of(parts, shape->size());
  const bool has_items = parts.data->kind() == Kind::kList;
  if (!axes || (!has_items && (dtype.has_object || !holds_bytes(*parts.data)))) return nullptr;

  const auto count = element_count(*shape, dtype.itemsize);
  if (!count) {
    return fail(ErrorKind::kCorrupt,
                fmt::format("an array's shape has a dimension list whose product with the itemsize {} overflows",
                            dtype.itemsize));
  }
  const std::uint64_t needed = has_items ? *count : *count * dtype.itemsize;
  const std::uint64_t present = has_items ? parts.data->items().size() : parts.data->bytes().size();
  const bool sketched = !has_items && is_sketch(parts.data->bytes(), needed);
  if (needed != present && !sketched) {
    return fail(ErrorKind::kCorrupt, fmt::format("an array's shape and dtype need {} {}, and it holds {}", needed,
                                                 has_items ? "elements" : "bytes", present));
  }
  Array* array = builder.arena().make<Array>();
  array->dtype = &dtype;
  array->shape = *shape;
  array->size = *count;
  array->has_items = has_items;
  array->strides = contiguous_strides(*shape, has_items ? 1 : dtype.itemsize, *axes, builder.arena());
  if (has_items) {
    array->items = parts.data->items();
  } else if (sketched) {
    array->sketch = parts.data->bytes();
  } else {
    array->data = parts.data->bytes();
  }
  return array;
}

Array* make_scalar(const Value& dtype, const Value& data, Builder& builder) {
  if (dtype.kind() != Kind::kDtype) return nullptr;
  Array* array = builder.arena().make<Array>();
  array->dtype = &dtype.dtype();
  array->size = 1;
  if (dtype.dtype().has_object) {
    const Value** item = builder.arena().array<const Value*>(1);
    *item = &data;
    array->items = {item, 1};
    array->has_items = true;
    return array;
  }
  if (!holds_bytes(data) || data.bytes().size() != dtype.dtype().itemsize) return nullptr;
  array->data = data.bytes();
  return array;
}

}  // namespace snapshot_test::pickle
