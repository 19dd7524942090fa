// Discovery in the calling process: the suite's modules are imported here, and parameters are the live values.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <map>
#include <string>
#include <vector>

#include "bindings/errors.hpp"
#include "bindings/parts.hpp"
#include "host/discovery/discovery.hpp"
#include "host/discovery/root.hpp"

namespace snapshot_test::bindings {

namespace py = pybind11;
namespace discovery = host::discovery;

namespace {

/// The names of the arguments that the benchmark is called with; empty where Python does not know them.
py::list argument_names(const py::object& callable) {
  try {
    return py::list(py::module_::import("inspect").attr("signature")(callable).attr("parameters"));
  } catch (const py::error_already_set& error) {
    if (!error.matches(PyExc_TypeError) && !error.matches(PyExc_ValueError)) {
      throw;
    }
    return py::list();
  }
}

/// What the Python class BenchmarkInfo is made of.
py::dict describe(const model::Benchmark& benchmark, const discovery::BoundBenchmark& bound,
                  const discovery::Params& params) {
  py::list axes;
  for (const py::list& axis : params.axes) {
    axes.append(axis);
  }
  const auto setups = discovery::find_hooks(bound.sources).setups;
  py::dict info;
  info["name"] = benchmark.function;
  info["module_path"] = benchmark.module;
  info["benchmark_type"] = benchmark.class_name.empty() ? "function" : "method";
  info["class_name"] = benchmark.class_name.empty() ? py::object(py::none()) : py::str(benchmark.class_name);
  info["params"] = axes;
  info["param_names"] = params.names;
  info["names_given"] = !discovery::first_attribute(bound.sources, "param_names").is_none();
  info["setup_method"] =
      setups.empty() ? py::object(py::none()) : py::getattr(setups.back(), "__name__", py::str("setup"));
  info["has_setup"] = !setups.empty();
  info["has_setup_cache"] = benchmark.setup_cache_key.has_value();
  info["method_params"] = argument_names(bound.callable);
  info["full_name"] = benchmark.name;
  info["asv_type"] = benchmark.type;
  info["file"] = benchmark.file;
  info["line"] = benchmark.line;
  return info;
}

/// (benchmarks, failures, notes)
py::tuple discover(const std::string& benchmark_dir, const std::vector<std::string>& also) {
  make_room(benchmark_dir);
  std::map<std::string, py::dict> described;
  const model::Suite suite = or_benchmark_error(discovery::discover(
      benchmark_dir, {}, {},
      [&](const model::Benchmark& benchmark, const discovery::BoundBenchmark& bound, const discovery::Params& params) {
        described[benchmark.name] = describe(benchmark, bound, params);
      },
      {}, also));
  py::list benchmarks;
  for (const model::Benchmark& each : suite.benchmarks) {
    benchmarks.append(described.at(each.name));
  }
  py::list failures;
  for (const model::DiscoveryFailure& each : suite.failures) {
    failures.append(py::make_tuple(each.where, each.cause, each.traceback));
  }
  return py::make_tuple(benchmarks, failures, suite.notes);
}

void forget(const std::string& benchmark_dir) {
  if (const auto root = discovery::check_tree(benchmark_dir)) {
    discovery::forget_modules(*root, discovery::Forget::kThis);
  }
}

}  // namespace

void make_room(const std::string& benchmark_dir) {
  if (const auto root = discovery::check_tree(benchmark_dir)) {
    discovery::forget_modules(*root, discovery::Forget::kOthers);
  }
}

void add_discovery(py::module_& module) {
  module.def("discover", &discover, py::arg("benchmark_dir"), py::arg("also"));
  module.def("forget_suite", &forget, py::arg("benchmark_dir"));
}

}  // namespace snapshot_test::bindings
