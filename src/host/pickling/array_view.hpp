// numpy arrays as memory, without importing numpy and without its C API table.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/pickling/stream.hpp"

namespace snapshot_test::host::pickling {

/// What has to be known of a dtype to stream its elements.
struct DtypeTraits {
  pybind11::object dtype;  ///< kept alive, so that its address stays its identity
  std::size_t item_size = 0;
  /// Elements are plain memory: a built-in dtype of at least one byte that holds no object references.
  bool plain = false;
  std::string key;      ///< dtype.str where that says everything about the dtype; empty otherwise
  bool padded = false;  ///< long doubles in this machine's order, of which some bytes are nobody's
};

/// numpy's own types, if numpy is imported.
class ArrayTypes {
 public:
  /// Is this type numpy.ndarray itself?
  [[nodiscard]] bool is_array(PyTypeObject* type);
  /// Is it a class derived from numpy.ndarray?
  [[nodiscard]] bool is_derived(PyTypeObject* type);
  [[nodiscard]] bool is_dtype(PyTypeObject* type);
  /// numpy's function that makes an array from (buffer, dtype, shape, order), wherever this numpy keeps it.
  [[nodiscard]] pybind11::object from_buffer();
  [[nodiscard]] const DtypeTraits& traits(pybind11::handle dtype);

 private:
  bool load();

  pybind11::object array_;
  pybind11::object dtype_;
  pybind11::object from_buffer_;
  std::unordered_map<PyObject*, DtypeTraits> traits_;
};

enum class MemoryOrder { kC, kFortran, kNeither };

/// An exact numpy.ndarray's memory. Borrowed: valid as long as the array.
struct ArrayView {
  const std::byte* data = nullptr;
  std::size_t item_size = 0;
  std::vector<std::ptrdiff_t> shape;
  std::vector<std::ptrdiff_t> strides;  ///< bytes
  MemoryOrder order = MemoryOrder::kC;
  /// The elements are DtypeTraits::padded: what is written of them has zeros in the bytes that hold anything.
  bool padded = false;

  [[nodiscard]] std::size_t bytes() const;
};

[[nodiscard]] ArrayView view_array(pybind11::handle array, std::size_t item_size);

/// Writes the elements: in memory order if the array is contiguous in either order, else in C order, gathered block
/// by block.
void stream_elements(const ArrayView& view, Stream& stream);

/// Zeros between long doubles that lie one after the other, where x87 leaves room: each has ten bytes, and those
/// between it and the next hold whatever the memory held before. Elsewhere nothing.
void clear_padding(std::span<std::byte> long_doubles);

/// Copies the elements in C order to `out`, which has room for exactly these.
void gather_elements(const ArrayView& view, std::span<std::byte> out);

}  // namespace snapshot_test::host::pickling
