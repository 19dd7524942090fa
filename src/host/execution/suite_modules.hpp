// The modules of a suite that has been imported, and what they use.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>

namespace snapshot_test::host::execution {

/// Calls `visit(name, module)` for every module that is loaded and still is one. GIL held; may throw error_already_set.
void for_each_loaded_module(const std::function<void(const std::string&, const pybind11::handle&)>& visit);

struct PackageUsers {
  std::map<std::string, std::size_t> users;  ///< top-level package → how many modules of the suite have globals from it
  std::size_t suite_modules = 0;
};

/// `root` is the suite's root package, which is left out, as are builtins. GIL held; may throw error_already_set.
[[nodiscard]] PackageUsers package_users(const std::string& root);

/// Versions of the top-level packages that are loaded and name one. GIL held; may throw error_already_set.
[[nodiscard]] std::map<std::string, std::string> package_versions();

}  // namespace snapshot_test::host::execution
