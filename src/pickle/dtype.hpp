// numpy dtypes, from what their __reduce__ writes.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "pickle/builder.hpp"

namespace snapshot_test::pickle {

/// "f8", "U3", "V16", "O8" …: native byte order. Null where it is none of numpy's.
[[nodiscard]] Dtype* parse_dtype_code(std::string_view code, Arena& arena);
/// A dtype known by its class only: ml_dtypes.bfloat16, numpy.record.
[[nodiscard]] Dtype* dtype_of_class(const Global& type, Builder& builder);
/// The (version, byteorder, subdtype, names, fields, itemsize, alignment, flags[, metadata]) of numpy.dtype's
/// __setstate__. False where it is not of that form or does not add up; `dtype` is then unchanged.
[[nodiscard]] bool apply_dtype_state(Dtype& dtype, const Value& state, Builder& builder);

/// A tuple of ints that are not negative, as a shape of at most 64 dimensions.
[[nodiscard]] std::optional<std::span<const std::uint64_t>> parse_shape(const Value& value, Builder& builder);
/// The product, where it and `itemsize` times it fit 63 bits.
[[nodiscard]] std::optional<std::uint64_t> element_count(std::span<const std::uint64_t> shape, std::uint64_t itemsize);
/// kStr or kBytes as text.
[[nodiscard]] std::optional<std::string_view> text_of(const Value* value);

}  // namespace snapshot_test::pickle
