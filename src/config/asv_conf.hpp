// The three things that this tool needs of an asv.conf.json or asv.conf.jsonc.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "model/asv_project.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::config {

inline constexpr const char* kAsvConfName = "asv.conf.json";
inline constexpr const char* kAsvConfOtherName = "asv.conf.jsonc";

struct AsvConf {
  std::filesystem::path file;
  std::filesystem::path benchmark_dir = "benchmarks";  ///< relative to the current directory
  std::optional<double> timeout;                       ///< seconds; default_benchmark_timeout
  std::optional<std::string> project;                  ///< the project's name, as a package would be imported
};

/// kConfig with place and cause. The file is JSON5; keys that this tool does not need are not looked at.
[[nodiscard]] Result<AsvConf> parse_asv_conf(std::string_view text, const std::filesystem::path& file);

/// Reads `folder`'s asv.conf.json, else its asv.conf.jsonc; none where there is neither.
[[nodiscard]] Result<std::optional<AsvConf>> read_asv_conf(const std::filesystem::path& folder);

/// What it says of the project, for those who run commits of it. kConfig where one of its keys is not as asv has it.
[[nodiscard]] Result<model::AsvProject> parse_asv_project(std::string_view text, const std::filesystem::path& file);

}  // namespace snapshot_test::config
