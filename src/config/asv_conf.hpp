// The two things that this tool needs of an asv.conf.json or asv.conf.jsonc.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::config {

struct AsvConf {
  std::filesystem::path file;
  std::filesystem::path benchmark_dir = "benchmarks";  ///< relative to the current directory
  std::optional<double> timeout;                       ///< seconds; default_benchmark_timeout
};

/// kConfig with place and cause. The file is JSON5; keys that this tool does not need are not looked at.
[[nodiscard]] Result<AsvConf> parse_asv_conf(std::string_view text, const std::filesystem::path& file);

/// Reads `folder`'s asv.conf.json, else its asv.conf.jsonc; none where there is neither.
[[nodiscard]] Result<std::optional<AsvConf>> read_asv_conf(const std::filesystem::path& folder);

}  // namespace snapshot_test::config
