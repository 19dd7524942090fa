#include "host/pickling/type_routes.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "host/pickling/class_layout.hpp"
#include "host/pickling/save_number.hpp"
#include "host/pickling/type_names.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

const TypeRoute& TypeRoutes::of(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  if (const auto known = known_.find(type); known != known_.end()) {
    return known->second;
  }
  TypeRoute route;
  route.type = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(type));
  route.route = classify(object, &route.reducer);
  return known_.emplace(type, std::move(route)).first->second;
}

Route TypeRoutes::classify(PyObject* object, const Reducer** reducer) {
  PyTypeObject* type = Py_TYPE(object);
  if (arrays_.is_array(type)) {
    return Route::kArray;
  }
  *reducer = reducers_.find(reinterpret_cast<PyObject*>(type));
  if (*reducer != nullptr) {
    return Route::kRegistered;
  }
  if (arrays_.is_dtype(type)) {
    return Route::kDtype;
  }
  if (type == &PyFunction_Type) {
    return Route::kFunction;
  }
  if (PyType_IsSubtype(type, &PyType_Type) != 0) {
    return Route::kClass;
  }
  // The iterators of the language itself, and those of Python classes. Some can be pickled, by some versions of Python:
  // as what they would be made from, which says less than what they give.
  if (PyIter_Check(object) != 0) {
    const std::string name = type_name(reinterpret_cast<PyObject*>(type));
    constexpr std::array<std::string_view, 4> kModules = {"builtins.", "itertools.", "_collections.", "collections._"};
    const auto is_in = [&](std::string_view module) { return name.starts_with(module); };
    if (is_python_class(type) || std::any_of(kModules.begin(), kModules.end(), is_in)) {
      return Route::kIterator;
    }
  }
  return is_numpy_scalar(type) ? Route::kNumber : Route::kReduce;
}

}  // namespace snapshot_test::host::pickling
