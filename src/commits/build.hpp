// How the code of a commit becomes what a suite can import: as it is, or built into a prefix or an environment of its
// own. Builds are kept, by what they are made from.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "commits/workspace.hpp"
#include "model/asv_project.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::commits {

using model::AsvProject;

enum class Method {
  kPythonPath,  ///< the tree goes first on the import path
  kAsv,         ///< the commands of asv.conf.json, in a virtual environment
  kCommand,     ///< a command of the user's, which installs into $PREFIX or builds in place
};

/// What is told of a run as it goes on, a line at a time.
using Say = std::function<void(const std::string& line)>;

struct BuildPlan {
  Method method = Method::kPythonPath;
  std::string command;  ///< kCommand
  AsvProject asv;
  model::AsvEnvironment environment;  ///< kAsv: the one of asv's matrix
  std::string python;                 ///< the interpreter that builds, and unless kAsv the one that runs the suite
  std::string python_version;
  std::string subdir;                        ///< the project's folder in the repository
  std::optional<std::string> import_folder;  ///< which the user has named, relative to the root
  std::optional<std::string> package;        ///< the project's name as it is imported
  double seconds = 1800;                     ///< that one command may take
};

/// The code of one side, ready to be imported.
struct Code {
  std::string python;                                  ///< runs the suite
  std::optional<std::filesystem::path> import_folder;  ///< goes first on its import path
  std::vector<std::string> folders;                    ///< in which the project's modules have to lie
  std::vector<std::string> packages;                   ///< the project's, as they are imported
  std::string build;                                   ///< the build's key; empty where nothing is built
  std::vector<std::string> environment;                ///< kAsv: "numpy==1.26.4", what else is installed
  bool was_built = false;                              ///< just now, and not taken from the cache
};

/// The key of what is built; empty where nothing is built.
[[nodiscard]] std::string build_key(const BuildPlan& plan, const std::string& tree);

/// Is it there already?
[[nodiscard]] bool has_build(const Workspace& workspace, const std::string& key);

/// The code of `tree`, the project's tree at `commit`: built unless that is there, or, where nothing is built, as it
/// lies in `checkout`. `name` ("BASE") is for messages. The errors of a build (kUsage) end with its last lines and
/// where its log is; kIo where the machine refuses what it takes.
[[nodiscard]] Result<Code> prepare_code(const Workspace& workspace, const BuildPlan& plan, const std::string& name,
                                        const Commit& commit, const std::string& tree,
                                        const std::filesystem::path& checkout, const Say& say);

}  // namespace snapshot_test::commits
