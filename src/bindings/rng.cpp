// The generators of the calling process, made the same every time, and given back.
#include <pybind11/pybind11.h>

#include "bindings/parts.hpp"
#include "host/interpreter/determinism.hpp"

namespace snapshot_test::bindings {

namespace py = pybind11;

void add_rng(py::module_& module) {
  using host::interpreter::ReplacedEntropy;
  py::class_<ReplacedEntropy>(module, "ReplacedEntropy").def("restore", &ReplacedEntropy::restore);
  module.def("replace_entropy", &host::interpreter::replace_entropy, py::arg("seed"));
  module.def("reseed", &host::interpreter::reseed, py::arg("seed"));
}

}  // namespace snapshot_test::bindings
