#include "commits/project.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

namespace snapshot_test::commits {

namespace fs = std::filesystem;

namespace {

constexpr auto kParents = std::to_array<const char*>({"", "src", "lib", "python"});
/// Folders and modules beside a package that nobody imports as the project.
const std::set<std::string, std::less<>> kNoPackages = {
    "test",       "tests", "testing", "doc",   "docs", "benchmark", "benchmarks", "bench",    "asv",     "example",
    "examples",   "tools", "scripts", "build", "dist", "ci",        "conftest",   "setup",    "noxfile", "tasks",
    "versioneer", "conf",  "manage",  "env",   "venv", "src",       "lib",        "__main__", "__init__"};
const std::set<std::string, std::less<>> kCompiled = {".pyx", ".pxd", ".pxi", ".c",   ".cc",  ".cpp", ".cxx", ".h",
                                                      ".hh",  ".hpp", ".hxx", ".f",   ".for", ".f77", ".f90", ".f95",
                                                      ".f03", ".rs",  ".cu",  ".cuh", ".go",  ".pyf", ".m",   ".mm"};
const std::set<std::string, std::less<>> kBuildFiles = {
    "setup.py",       "setup.cfg",  "pyproject.toml", "meson.build", "meson_options.txt", "meson.options",
    "CMakeLists.txt", "Cargo.toml", "Cargo.lock",     "Makefile",    "build.py"};

std::string joined(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : name.empty() ? folder : folder + "/" + name;
}

bool is_identifier(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char letter) {
    return letter == '_' || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9');
  }) && !(name.front() >= '0' && name.front() <= '9');
}

bool may_be_imported(const std::string& name) { return is_identifier(name) && !kNoPackages.contains(name); }

struct Names {
  std::set<std::string> packages;  ///< and extension modules
  std::set<std::string> modules;
};

Names names_in(const std::vector<std::string>& files, const std::string& folder) {
  Names names;
  const std::string prefix = folder.empty() ? "" : folder + "/";
  for (const std::string& file : files) {
    if (!file.starts_with(prefix)) {
      continue;
    }
    const fs::path inside = file.substr(prefix.size());
    const std::string first = inside.begin()->string();
    const std::string stem = inside.stem().string();
    const std::string extension = inside.extension().string();
    if (inside.has_parent_path()) {
      if (may_be_imported(first) && inside == fs::path(first) / "__init__.py") {
        names.packages.insert(first);
      }
    } else if (may_be_imported(stem) && extension == ".py") {
      names.modules.insert(stem);
    } else if (may_be_imported(stem) && (extension == ".pyx" || (stem[0] == '_' && kCompiled.contains(extension)))) {
      names.packages.insert(stem);
    }
  }
  return names;
}

}  // namespace

bool is_compiled_source(const std::string& path) { return kCompiled.contains(fs::path(path).extension().string()); }

bool is_build_file(const std::string& path) { return kBuildFiles.contains(fs::path(path).filename().string()); }

std::vector<std::string> packages_in(const std::vector<std::string>& files, const std::string& folder) {
  // Beside a package, a file is more often a script than a module, and may be called as one of Python's own is.
  const Names names = names_in(files, folder);
  const std::set<std::string>& chosen = names.packages.empty() ? names.modules : names.packages;
  return {chosen.begin(), chosen.end()};
}

ImportFolder find_import_folder(const std::vector<std::string>& files, const std::string& subdir,
                                const std::optional<std::string>& package) {
  for (const char* parent : kParents) {
    const std::string folder = joined(subdir, parent);
    const std::string path = package ? joined(folder, *package) : "";
    const bool holds = package && std::any_of(files.begin(), files.end(), [&](const std::string& file) {
                         return file.starts_with(path + "/") || file == path + ".py";
                       });
    if (holds) {
      std::vector<std::string> names = packages_in(files, folder);
      if (std::find(names.begin(), names.end(), *package) == names.end()) {
        names.push_back(*package);  // one without __init__.py
      }
      return {folder, std::move(names)};
    }
  }
  for (const auto kind : {&Names::packages, &Names::modules}) {
    for (const char* parent : kParents) {
      const std::string folder = joined(subdir, parent);
      if (const Names names = names_in(files, folder); !(names.*kind).empty()) {
        return {folder, packages_in(files, folder)};
      }
    }
  }
  return {subdir, {}};
}

}  // namespace snapshot_test::commits
