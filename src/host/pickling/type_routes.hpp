// How instances of a type are written.
#pragma once

#include <pybind11/pybind11.h>

#include <unordered_map>

#include "host/pickling/array_view.hpp"
#include "host/pickling/reducers.hpp"

namespace snapshot_test::host::pickling {

enum class Route { kReduce, kClass, kFunction, kArray, kDtype, kIterator, kRegistered, kNumber };

struct TypeRoute {
  pybind11::object type;  ///< kept alive, so that its address stays its identity
  Route route = Route::kReduce;
  const Reducer* reducer = nullptr;  ///< kRegistered only
};

/// Decides once for each type. Needs the GIL in every call and when it is destroyed.
class TypeRoutes {
 public:
  /// Both are borrowed and must outlive this.
  TypeRoutes(const Reducers& reducers, ArrayTypes& arrays) : reducers_(reducers), arrays_(arrays) {}
  /// Valid as long as this. What went wrong when a library's reducers were loaded is in Reducers::problems().
  const TypeRoute& of(PyObject* object);

 private:
  Route classify(PyObject* object, const Reducer** reducer);

  const Reducers& reducers_;
  ArrayTypes& arrays_;
  std::unordered_map<PyTypeObject*, TypeRoute> known_;
};

}  // namespace snapshot_test::host::pickling
