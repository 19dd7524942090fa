// The extension module diff_tester._core. The package python/diff_tester is what people use; the names here are its
// own.
#include <pybind11/pybind11.h>

#include "bindings/parts.hpp"
#include "host/host.hpp"

#ifdef Py_GIL_DISABLED
#error "diff_tester needs the GIL: build it for a CPython that is not free-threaded"
#endif

namespace snapshot_test::bindings {

namespace py = pybind11;

namespace {

bool is_main_interpreter() { return PyInterpreterState_Get() == PyInterpreterState_Main(); }
constexpr const char* kRefusal = "diff_tester cannot be used in a sub-interpreter; import it in the main interpreter";

}  // namespace

// Imported as _core: see below.
PYBIND11_MODULE(_checked, module) {
  // From 3.13 on Python calls PyInit__core() in the main interpreter, whichever imports, and this where it imports.
  if (!is_main_interpreter()) {
    throw py::import_error(kRefusal);
  }
  module.doc() = "The C++ library of snapshot_test. Private: use diff_tester.snapshot.";
  module.attr("version") = ST_VERSION;
  module.def("host", &host::run_in_interpreter, py::arg("supervisor"),
             "Serves as a host of the supervisor with this pid, over descriptor 3. Never returns.");
  add_discovery(module);
  add_runner(module);
  add_tracer(module);
  add_rng(module);
  add_config(module);
  add_storage(module);
  add_comparator(module);
}

}  // namespace snapshot_test::bindings

// What Python calls. The trace hook has one slot a process and the entropy stream is one a process, so there can be no
// second interpreter; pybind11 itself would wait for ever in one.
extern "C" PYBIND11_EXPORT PyObject* PyInit__core() {
  using namespace snapshot_test::bindings;
  if (!is_main_interpreter()) {
    PyErr_SetString(PyExc_ImportError, kRefusal);
    return nullptr;
  }
  return PyInit__checked();
}
