// Value trees of what is in memory already: single numbers, texts, and arrays of numbers, without a pickle between.
// They are what reading the value's pickle would give.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "snapshot_test/pickle/document.hpp"

namespace snapshot_test::pickle {

[[nodiscard]] Document live_none();
[[nodiscard]] Document live_bool(bool truth);
[[nodiscard]] Document live_int(std::int64_t number);
[[nodiscard]] Document live_float(double number);
/// `text` must outlive the document.
[[nodiscard]] Document live_text(std::string_view text);

/// Memory of numbers. Must outlive its documents, and is never written to.
struct LiveArray {
  DtypeKind kind = DtypeKind::kFloat;  ///< kBool, kInt, kUInt, kFloat, kComplex
  ByteOrder order = ByteOrder::kLittle;
  std::uint64_t itemsize = 0;
  std::span<const std::uint64_t> shape;   ///< copied, as is `strides`
  std::span<const std::int64_t> strides;  ///< bytes; may be zero or negative
  const std::byte* data = nullptr;        ///< of the element whose indices are all 0
};

/// A numpy.ndarray. Its product of shape and itemsize fits 63 bits.
[[nodiscard]] Document live_array(const LiveArray& array);
/// A numpy scalar: without shape and strides.
[[nodiscard]] Document live_scalar(const LiveArray& scalar);

/// What `code` says, numpy's dtype.str ("<f8", "|b1", ">c16"), without shape and memory; nothing where it is no number.
[[nodiscard]] std::optional<LiveArray> live_numbers(std::string_view code);

}  // namespace snapshot_test::pickle
