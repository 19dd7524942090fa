// Naming a call that was seen: "module.qualname".
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <unordered_map>

namespace snapshot_test::host::trace {

/// Names code objects. Before 3.11 a code object does not know its qualified name, so the module it ran in is searched,
/// once, for the function, class or enclosing function that it is part of. Needs the GIL; throws nothing: where there
/// is no better name it is the code object's bare one.
class FunctionNames {
 public:
  /// `globals` is the dictionary that the code ran with.
  [[nodiscard]] std::string name(pybind11::handle code, pybind11::handle globals);

 private:
  using Names = std::unordered_map<const PyObject*, std::string>;
  const Names& names_in(pybind11::handle globals);

  std::unordered_map<const PyObject*, Names> modules_;
};

}  // namespace snapshot_test::host::trace
