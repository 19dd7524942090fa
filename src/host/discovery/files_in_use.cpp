#include "host/discovery/files_in_use.hpp"

#include <pybind11/eval.h>
#include <pybind11/stl.h>

#include <utility>

#include "host/discovery/python.hpp"
#include "host/discovery/python_sources.hpp"

namespace snapshot_test::host::discovery {

FilesInUse files_in_use(const std::string& root, const std::string& ignored) {
  py::dict names;
  names["__builtins__"] = py::module_::import("builtins");
  py::exec(std::string(files_in_use_source()), names);
  auto [packages, modules] =
      names["files_in_use"](root, ignored)
          .cast<std::pair<std::map<std::string, std::string>, std::map<std::string, std::string>>>();
  return {std::move(packages), std::move(modules)};
}

}  // namespace snapshot_test::host::discovery
