// The extension module diff_tester._core. The package python/diff_tester is what people use; the names here are its
// own.
#include <pybind11/pybind11.h>

#include "bindings/parts.hpp"
#include "host/host.hpp"

namespace snapshot_test::bindings {

namespace py = pybind11;

PYBIND11_MODULE(_core, module) {
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
