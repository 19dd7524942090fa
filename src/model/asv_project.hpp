// What an asv.conf.json says of the project that is benchmarked: where it is and how it is built.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace snapshot_test::model {

/// One environment of the matrix.
struct AsvEnvironment {
  std::vector<std::string> packages;                   ///< as pip takes them
  std::map<std::string, std::string> build_variables;  ///< of its `env`
  std::map<std::string, std::string> run_variables;    ///< that the benchmarks have: also of its `env_nobuild`
};

struct AsvProject {
  std::filesystem::path folder;  ///< of the file; empty where there is none
  std::string project;           ///< as it is written there: what {project} stands for
  std::string repo;              ///< a path or an address; empty: not said
  std::string repo_subdir;
  std::vector<std::string> branches;
  std::string dvcs;
  std::string environment_type;
  std::vector<std::string> own_folders;  ///< env_dir, results_dir, html_dir: relative to `folder`
  std::optional<std::vector<std::string>> build_command;
  std::optional<std::vector<std::string>> install_command;
  std::optional<std::vector<std::string>> uninstall_command;
  nlohmann::ordered_json matrix = nlohmann::ordered_json::object();
  nlohmann::ordered_json exclude = nlohmann::ordered_json::array();  ///< rules
  nlohmann::ordered_json include = nlohmann::ordered_json::array();
  std::optional<double> install_timeout;  ///< seconds
};

}  // namespace snapshot_test::model
