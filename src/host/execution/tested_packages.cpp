#include "host/execution/tested_packages.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "host/execution/suite_modules.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

constexpr std::size_t kMostUsed = 3;

/// The attribute as text; empty where there is none.
std::string text_attribute(const py::handle object, const char* name) {
  const py::object value = py::getattr(object, name, py::none());
  return py::isinstance<py::str>(value) ? value.cast<std::string>() : "";
}

/// The first folder of a package's search path; empty where it is no package.
std::string package_folder(const py::handle locations) {
  for (const py::handle location : py::iter(locations)) {
    return py::isinstance<py::str>(location) ? location.cast<std::string>() : "";
  }
  return "";
}

std::string absolute(const std::string& path) {
  return path.empty() ? path : std::filesystem::absolute(path).lexically_normal().string();
}

std::string location_of_module(const py::handle module) {
  const py::object path = py::getattr(module, "__path__", py::none());
  return absolute(path.is_none() ? text_attribute(module, "__file__") : package_folder(path));
}

/// Where an import would find it, without importing it.
std::string location_to_import(const std::string& name) {
  const py::object spec = py::module_::import("importlib.util").attr("find_spec")(name);
  if (spec.is_none()) return "";
  const py::object folders = spec.attr("submodule_search_locations");
  return absolute(folders.is_none() ? text_attribute(spec, "origin") : package_folder(folders));
}

std::string version_of(const std::string& name, const py::handle module) {
  if (module) {
    if (std::string version = text_attribute(module, "__version__"); !version.empty()) return version;
  }
  const py::module_ metadata = py::module_::import("importlib.metadata");
  try {
    return metadata.attr("version")(name).cast<std::string>();
  } catch (const py::error_already_set& error) {
    if (error.matches(metadata.attr("PackageNotFoundError"))) return "";
    throw;
  }
}

bool is_standard(const std::string& location) {
  const py::dict paths = py::module_::import("sysconfig").attr("get_paths")();
  for (const char* kind : {"stdlib", "platstdlib"}) {
    const auto folder = absolute(paths[kind].cast<std::string>()) + "/";
    const bool below = location.starts_with(folder);
    if (below && location.find("-packages/", folder.size()) == std::string::npos) return true;
  }
  return false;
}

/// One that is not there, or cannot be looked at, has no location.
model::TestedPackage look_at(const std::string& name) try {
  model::TestedPackage package;
  package.name = name;
  const py::dict modules = py::module_::import("sys").attr("modules");
  const py::object module = modules.contains(name) ? py::object(modules[name.c_str()]) : py::object();
  package.location = module && !module.is_none() ? location_of_module(module) : location_to_import(name);
  if (!package.location.empty()) package.version = version_of(name, module);
  return package;
} catch (const py::error_already_set&) {
  return {};
}

}  // namespace

std::vector<model::TestedPackage> tested_packages(const std::vector<std::string>& projects, const std::string& root) {
  std::vector<model::TestedPackage> tested;
  for (const std::string& name : projects) {
    if (model::TestedPackage package = look_at(name); !package.location.empty()) tested.push_back(std::move(package));
  }
  if (!tested.empty()) return tested;
  std::vector<std::pair<std::size_t, std::string>> most_used;
  for (const auto& [name, users] : package_users(root).users) most_used.emplace_back(users, name);
  std::sort(most_used.begin(), most_used.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  for (const auto& [users, name] : most_used) {
    model::TestedPackage package = look_at(name);
    if (!package.location.empty() && !is_standard(package.location) && tested.size() < kMostUsed) {
      tested.push_back(std::move(package));
    }
  }
  return tested;
}

}  // namespace snapshot_test::host::execution
