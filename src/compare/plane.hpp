// One simple dtype seen through a shape and strides: an array, one field of a structured array, one side of a
// comparison. Views only; the bytes are the document's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

/// Where the elements of one side are. `strides` are parallel to PlanePair::shape.
struct Side {
  const pickle::Dtype* dtype = nullptr;  ///< simple: neither structured nor a sub-array nor object
  const std::byte* data = nullptr;
  std::vector<std::int64_t> strides;  ///< bytes
  const std::byte* mask = nullptr;    ///< null where nothing is masked
  std::vector<std::int64_t> mask_strides;
};

/// Two sides of one shape. Elements are visited in one common order: the expected side's memory order.
struct PlanePair {
  std::string field;                 ///< "['x']['y']"; empty for a plain array
  std::vector<std::uint64_t> shape;  ///< of the array and, after it, of sub-arrays
  Side actual;
  Side expected;
};

/// Goes through the elements of one side in the common order.
class Cursor {
 public:
  Cursor(std::vector<std::uint64_t> shape, std::vector<std::int64_t> strides, const std::byte* data,
         std::size_t itemsize);
  /// Do all elements lie together? Then next() needs no room.
  [[nodiscard]] bool in_place() const noexcept { return contiguous_; }
  /// The next n elements, packed: a view of the data where they lie together, else copied to `room`.
  const std::byte* next(std::size_t n, std::byte* room);
  /// The same, always copied (so that the result is aligned as `room` is).
  void copy(std::size_t n, std::byte* room);

 private:
  std::vector<std::uint64_t> shape_;
  std::vector<std::int64_t> strides_;
  std::vector<std::uint64_t> index_;
  const std::byte* at_;
  std::size_t itemsize_;
  bool contiguous_;
};

/// The common order: axes sorted by the expected side's strides, and runs that both sides have together made one.
struct Traversal {
  std::vector<std::size_t> axes;  ///< slowest first
  std::uint64_t count = 1;
  std::vector<std::uint64_t> shape;  ///< merged
  std::vector<std::int64_t> actual_strides;
  std::vector<std::int64_t> expected_strides;
  std::vector<std::int64_t> actual_mask_strides;
  std::vector<std::int64_t> expected_mask_strides;

  explicit Traversal(const PlanePair& pair);
  /// The array's index of the n-th element of the traversal.
  [[nodiscard]] std::vector<std::uint64_t> index_of(std::uint64_t n, const PlanePair& pair) const;
};

/// The bytes of one element.
[[nodiscard]] const std::byte* element_at(const Side& side, const std::vector<std::uint64_t>& index);
/// Reverses the bytes of each unit of `unit` bytes.
void swap_bytes(std::byte* data, std::size_t size, std::size_t unit);
/// Bytes that are swapped together: half an element for complex numbers, 4 for text; 1 where order means nothing.
[[nodiscard]] std::size_t swap_unit(const pickle::Dtype& dtype);

}  // namespace snapshot_test::compare
