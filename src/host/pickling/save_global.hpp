// Classes and functions, by the names that lead to them: the checks of Lib/pickle.py's save_global.
#pragma once

#include "host/pickling/global_names.hpp"
#include "host/pickling/save_description.hpp"
#include "host/pickling/walk.hpp"

namespace snapshot_test::host::pickling {

/// For one dump: both arguments outlive it. GIL held throughout.
class GlobalSaver {
 public:
  GlobalSaver(Walk& walk, DescriptionSaver& descriptions)
      : walk_(walk), out_(walk.out()), record_(walk.record()), descriptions_(descriptions) {}

  /// By its name, or as a description where none leads to it.
  [[nodiscard]] Result<void> save_class(PyObject* type);
  [[nodiscard]] Result<void> save_function(PyObject* function);

  /// GlobalNames::of().
  [[nodiscard]] const GlobalName& name_of(PyObject* object, PyObject* name) { return names_.of(object, name); }
  /// A name that was found, for `object`.
  void write(PyObject* object, const GlobalName& global);
  /// Can an unpickler get at what is to be called? False for classes and functions that no name leads to.
  [[nodiscard]] bool is_loadable(PyObject* callable);

 private:
  Walk& walk_;
  Output& out_;
  DumpRecord& record_;
  DescriptionSaver& descriptions_;
  GlobalNames names_;
};

}  // namespace snapshot_test::host::pickling
