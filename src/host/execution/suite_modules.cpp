#include "host/execution/suite_modules.hpp"

#include <set>
#include <utility>

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

std::string top_level(const std::string& module) { return module.substr(0, module.find('.')); }

/// The name of the module that a global of a suite's module comes from; empty where that cannot be told.
std::string origin_of(const py::handle value) {
  py::object name;
  if (py::isinstance<py::module_>(value)) {
    name = py::reinterpret_steal<py::object>(PyObject_GetAttrString(value.ptr(), "__name__"));
  } else if (PyType_Check(value.ptr()) != 0 || PyFunction_Check(value.ptr()) != 0 ||
             PyCFunction_Check(value.ptr()) != 0) {
    name = py::reinterpret_steal<py::object>(PyObject_GetAttrString(value.ptr(), "__module__"));
  }
  if (!name) {
    PyErr_Clear();
    return "";
  }
  return py::isinstance<py::str>(name) ? name.cast<std::string>() : "";
}

}  // namespace

void for_each_loaded_module(const std::function<void(const std::string&, const py::handle&)>& visit) {
  const py::dict modules(py::module_::import("sys").attr("modules").attr("copy")());
  for (const std::pair<py::handle, py::handle> entry : modules) {
    if (py::isinstance<py::str>(entry.first) && py::isinstance<py::module_>(entry.second)) {
      visit(entry.first.cast<std::string>(), entry.second);
    }
  }
}

PackageUsers package_users(const std::string& root) {
  PackageUsers found;
  for_each_loaded_module([&](const std::string& name, const py::handle& module) {
    if (top_level(name) != root) {
      return;
    }
    ++found.suite_modules;
    std::set<std::string> used;
    const py::dict globals(module.attr("__dict__").attr("copy")());
    for (const auto& [key, value] : globals) {
      used.insert(top_level(origin_of(value)));
    }
    for (const std::string& package : used) {
      ++found.users[package];
    }
  });
  for (const std::string& none : {std::string(), root, std::string("builtins"), std::string("__main__")}) {
    found.users.erase(none);
  }
  return found;
}

std::map<std::string, std::string> package_versions() {
  std::map<std::string, std::string> versions;
  for_each_loaded_module([&](const std::string& name, const py::handle& module) {
    if (name.find('.') != std::string::npos) {
      return;
    }
    const py::object version = py::reinterpret_steal<py::object>(
        PyDict_Contains(PyModule_GetDict(module.ptr()), py::str("__version__").ptr()) == 1
            ? PyObject_GetAttrString(module.ptr(), "__version__")
            : nullptr);
    PyErr_Clear();
    if (version && py::isinstance<py::str>(version)) {
      versions.emplace(name, version.cast<std::string>());
    }
  });
  return versions;
}

}  // namespace snapshot_test::host::execution
