// The modules of a suite that has been imported, and what they use.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace snapshot_test::host::execution {

struct PackageUsers {
  std::map<std::string, std::size_t> users;  ///< top-level package → how many modules of the suite have globals from it
  std::size_t suite_modules = 0;
};

/// `root` is the suite's root package, which is left out, as are builtins. GIL held; may throw error_already_set.
[[nodiscard]] PackageUsers package_users(const std::string& root);

/// Versions of the top-level packages that are loaded and name one. GIL held; may throw error_already_set.
[[nodiscard]] std::map<std::string, std::string> package_versions();

}  // namespace snapshot_test::host::execution
