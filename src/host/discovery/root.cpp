#include "host/discovery/root.hpp"

#include <fmt/format.h>

#include <set>
#include <system_error>

#include "host/discovery/python.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::discovery {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFinderMark = "_snapshot_test_root";

bool is_module_file(const fs::path& path) { return path.extension() == ".py" || path.extension() == ".so"; }

std::vector<fs::directory_entry> list_directory(const fs::path& dir, std::error_code& code) {
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator at(dir, code); !code && at != fs::directory_iterator(); at.increment(code)) {
    entries.push_back(*at);
  }
  return entries;
}

/// Goes through the packages below one directory and collects what is wrong or worth saying.
class TreeCheck {
 public:
  explicit TreeCheck(SuiteRoot& root) : root_(root) {}

  Result<void> check_package(const fs::path& dir) {
    std::error_code code;
    const fs::path real = fs::canonical(dir, code);
    if (code) {
      return fail(ErrorKind::kIo, fmt::format("cannot read directory '{}': {}", dir.string(), code.message()));
    }
    if (!parents_.insert(real).second) {
      return fail(ErrorKind::kUsage, fmt::format("the benchmark tree never ends: '{}' is a symbolic link to one of its "
                                                 "own parents, '{}'; remove the link",
                                                 dir.string(), real.string()));
    }
    std::set<std::string> modules;
    std::set<fs::path> directories;
    const std::vector<fs::directory_entry> entries = list_directory(dir, code);
    if (code) {
      return fail(ErrorKind::kIo, fmt::format("cannot read directory '{}': {}", dir.string(), code.message()));
    }
    for (const fs::directory_entry& entry : entries) {
      const fs::path& path = entry.path();
      std::error_code gone;
      if (entry.is_directory(gone)) {
        directories.insert(path);
      } else if (is_module_file(path)) {
        found_python_ = true;
        if (path.extension() == ".py") {
          modules.insert(path.stem().string());
        }
      }
    }
    for (const fs::path& child : directories) {
      if (Result<void> checked = check_directory(child, modules); !checked) {
        return checked;
      }
    }
    parents_.erase(real);
    return {};
  }

  [[nodiscard]] bool found_python() const { return found_python_; }

 private:
  Result<void> check_directory(const fs::path& dir, const std::set<std::string>& sibling_modules) {
    const std::string name = dir.filename().string();
    if (name == "__pycache__") {
      return {};
    }
    std::error_code code;
    const bool is_package = fs::is_regular_file(dir / "__init__.py", code);
    if (!is_package) {
      note_if_it_holds_python(dir);
      found_python_ = found_python_ || holds_python(dir);
      return {};
    }
    if (sibling_modules.count(name) != 0) {
      return fail(
          ErrorKind::kUsage,
          fmt::format("'{0}.py' stands beside the package '{0}/': Python would import only the package, and the "
                      "benchmarks of '{0}.py' would never run; rename one of them",
                      dir.string()));
    }
    return check_package(dir);
  }

  /// Down to where people put benchmarks: results and environments may be folders of a suite, too.
  static bool holds_python(const fs::path& dir) {
    constexpr int kDeepest = 2;
    std::error_code code;
    for (fs::recursive_directory_iterator at(dir, code), end; !code && at != end; at.increment(code)) {
      const bool is_hidden = at->path().filename().string().starts_with('.');
      if (!is_hidden && at->path().extension() == ".py") {
        return true;
      }
      if (is_hidden || at.depth() == kDeepest) {
        at.disable_recursion_pending();
      }
    }
    return false;
  }

  void note_if_it_holds_python(const fs::path& dir) {
    std::error_code code;
    for (const fs::directory_entry& entry : list_directory(dir, code)) {
      if (entry.path().extension() == ".py") {
        root_.notes.push_back(fmt::format(
            "'{}' holds Python files but no __init__.py: as in ASV, benchmarks in it are not found", dir.string()));
        return;
      }
    }
  }

  SuiteRoot& root_;
  std::set<fs::path> parents_;  // of the directory that is being looked at, itself included
  bool found_python_ = false;
};

Result<void> check_name(const SuiteRoot& root) {
  if (root.package.empty()) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' cannot be a benchmark directory: its name becomes the name of a "
                                               "Python package, and it has none",
                                               root.dir.string()));
  }
  if (root.package.find('.') != std::string::npos) {
    return fail(ErrorKind::kUsage, fmt::format("benchmark directory '{}' has a dot in its name, so Python cannot "
                                               "import it as a package; rename it",
                                               root.dir.string()));
  }
  return {};
}

/// The module spec of the root package. A root without __init__.py gets one of our own making: the path finder would
/// prefer a file of the same name beside it, and would look for more portions of the namespace on sys.path.
py::object find_root_spec(const SuiteRoot& root, const py::object& target) {
  const py::module_ machinery = py::module_::import("importlib.machinery");
  if (root.regular_package) {
    py::list path;
    path.append(root.dir.parent_path().string());
    return machinery.attr("PathFinder").attr("find_spec")(root.package, path, target);
  }
  const py::object spec = machinery.attr("ModuleSpec")(root.package, py::none(), py::arg("is_package") = true);
  py::list locations;
  locations.append(root.dir.string());
  spec.attr("submodule_search_locations") = locations;
  return spec;
}

py::object make_finder(const SuiteRoot& root) {
  const py::object finder = py::module_::import("types").attr("SimpleNamespace")();
  finder.attr(kFinderMark) = root.dir.string();
  finder.attr("find_spec") = py::cpp_function(
      [root](const std::string& name, const py::object&, const py::object& target) -> py::object {
        return name == root.package ? find_root_spec(root, target) : py::object(py::none());
      },
      py::arg("fullname"), py::arg("path") = py::none(), py::arg("target") = py::none());
  return finder;
}

bool is_mounted(const SuiteRoot& root) {
  for (const py::handle finder : py::module_::import("sys").attr("meta_path")) {
    const py::object mark = attribute_or_none(finder, kFinderMark);
    if (!mark.is_none() && utf8(mark) == root.dir.string()) {
      return true;
    }
  }
  return false;
}

/// Where a loaded module or a spec comes from, for messages.
std::string origin_of(const py::object& module_or_spec, const char* attribute) {
  const py::object origin = attribute_or_none(module_or_spec, attribute);
  return py::isinstance<py::str>(origin) ? utf8(origin) : "the interpreter itself";
}

bool locations_include(const py::object& locations, const fs::path& dir) {
  if (locations.is_none()) {
    return false;
  }
  for (const py::handle location : locations) {
    std::error_code code;
    if (py::isinstance<py::str>(location) && fs::equivalent(utf8(location), dir, code)) {
      return true;
    }
  }
  return false;
}

Result<void> check_not_loaded(const SuiteRoot& root) {
  const py::dict modules = py::module_::import("sys").attr("modules");
  if (!modules.contains(root.package.c_str())) {
    return {};
  }
  const py::object loaded = modules[root.package.c_str()];
  if (locations_include(attribute_or_none(loaded, "__path__"), root.dir)) {
    return {};
  }
  return fail(ErrorKind::kUsage,
              fmt::format("benchmark directory '{}' is named like the module '{}' that Python has loaded already (from "
                          "{}), so the benchmarks cannot be imported; rename the directory",
                          root.dir.string(), root.package, origin_of(loaded, "__file__")));
}

/// An installed module of the same name is out of reach of the benchmarks: `import <name>` gives them the suite.
void note_shadowed_module(SuiteRoot& root) {
  const py::module_ sys = py::module_::import("sys");
  std::string origin;
  if (sys.attr("builtin_module_names").contains(root.package)) {
    origin = "the interpreter itself";
  } else {
    const py::object spec =
        py::module_::import("importlib.machinery").attr("PathFinder").attr("find_spec")(root.package);
    if (spec.is_none() || attribute_or_none(spec, "loader").is_none() ||
        locations_include(attribute_or_none(spec, "submodule_search_locations"), root.dir)) {
      return;
    }
    origin = origin_of(spec, "origin");
  }
  root.notes.push_back(
      fmt::format("benchmark directory '{0}' is named like the installed module '{1}' ({2}): inside the benchmarks, "
                  "'import {1}' gives the benchmarks themselves; rename the directory if they need that module",
                  root.dir.string(), root.package, origin));
}

}  // namespace

std::string root_package(const fs::path& root) { return root.filename().string(); }

Result<SuiteRoot> check_tree(const fs::path& benchmark_dir) {
  std::error_code code;
  SuiteRoot root;
  root.dir = fs::absolute(benchmark_dir, code).lexically_normal();
  if (!root.dir.has_filename()) {
    root.dir = root.dir.parent_path();  // "benchmarks/"
  }
  root.package = root_package(root.dir);
  const std::string shown = root.dir.string();
  const fs::file_status status = fs::status(root.dir, code);
  if (!fs::exists(status)) {
    return fail(ErrorKind::kUsage, fmt::format("benchmark directory '{}' does not exist", shown));
  }
  if (!fs::is_directory(status)) {
    return fail(ErrorKind::kUsage,
                fmt::format("'{}' is not a directory; give the directory that holds the benchmarks", shown));
  }
  TRY(check_name(root));
  if (fs::is_empty(root.dir, code)) {
    return fail(ErrorKind::kUsage, fmt::format("benchmark directory '{}' is empty", shown));
  }
  TreeCheck check(root);
  TRY(check.check_package(root.dir));
  if (!check.found_python()) {
    return fail(ErrorKind::kUsage,
                fmt::format("benchmark directory '{}' has no Python files, nor packages with any", shown));
  }
  root.regular_package = fs::is_regular_file(root.dir / "__init__.py", code);
  if (!root.regular_package) {
    root.notes.push_back(fmt::format("'{}' has no __init__.py: accepted here, but ASV would refuse it", shown));
  }
  return root;
}

void forget_modules(const SuiteRoot& root, Forget which) {
  const py::module_ sys = py::module_::import("sys");
  const py::list finders = sys.attr("meta_path");
  bool found = false;
  for (const py::handle finder : py::list(finders.attr("copy")())) {
    const py::object mark = attribute_or_none(finder, kFinderMark);
    const fs::path dir = mark.is_none() ? "" : utf8(mark);
    if (dir.filename() != root.package || (dir == root.dir) != (which == Forget::kThis)) {
      continue;
    }
    found = true;
    if (which == Forget::kOthers) {
      finders.attr("remove")(finder);
    }
  }
  if (!found) {
    return;
  }
  const py::dict modules = sys.attr("modules");
  for (const py::handle name : py::list(modules)) {
    const std::string text = utf8(name);
    if (text == root.package || text.starts_with(root.package + ".")) {
      PyDict_DelItem(modules.ptr(), name.ptr());
    }
  }
}

Result<SuiteRoot> mount_root(const fs::path& benchmark_dir) {
  Result<SuiteRoot> root = check_tree(benchmark_dir);
  if (!root) {
    return root;
  }
  try {
    note_shadowed_module(*root);
    if (is_mounted(*root)) {
      return root;
    }
    TRY(check_not_loaded(*root));
    const py::module_ sys = py::module_::import("sys");
    sys.attr("meta_path").attr("insert")(0, make_finder(*root));
    // The path finder remembers directory listings; the tree may be younger than its memory.
    py::module_::import("importlib").attr("invalidate_caches")();
    return root;
  } catch (const py::error_already_set& error) {
    return fail(ErrorKind::kPython, fmt::format("cannot make benchmark directory '{}' importable: {}",
                                                root->dir.string(), describe(error).cause));
  }
}

}  // namespace snapshot_test::host::discovery
