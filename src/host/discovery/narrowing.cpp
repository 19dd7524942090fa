#include "host/discovery/narrowing.hpp"

#include <pybind11/eval.h>
#include <pybind11/stl.h>

#include "host/discovery/benchmark_type.hpp"
#include "host/discovery/python.hpp"
#include "host/discovery/python_sources.hpp"
#include "host/discovery/root.hpp"

namespace snapshot_test::host::discovery {

std::set<std::string> modules_to_skip(const std::filesystem::path& benchmark_dir, const std::string& regex,
                                      const std::set<std::string>& wanted) {
  const auto root = check_tree(benchmark_dir);
  if (!root || regex.empty()) {
    return {};
  }
  try {
    if (BenchmarkTypes::load().has_plugins()) {
      return {};  // their benchmarks may be called anything
    }
    py::dict names;
    names["__builtins__"] = py::module_::import("builtins");
    py::exec(std::string(narrowing_source()), names);
    return names["modules_to_skip"](root->package, root->dir.string(), regex, wanted).cast<std::set<std::string>>();
  } catch (const py::error_already_set&) {
    return {};  // a plugin that raises; discovery says so
  }
}

}  // namespace snapshot_test::host::discovery
