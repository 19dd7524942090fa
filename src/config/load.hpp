// Puts the sources of settings together: command line > configuration file > asv.conf.json > default.
#pragma once

#include "config/config.hpp"
#include "model/asv_project.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::config {

inline constexpr const char* kConfigFileName = "snapshot_config.json";

struct LoadOptions {
  OptionalPath file;             ///< --config; else the snapshot_config.json that is found
  std::filesystem::path folder;  ///< where to look for files and in the folders above; empty = the current directory
  nlohmann::ordered_json command_line = nlohmann::ordered_json::object();  ///< a layer, as of apply_command_line()
};

/// The effective settings. Files are looked for from the suite upwards that the command line names, then from `folder`
/// upwards, to the repository's root. Where the suite's folder holds the asv.conf.json that names another one, that is
/// the suite. Without a word on it the store is beside the configuration file, else the nearest one above, and
/// expected.toml is beside the configuration file, else in `folder`. kConfig or kUsage with the file, the key and the
/// cause. An asv.conf.json is read only where it decides something (benchmark_dir, timeout), so a broken one can be
/// bypassed.
[[nodiscard]] Result<Config> load(const LoadOptions& options);

/// The asv.conf.json that `config` was made with, else the one that is found in the same way; none where there is none.
/// kConfig.
[[nodiscard]] Result<std::optional<model::AsvProject>> load_asv_project(const Config& config);

}  // namespace snapshot_test::config
