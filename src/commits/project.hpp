// What is known of the project in a repository: where its packages are, and what has to be compiled.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace snapshot_test::commits {

/// A tree of the project, as imports see it.
struct ImportFolder {
  std::filesystem::path folder;       ///< relative to the repository's root: what goes first on sys.path
  std::vector<std::string> packages;  ///< top-level names in it, extension modules by their sources' names
};

/// The folder among the project's own, src/, lib/ and python/ that holds `package`, else the first that holds any
/// package. `files`: all paths of the tree; `subdir`: the project's folder in it, "" for the root.
[[nodiscard]] ImportFolder find_import_folder(const std::vector<std::string>& files, const std::string& subdir,
                                              const std::optional<std::string>& package);
/// The top-level names in one folder, which somebody named.
[[nodiscard]] std::vector<std::string> packages_in(const std::vector<std::string>& files, const std::string& folder);

/// C, C++, Cython, Fortran, Rust and the like.
[[nodiscard]] bool is_compiled_source(const std::string& path);
/// setup.py, pyproject.toml, meson.build, CMakeLists.txt and the like: what says how these are compiled.
[[nodiscard]] bool is_build_file(const std::string& path);

}  // namespace snapshot_test::commits
