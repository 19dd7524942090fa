// Of which files the modules are made that a process has imported.
#pragma once

#include <map>
#include <string>

namespace snapshot_test::host::discovery {

struct FilesInUse {
  /// Top-level package → digest of the names, sizes and times of its modules' files; without the suite's own.
  std::map<std::string, std::string> packages;
  /// The suite's module, named without the root package → digest of its content and of that of the suite's modules
  /// that it imports, directly or not. One that imports by computed names counts as importing them all.
  std::map<std::string, std::string> modules;
};

/// `root`: the suite's root package. Files below `ignored` are left out. Needs the GIL; may throw error_already_set.
[[nodiscard]] FilesInUse files_in_use(const std::string& root, const std::string& ignored);

}  // namespace snapshot_test::host::discovery
