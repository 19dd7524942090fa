// The suite's directory: is it one that can be walked, and how its root package becomes importable.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::host::discovery {

/// A benchmark directory that passed the checks.
struct SuiteRoot {
  std::filesystem::path dir;       ///< absolute, normalised, symbolic links kept
  std::string package;             ///< root_package(dir)
  bool regular_package = true;     ///< it has an __init__.py
  std::vector<std::string> notes;  ///< things a user should know but that fail nothing
};

/// The root package's name: the last component of the suite's normalised directory.
[[nodiscard]] std::string root_package(const std::filesystem::path& root);

/// Looks at the file system only; needs no interpreter. Errors (kUsage): missing, a file, empty, without Python files,
/// a name that cannot be imported, X.py beside a package X (Python would never import X.py), a symbolic link that leads
/// back into its own parents.
[[nodiscard]] Result<SuiteRoot> check_tree(const std::filesystem::path& benchmark_dir);

/// check_tree, then a finder at sys.meta_path[0] that answers the root package's name, from its parent directory, and
/// nothing else. Nothing is put on sys.path. Calling it again for the same directory changes nothing. Needs the GIL.
/// Errors: check_tree's; kUsage where a module of that name is loaded already; kPython where Python refuses.
[[nodiscard]] Result<SuiteRoot> mount_root(const std::filesystem::path& benchmark_dir);

/// Forgets the modules of mounted suites: with kThis of the one in this directory, which will be imported anew; with
/// kOthers of those that are called the same and lie elsewhere, and takes their finders away, so that this one can be
/// mounted. For processes that see more than one suite. Objects of the forgotten modules stay as they are. Needs
/// the GIL; may throw error_already_set.
enum class Forget { kThis, kOthers };
void forget_modules(const SuiteRoot& root, Forget which);

}  // namespace snapshot_test::host::discovery
