// The parts of the extension module, one source file each. Each adds its functions and classes to the module; needs the
// GIL.
#pragma once

#include <pybind11/pybind11.h>

namespace snapshot_test::bindings {

void add_comparator(pybind11::module_& module);

}  // namespace snapshot_test::bindings
