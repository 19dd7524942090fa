#include "host/pickling/libraries.hpp"

#include <string>

#include "host/pickling/reducers_file.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

namespace {

void run(const LibrarySource& source, const py::dict& scope) {
  const py::object code = py::module_::import("builtins")
                              .attr("compile")(py::str(source.text.data(), source.text.size()),
                                               "<snapshot_test " + std::string(source.file) + ">", "exec", 0,
                                               py::arg("dont_inherit") = true);
  const auto ran = py::reinterpret_steal<py::object>(PyEval_EvalCode(code.ptr(), scope.ptr(), scope.ptr()));
  if (!ran) {
    throw py::error_already_set();
  }
}

void load(const LibrarySource& source, Reducers& reducers) {
  py::dict scope;
  scope["__builtins__"] = py::module_::import("builtins");
  scope["__name__"] = "snapshot_test.reducers." + std::string(source.package);
  run(library_prelude(), scope);
  run(source, scope);
  if (const auto added = add_reducers(reducers, scope); !added) {
    PyErr_SetString(PyExc_TypeError, added.error().message.c_str());
    throw py::error_already_set();
  }
}

}  // namespace

void add_libraries(Reducers& reducers) {
  for (const LibrarySource& source : library_sources()) {
    reducers.add_library(std::string(source.package), [&source](Reducers& added) { load(source, added); });
  }
}

}  // namespace snapshot_test::host::pickling
