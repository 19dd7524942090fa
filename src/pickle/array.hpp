// Arrays, from what numpy and array.array write.
#pragma once

#include <string>

#include "pickle/builder.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::pickle {

/// What an array is made of, before it is checked.
struct ArrayParts {
  const Value* dtype = nullptr;
  const Value* shape = nullptr;
  const Value* data = nullptr;  ///< bytes, or a list of elements
  bool fortran = false;
  const Value* axis_order = nullptr;  ///< numpy's order 'K': the data is C-contiguous with its axes permuted like this
};

/// Null where the parts are not an array's; an error where they are, and their sizes contradict each other. Where a
/// sketch stands for the data, that is what it has.
[[nodiscard]] Result<Array*> make_array(const ArrayParts& parts, Builder& builder);

/// What a node with that array is: an array, or one of which only a sketch was kept.
[[nodiscard]] inline Kind kind_of(const Array& array) { return array.sketch.empty() ? Kind::kArray : Kind::kSketch; }

/// A numpy scalar: an array without dimensions. Null where the parts are not a scalar's.
[[nodiscard]] Array* make_scalar(const Value& dtype, const Value& data, Builder& builder);

/// array.array by its machine format code (array._array_reconstructor). Null where there is no such code, or the bytes
/// are not such an array's.
[[nodiscard]] Array* make_machine_array(std::int64_t format, std::span<const std::byte> data, const Value& type,
                                        Builder& builder);

/// array.array by its type code ('d', 'B', 'u' …) and its elements, as on a 64-bit Linux; they are copied. Null where
/// an element is not of that type.
[[nodiscard]] Array* make_listed_array(char code, std::span<const Value* const> items, const Value& type,
                                       Builder& builder);

}  // namespace snapshot_test::pickle
