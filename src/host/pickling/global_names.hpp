// By which name a class or a function can be imported: the checks of Lib/pickle.py's save_global.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <unordered_map>

namespace snapshot_test::host::pickling {

struct GlobalName {
  pybind11::object object;  ///< kept alive, so that its address stays its identity
  std::string module;
  std::string qualname;
  bool found = false;  ///< the name leads to the object
};

/// Remembers what it finds out. May import the module that an object names. Needs the GIL in every call and when it is
/// destroyed; throws error_already_set for KeyboardInterrupt and MemoryError only.
class GlobalNames {
 public:
  /// `name` is what a reduction calls it; null: its own __qualname__ or __name__. Valid as long as this.
  const GlobalName& of(PyObject* object, PyObject* name);

 private:
  std::unordered_map<PyObject*, GlobalName> known_;
};

}  // namespace snapshot_test::host::pickling
