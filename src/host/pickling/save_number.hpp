// numpy's numbers: written as their own __reduce_ex__ says, without asking it each time.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "host/pickling/output.hpp"

namespace snapshot_test::host::pickling {

/// Is it a type of numpy itself, of which values may be numbers?
[[nodiscard]] bool is_numpy_scalar(PyTypeObject* type);

/// scalar(dtype, bytes), for one dump. The first number of each type is written from its reduction; what that wrote is
/// referred to by all others, which take a few bytes and no call. GIL held throughout.
class NumberSaver {
 public:
  explicit NumberSaver(Output& out) : out_(out) {}

  /// False, with nothing written, where it is not known how: then learn() from it once it is written.
  [[nodiscard]] bool save(PyObject* number);
  /// `written`: a value of a type for which is_numpy_scalar() holds, and that the output has. May run numpy's code,
  /// whose exceptions mean that there is nothing to learn.
  void learn(PyObject* written);

 private:
  struct Form {
    pybind11::object type;  ///< kept, so that its address stays its identity
    std::uint64_t callable = 0;
    std::uint64_t dtype = 0;
    std::size_t size = 0;  ///< of the value, which follows the object's head; 0: it has to be asked each time
  };
  [[nodiscard]] std::optional<Form> form_of(pybind11::handle written) const;

  Output& out_;
  std::unordered_map<PyTypeObject*, Form> forms_;
};

}  // namespace snapshot_test::host::pickling
