// The parts of the extension module, one source file each. Each adds its functions and classes to the module; needs the
// GIL.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

namespace snapshot_test::bindings {

void add_discovery(pybind11::module_& module);
void add_runner(pybind11::module_& module);
void add_tracer(pybind11::module_& module);
void add_rng(pybind11::module_& module);

/// A suite of this name from another folder, imported by an earlier call, makes room: one process may look at several
/// projects, and most suites are called "benchmarks". Nothing happens where the folder is no suite.
void make_room(const std::string& benchmark_dir);
void add_config(pybind11::module_& module);
void add_storage(pybind11::module_& module);
void add_comparator(pybind11::module_& module);

}  // namespace snapshot_test::bindings
