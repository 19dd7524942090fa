// What a benchmark's code reaches by a name of its own, and what that is made of.
#pragma once

#include <pybind11/pybind11.h>

#include <map>
#include <string>
#include <vector>

#include "host/discovery/live_benchmark.hpp"
#include "host/pickling/reducers.hpp"

namespace snapshot_test::host::execution {

/// "self.table", "args[0]", "globals.CACHE" → the value: attributes of the benchmark's instance and of that one's
/// class, its arguments, its module's globals, the variables it closes over, the globals of exec'd functions it keeps.
/// Code (functions, classes, modules) is left out. All of this needs the GIL.
using Named = std::map<std::string, pybind11::object>;
[[nodiscard]] Named reachable_names(const discovery::LiveBenchmark& benchmark, const pybind11::tuple& args);

/// A value that is looked at as a whole.
struct StatePart {
  std::string top;  ///< the name that it was reached by
  pybind11::object value;
  std::vector<PyObject*> above;  ///< the instances that it is an attribute of, outermost first; borrowed
};

/// The values of `named`, where instances of ordinary classes stand as their attributes ("self.solver.x"), so that one
/// can tell an attribute that changed from one that was added. Instances with a reduction of their own are one leaf.
[[nodiscard]] std::map<std::string, StatePart> leaves_of(const Named& named, const pickling::Reducers& reducers);

/// Numbers, texts, arrays of numbers, code, and built-in containers of these: looking at it runs nobody's code.
[[nodiscard]] bool is_plain_data(pybind11::handle value);

/// Code, as opposed to data: what a namespace defines rather than holds.
[[nodiscard]] bool is_code(PyObject* value);

}  // namespace snapshot_test::host::execution
