// numpy arrays, straight from their memory, and dtypes.
#pragma once

#include <Python.h>

#include <cstdint>
#include <string>
#include <unordered_map>

#include "host/pickling/array_view.hpp"
#include "host/pickling/save_reduce.hpp"
#include "host/pickling/walk.hpp"

namespace snapshot_test::host::pickling {

/// For one dump: all arguments outlive it. GIL held throughout.
class ArraySaver {
 public:
  ArraySaver(Walk& walk, ArrayTypes& types, ReductionSaver& reductions)
      : walk_(walk), out_(walk.out()), record_(walk.record()), types_(types), reductions_(reductions) {}

  /// An exact numpy.ndarray. By its own reduction where its elements are not plain memory.
  [[nodiscard]] Result<void> save_array(PyObject* array);
  [[nodiscard]] Result<void> save_dtype(PyObject* dtype);

 private:
  void save_elements_of(PyObject* array, const ArrayView& view);

  Walk& walk_;
  Output& out_;
  DumpRecord& record_;
  ArrayTypes& types_;
  ReductionSaver& reductions_;
  std::unordered_map<std::string, std::uint64_t> dtypes_;  ///< dtype.str of plain dtypes → memo number
};

}  // namespace snapshot_test::host::pickling
