// Python numbers, short texts, numpy scalars and plain arrays of numbers as value trees, straight from their memory.
#pragma once

#include <pybind11/pybind11.h>

#include <array>
#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

#include "host/pickling/array_view.hpp"
#include "snapshot_test/pickle/live.hpp"

namespace snapshot_test::bindings {

/// Where a value's tree may point to, besides the value's own memory.
struct LiveRoom {
  std::array<std::byte, 32> scalar{};  ///< the widest is a complex of two long doubles
};

/// The numbers of a list or a tuple, which are all of one type, one behind the other.
struct GatheredNumbers {
  PyTypeObject* sequence = nullptr;
  PyTypeObject* type = nullptr;
  std::uint64_t count = 0;
  pickle::LiveArray numbers;  ///< without shape and memory
  std::vector<std::byte> memory;

  /// As an array of one dimension; this must outlive it.
  [[nodiscard]] pickle::Document as_array() const;
};

/// Remembers the types it met. GIL held in every call; must not outlive the interpreter.
class LiveValues {
 public:
  enum class Strides { kAny, kContiguous };

  /// The tree of `value`, which must live as long as the tree, as must `room`; nothing for a value of any other kind.
  /// Runs no code of the value's.
  [[nodiscard]] std::optional<pickle::Document> view(pybind11::handle value, LiveRoom& room, Strides strides);

  /// A copy of the numbers; nothing where the value is no list or tuple of Python's floats or of numpy scalars of one
  /// type. Runs no code of the value's.
  [[nodiscard]] std::optional<GatheredNumbers> gather(pybind11::handle sequence);

 private:
  struct Known {
    pybind11::object object;  ///< kept alive, so that its address stays its identity
    std::optional<pickle::LiveArray> numbers;
    std::ptrdiff_t offset = 0;  ///< of a scalar's type: where its number is in each; 0 where that is not known
  };

  std::optional<pickle::Document> view_array(pybind11::handle array, Strides strides);
  std::optional<pickle::Document> view_scalar(pybind11::handle scalar, LiveRoom& room);
  const std::optional<pickle::LiveArray>& numbers_of_dtype(pybind11::handle dtype);
  const Known& known_scalar(pybind11::handle scalar);

  host::pickling::ArrayTypes types_;
  std::unordered_map<PyObject*, Known> dtypes_;
  std::unordered_map<PyObject*, Known> scalars_;  ///< by their types: numpy's own, which are few
};

}  // namespace snapshot_test::bindings
