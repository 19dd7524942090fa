#include "host/execution/project_code.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "host/execution/suite_modules.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;
namespace fs = std::filesystem;

namespace {

bool is_below(const std::string& path, const std::vector<std::string>& folders) {
  std::error_code ignored;
  const fs::path real = fs::weakly_canonical(path, ignored);
  return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
    std::error_code code;
    const fs::path root = fs::weakly_canonical(folder, code);
    return std::mismatch(root.begin(), root.end(), real.begin(), real.end()).first == root.end();
  });
}

/// Of the module's own dict: a lazy module would run its `__getattr__` otherwise.
std::string file_of(const py::handle module) {
  const auto dict = py::reinterpret_borrow<py::dict>(PyModule_GetDict(module.ptr()));
  const char* key = "__file__";
  return dict.contains(key) && py::isinstance<py::str>(dict[key]) ? dict[key].cast<std::string>() : "";
}

bool is_projects(const std::string& module, const model::ProjectCode& code) {
  return std::find(code.packages.begin(), code.packages.end(), module.substr(0, module.find('.'))) !=
         code.packages.end();
}

/// The file from which an import would take it; empty where there is none.
std::string file_to_import(const std::string& name) try {
  const py::object spec = py::module_::import("importlib.util").attr("find_spec")(name);
  const py::object origin = spec.is_none() ? spec : py::object(spec.attr("origin"));
  return py::isinstance<py::str>(origin) ? origin.cast<std::string>() : "";
} catch (const py::error_already_set&) {
  return "";  // what cannot be found is not there
}

}  // namespace

std::vector<model::StrayModule> stray_modules(const model::ProjectCode& code) {
  std::vector<model::StrayModule> strays;
  if (code.packages.empty()) {
    return strays;
  }
  for_each_loaded_module([&](const std::string& name, const py::handle& module) {
    const std::string file = is_projects(name, code) ? file_of(module) : "";
    if (!file.empty() && !is_below(file, code.folders)) {
      strays.push_back({name, file});
    }
  });
  std::sort(strays.begin(), strays.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return strays;
}

bool has_project(const model::ProjectCode& code) {
  bool loaded = false;
  for_each_loaded_module([&](const std::string& name, const py::handle& module) {
    loaded = loaded || (is_projects(name, code) && is_below(file_of(module), code.folders));
  });
  return loaded || std::any_of(code.packages.begin(), code.packages.end(), [&](const std::string& name) {
           const std::string file = file_to_import(name);
           return !file.empty() && is_below(file, code.folders);
         });
}

std::string stray_text(const std::vector<model::StrayModule>& strays, const model::ProjectCode& code) {
  return fmt::format("{} was imported from {}{}, not from the code that is to be tested ({})", strays.front().name,
                     strays.front().path,
                     strays.size() > 1 ? fmt::format(" (and {} more modules from elsewhere)", strays.size() - 1) : "",
                     fmt::join(code.folders, ", "));
}

}  // namespace snapshot_test::host::execution
