// What an asv.conf.json says of the project that is benchmarked: where it is and how it is built.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace snapshot_test::model {

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
  nlohmann::json matrix = nlohmann::json::object();
  std::optional<double> install_timeout;  ///< seconds
};

}  // namespace snapshot_test::model
