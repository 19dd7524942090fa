#include "host/execution/child_processes.hpp"

#include <pybind11/eval.h>
#include <pybind11/pybind11.h>

#include <string>

#include "host/discovery/root.hpp"
#include "host/interpreter/interpreter.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

/// A worker is an interpreter of its own, which first loads what its parent pickled for it. Among that goes an object
/// that installs this same program there: for its finder, and for workers of the worker.
constexpr const char* kProgram = R"=python=(
def install(package, folder, regular, source):
    import os, sys
    from importlib.machinery import ModuleSpec, PathFinder

    places = ("multiprocessing.spawn", "loky.backend.spawn", "joblib.externals.loky.backend.spawn")

    class Suite:
        def __reduce__(self):
            names = {"package": package, "folder": folder, "regular": regular, "source": source}
            return exec, (source + "\ninstall(package, folder, regular, source)", names)

    class Finder:
        _snapshot_test_root = folder

        @staticmethod
        def find_spec(name, path=None, target=None):
            if name != package:
                return None
            if regular:
                return PathFinder.find_spec(name, [os.path.dirname(folder)], target)
            spec = ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = [folder]
            return spec

    def add_suite(module):
        original = module.get_preparation_data

        def get_preparation_data(*args, **kwargs):
            return dict(original(*args, **kwargs), snapshot_test_suite=Suite())

        module.get_preparation_data = get_preparation_data

    class Watch:
        @staticmethod
        def find_spec(name, path=None, target=None):
            spec = PathFinder.find_spec(name, path, target) if name in places else None
            if spec is not None and spec.loader is not None:
                execute = spec.loader.exec_module

                def exec_module(module):
                    execute(module)
                    add_suite(module)

                spec.loader.exec_module = exec_module
            return spec

    if not any(getattr(finder, "_snapshot_test_root", None) == folder for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder)
    sys.meta_path.insert(0, Watch)
    for name in places:
        if name in sys.modules:
            add_suite(sys.modules[name])
)=python=";

}  // namespace

void prepare_for_children(const model::HostStart& start) {
  if (!start.project_dir.empty()) {
    const py::object environ = interpreter::module("os").attr("environ");
    const std::string before = environ.attr("get")("PYTHONPATH", "").cast<std::string>();
    environ["PYTHONPATH"] = before.empty() ? start.project_dir : start.project_dir + ":" + before;
  }
  const auto root = discovery::check_tree(start.benchmark_dir);
  if (!root) {
    return;  // discovery says so
  }
  py::dict names;
  names["__builtins__"] = interpreter::module("builtins");
  py::exec(kProgram, names);
  names["install"](root->package, root->dir.string(), root->regular_package, kProgram);
}

}  // namespace snapshot_test::host::execution
