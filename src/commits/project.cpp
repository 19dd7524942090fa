#include "commits/project.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

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

/// "" of a file that is no module, and of one that nobody imports as the project.
std::string module_of(const fs::path& path) {
  const std::string stem = path.stem().string();
  const std::string extension = path.extension().string();
  const bool source = extension == ".py" || extension == ".pyx";
  const bool compiled = stem.starts_with("_") && kCompiled.contains(extension);
  return (source || compiled) && is_identifier(stem) && !kNoPackages.contains(stem) ? stem : "";
}

}  // namespace

bool is_compiled_source(const std::string& path) { return kCompiled.contains(fs::path(path).extension().string()); }

bool is_build_file(const std::string& path) { return kBuildFiles.contains(fs::path(path).filename().string()); }

std::vector<std::string> packages_in(const std::vector<std::string>& files, const std::string& folder) {
  std::set<std::string> names;
  const std::string prefix = folder.empty() ? "" : folder + "/";
  for (const std::string& file : files) {
    if (!file.starts_with(prefix)) {
      continue;
    }
    const std::string inside = file.substr(prefix.size());
    const std::size_t slash = inside.find('/');
    if (slash == std::string::npos) {
      names.insert(module_of(inside));
    } else if (const std::string name = inside.substr(0, slash);
               is_identifier(name) && !kNoPackages.contains(name) && inside.substr(slash + 1) == "__init__.py") {
      names.insert(name);
    }
  }
  names.erase("");
  return {names.begin(), names.end()};
}

ImportFolder find_import_folder(const std::vector<std::string>& files, const std::string& subdir,
                                const std::optional<std::string>& package) {
  ImportFolder first{subdir, {}};
  for (const char* parent : kParents) {
    const std::string folder = joined(subdir, parent);
    std::vector<std::string> names = packages_in(files, folder);
    if (package) {
      const std::string inside = joined(folder, *package) + "/";
      const bool holds =
          std::any_of(files.begin(), files.end(), [&](const std::string& file) { return file.starts_with(inside); });
      const bool known = std::find(names.begin(), names.end(), *package) != names.end();
      if (holds && !known) {
        names.push_back(*package);  // one without __init__.py
      }
      if (holds || known) {
        return {folder, std::move(names)};
      }
    }
    if (first.packages.empty() && !names.empty()) {
      first = {folder, std::move(names)};
    }
  }
  return first;
}

}  // namespace snapshot_test::commits
