#include "host/execution/imported_suite.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "host/execution/open_watch.hpp"
#include "host/execution/suite_modules.hpp"
#include "host/interpreter/interpreter.hpp"
#include "snapshot_test/model/tested.hpp"
#include "store/digest.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;
namespace fs = std::filesystem;

namespace {

/// Of the module's own dict: a lazy module would run its `__getattr__` otherwise.
std::string own_file_of(const py::handle module) {
  PyObject* file = PyDict_GetItemString(PyModule_GetDict(module.ptr()), "__file__");  // borrowed
  return file != nullptr && PyUnicode_Check(file) != 0 ? py::cast<std::string>(py::handle(file)) : "";
}

std::map<std::string, std::string> imported_modules(const std::vector<std::string>& projects,
                                                    const std::vector<model::TestedPackage>& used) {
  std::map<std::string, std::string> files;
  for_each_loaded_module([&](const std::string& name, const py::handle& module) {
    const std::string top = name.substr(0, name.find('.'));
    const bool is_projects = std::find(projects.begin(), projects.end(), top) != projects.end();
    const bool is_used = std::any_of(used.begin(), used.end(), [&](const auto& each) { return each.name == name; });
    const std::string file = is_projects || is_used ? own_file_of(module) : "";
    if (!file.empty()) {
      files[name] = file;
    }
  });
  return files;
}

/// Where environments lie may differ, so a file counts by its name. Files of one name count together.
void add_start_up_file(std::map<std::string, std::string>& files, const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return;
  }
  const std::string digest = store::sha256_hex(std::string(std::istreambuf_iterator<char>(in), {}));
  std::string& all = files[file.filename().string()];
  all += (all.empty() ? "" : ",") + digest;
}

void add_pth_files(std::map<std::string, std::string>& files, const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator each(folder, error); !error && each != fs::directory_iterator(); each.increment(error)) {
    if (each->path().extension() == ".pth") {
      found.push_back(each->path());
    }
  }
  std::sort(found.begin(), found.end());
  for (const fs::path& each : found) {
    add_start_up_file(files, each);
  }
}

/// Loaded or not; empty where there is none.
std::string start_up_file_of(const char* name) try {
  PyObject* loaded = PyDict_GetItemString(PyImport_GetModuleDict(), name);  // borrowed
  if (loaded != nullptr && PyModule_Check(loaded) != 0) {
    return own_file_of(loaded);
  }
  const py::object spec = interpreter::module("importlib.util").attr("find_spec")(name);
  const py::object origin = spec.is_none() ? spec : py::object(spec.attr("origin"));
  return py::isinstance<py::str>(origin) ? origin.cast<std::string>() : "";
} catch (const py::error_already_set&) {
  return "";  // what cannot be found is not there
}

std::map<std::string, std::string> start_up_files() {
  std::map<std::string, std::string> files;
  const py::module_ site = interpreter::module("site");
  py::list folders(site.attr("getsitepackages")());
  if (py::bool_(site.attr("ENABLE_USER_SITE"))) {
    folders.append(site.attr("getusersitepackages")());
  }
  for (const py::handle folder : folders) {
    add_pth_files(files, folder.cast<std::string>());
  }
  for (const char* name : {"sitecustomize", "usercustomize"}) {
    const std::string file = start_up_file_of(name);
    if (!file.empty()) {
      add_start_up_file(files, file);
    }
  }
  return files;
}

}  // namespace

model::ImportedSuite look_at_imports(const Context& context, const std::vector<std::string>& projects,
                                     const std::vector<model::TestedPackage>& used) {
  model::ImportedSuite found;
  found.replaced = context.functions.replaced();
  found.opened = opened();
  try {
    found.modules = imported_modules(projects, used);
    found.start_up = start_up_files();
  } catch (const std::exception&) {
    // A suite that has replaced site or importlib: what it did to functions is said above.
  }
  return found;
}

}  // namespace snapshot_test::host::execution
