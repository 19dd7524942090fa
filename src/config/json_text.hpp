// JSON files that people write: parsed whole, with errors that name file, line and column.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::config {

enum class Dialect { kJson, kJson5 };

/// The file's one JSON value. kConfig with "FILE:LINE:COLUMN: ..." for malformed text (line and column from 1, columns
/// in bytes) and for a key that an object has twice. `file` is for messages only.
[[nodiscard]] Result<nlohmann::ordered_json> parse_json(std::string_view text, const std::filesystem::path& file,
                                                        Dialect dialect);

/// Reads and parses; kConfig where the file cannot be read.
[[nodiscard]] Result<nlohmann::ordered_json> read_json(const std::filesystem::path& file, Dialect dialect);

}  // namespace snapshot_test::config
