// Whether a suite's modules change what their imports find.
#pragma once

#include <pybind11/pybind11.h>

namespace snapshot_test::host::execution {

/// Follows the imports of a suite. Libraries may be imported ahead of its modules only where these would find the same
/// ones: a module that puts a folder on sys.path, or sets a variable that a library reads as it is loaded, has to come
/// first. Needs the GIL; may throw error_already_set.
class ImportWatch {
 public:
  /// To be called before each import of a module of the suite, the root package's first: what that one changes, it
  /// changes in every process before anything else is imported.
  void before_import();
  /// After the last import: does a process that has imported no more than the root package find what was found here?
  [[nodiscard]] bool finds_the_same() const;

 private:
  [[nodiscard]] static pybind11::tuple surroundings();
  [[nodiscard]] bool is_found_where_it_was(pybind11::handle name, pybind11::handle module) const;

  int imports_ = 0;
  pybind11::object before_ = pybind11::none();  ///< surroundings(), once the root package is imported
  pybind11::object loaded_ = pybind11::none();  ///< names of modules, as before_
};

}  // namespace snapshot_test::host::execution
