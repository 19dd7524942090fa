// The repository that a suite lies in, the packages that it holds, and whether these are the ones that were imported.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "snapshot_test/model/tested.hpp"

namespace snapshot_test::session {

struct Checkout {
  std::filesystem::path root;                             ///< empty: the suite lies in none
  std::map<std::string, std::filesystem::path> packages;  ///< name → folder, at the root or in src/, lib/ or python/
};

/// The nearest folder above the suite that is a repository or a Python project (.git, pyproject.toml, setup.py,
/// setup.cfg). Its tests, documents, tools and benchmarks are no packages of it.
[[nodiscard]] Checkout find_checkout(const std::filesystem::path& benchmark_dir);

/// Fills in the repository that an imported package lies in, and the other copy of it that the checkout has. Packages
/// that are the same file by file are no other copy: that is how a project that has to be compiled is tested.
void compare_with(const Checkout& checkout, model::TestedPackage& package);

}  // namespace snapshot_test::session
