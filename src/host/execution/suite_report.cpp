#include "host/execution/suite_report.hpp"

#include "host/discovery/files_in_use.hpp"
#include "host/discovery/narrowing.hpp"
#include "host/discovery/root.hpp"
#include "util/try.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>

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

/// Calls `visit(name, module)` for every module that is loaded and still is one.
template <class Visit>
void for_each_loaded(Visit visit) {
  const py::dict modules(py::module_::import("sys").attr("modules").attr("copy")());
  for (const std::pair<py::handle, py::handle> entry : modules) {
    if (py::isinstance<py::str>(entry.first) && py::isinstance<py::module_>(entry.second)) {
      visit(entry.first.cast<std::string>(), entry.second);
    }
  }
}

/// Top-level packages that at least half of the suite's modules use, and the suite's root package. They are imported
/// once, before the modules' processes are forked.
std::vector<std::string> common_modules(const std::string& root) {
  std::map<std::string, std::size_t> users;
  std::size_t suite_modules = 0;
  for_each_loaded([&](const std::string& name, const py::handle& module) {
    if (top_level(name) != root) {
      return;
    }
    ++suite_modules;
    std::set<std::string> used;
    const py::dict globals(module.attr("__dict__").attr("copy")());
    for (const auto& [key, value] : globals) {
      used.insert(top_level(origin_of(value)));
    }
    for (const std::string& package : used) {
      ++users[package];
    }
  });
  std::vector<std::string> common;
  for (const auto& [package, count] : users) {
    if (!package.empty() && package != root && package != "builtins" && package != "__main__" &&
        2 * count >= suite_modules) {
      common.push_back(package);
    }
  }
  common.push_back(root);
  return common;
}

/// Versions of the top-level packages that are loaded and name one.
std::map<std::string, std::string> package_versions() {
  std::map<std::string, std::string> versions;
  for_each_loaded([&](const std::string& name, const py::handle& module) {
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

/// Where they cannot be told, there are none, and nothing that a capture has seen is used by another.
void add_files(model::DiscoverReply& reply, const std::string& scratch) {
  try {
    const std::string root = discovery::root_package(reply.suite.root);
    discovery::FilesInUse files = discovery::files_in_use(root, scratch);
    reply.files = std::move(files.packages);
    reply.sources = std::move(files.modules);
  } catch (const py::error_already_set& error) {
    reply.suite.notes.push_back(std::string("this capture cannot be resumed: ") + error.what());
  }
}

}  // namespace

Result<model::DiscoverReply> describe_suite(const Context& context, const model::DiscoverRequest& request,
                                            const discovery::OnImport& on_import) {
  model::DiscoverReply reply;
  model::Suite stored;
  stored.benchmarks = request.stored;
  auto stored_selected = discovery::select(stored, request.filter);
  if (!stored_selected) {
    reply.filter_error = stored_selected.error().message;
    return reply;
  }
  reply.stored_selected = std::move(*stored_selected);
  std::set<std::string> wanted;  // what the store says is there is looked for where it was
  for (std::size_t i = 0; i < stored.benchmarks.size(); ++i) {
    if (!reply.stored_selected[i].empty()) {
      wanted.insert(stored.benchmarks[i].module);
    }
  }
  std::set<std::string> skip = discovery::modules_to_skip(context.start.benchmark_dir, request.filter, wanted);
  for (;;) {
    TRY_ASSIGN(auto suite, discovery::discover(context.start.benchmark_dir, on_import, request.lost, {}, skip));
    reply.suite = std::move(suite);
    TRY_ASSIGN(auto selected, discovery::select(reply.suite, request.filter));
    reply.selected = std::move(selected);
    const bool nothing = std::all_of(reply.selected.begin(), reply.selected.end(),
                                     [](const std::vector<std::size_t>& indices) { return indices.empty(); });
    if (!nothing || skip.empty()) {
      break;
    }
    skip.clear();  // to say of how many benchmarks it matches none, all have to be known
  }
  reply.not_imported = skip.size();
  reply.packages = package_versions();
  if (request.files) {
    add_files(reply, context.start.workdir);
  }
  reply.common_modules = common_modules(discovery::root_package(context.start.benchmark_dir));
  return reply;
}

}  // namespace snapshot_test::host::execution
