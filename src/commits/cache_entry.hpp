// entry.json: what one folder of the cache is. Written last, so a folder without it is one that was not finished. When
// it was used last is the file's time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::commits {

/// The name of the folder that is made from all that `key` says.
[[nodiscard]] std::string cache_key(const nlohmann::json& key);

/// Adds `format`, and `created` unless it is there.
[[nodiscard]] Result<void> write_entry(const std::filesystem::path& folder, nlohmann::json entry);
/// None where there is none, or none that this version can read.
[[nodiscard]] std::optional<nlohmann::json> read_entry(const std::filesystem::path& folder);
/// It is used now.
void touch_entry(const std::filesystem::path& folder);

/// Bytes that the files below a folder take on disk.
[[nodiscard]] std::uint64_t disk_usage(const std::filesystem::path& folder);

}  // namespace snapshot_test::commits
