// Where the code of the project has to come from, and the modules that came from elsewhere.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace snapshot_test::model {

/// Every module of `packages` that a run imports has to lie in one of `folders`.
struct ProjectCode {
  std::vector<std::string> packages;  ///< top-level names, as they are imported; empty: nothing is demanded
  std::vector<std::string> folders;   ///< absolute
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ProjectCode, packages, folders)

/// A module of the project that was imported from elsewhere.
struct StrayModule {
  std::string name;
  std::string path;  ///< its file
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StrayModule, name, path)

}  // namespace snapshot_test::model
