// Layers: objects of settings as a configuration file holds them, set one above the other. apply_*() sets what one
// says.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::config {

/// A file's; its relative paths are relative to `path`'s folder. kConfig with "PATH: KEY: what is wrong" for an unknown
/// key, a wrong type or a value out of range.
[[nodiscard]] Result<void> apply_file(Config& config, const nlohmann::ordered_json& layer,
                                      const std::filesystem::path& path);

/// The same for one that is no file: relative paths stay as they are, and `source` stands in messages where the path
/// would.
[[nodiscard]] Result<void> apply_settings(Config& config, const nlohmann::ordered_json& layer,
                                          const std::string& source);

/// The command line's: patterns of benchmarks to leave out are added to the file's. kUsage where values contradict each
/// other.
[[nodiscard]] Result<void> apply_command_line(Config& config, const nlohmann::ordered_json& layer);

/// What is wrong with `value` for `key` ("tolerance.rtol"), if anything: "must be a number of at least 0, not -1".
/// The same check for values from a file and from the command line. `key` must be one of Config's.
[[nodiscard]] std::optional<std::string> complaint(std::string_view key, const nlohmann::ordered_json& value);

/// The place of `key` in a layer: that of "tolerance.rtol" is in the object "tolerance", which is made where it is not
/// there.
[[nodiscard]] nlohmann::ordered_json& place_in(nlohmann::ordered_json& layer, std::string_view key);

/// One line of `config --show`.
struct Entry {
  std::string key;  ///< "tolerance.rtol"
  nlohmann::ordered_json value;
  std::string from;  ///< "default", a file's path, "command line"
};
[[nodiscard]] std::vector<Entry> entries(const Config& config);

/// Every setting as a configuration file would hold it: apply_settings() on defaults makes the same of it again.
[[nodiscard]] nlohmann::ordered_json settings_of(const Config& config);

/// The text that `config --init` writes: every key with its default.
[[nodiscard]] std::string default_file_text();

/// What a capture writes down of settings in its run's record, and what must be the same for another one to go on with
/// it (table.hpp's Record).
[[nodiscard]] model::CaptureRecord record_of(const Config& config);

/// How values are compared: what the command line says goes before what the file says of single benchmarks.
[[nodiscard]] model::ComparisonOptions comparison_of(const Config& config);

}  // namespace snapshot_test::config
