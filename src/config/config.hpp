// The settings of a run, each with where it comes from. table.cpp has a row for each, docs/configuration.md lists them
// for users.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/settings.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::config {

/// From the weakest to the strongest.
enum class Origin {
  kDefault,
  kAsvConf,  ///< asv.conf.json
  kFile,     ///< snapshot_config.json
  kCommandLine,
  kFileAndCommandLine,  ///< a list that the command line added to
};

using OptionalPath = std::optional<std::filesystem::path>;

/// Every setting, in the parts that rooms take. Paths are as given on the command line, or else relative to the current
/// directory.
struct Config {
  OptionalPath benchmark_dir;
  std::filesystem::path snapshot_dir = ".snapshots/";
  model::SuiteOptions suite;  ///< without its benchmark_dir, and what is for one run: filter and shuffle
  model::ComparisonOptions comparison;
  model::CaptureMethod method;
  model::Demands demands;
  bool verbose = false;
  bool quiet = false;

  std::map<std::string, Origin, std::less<>> origins;  ///< by key, of what is not a default
  OptionalPath file;                                   ///< the configuration file that was read
  OptionalPath asv_file;                               ///< the asv.conf.json that was read

  [[nodiscard]] Origin origin(std::string_view key) const;
};

// A layer is an object of settings as a configuration file holds them. apply_*(): sets what a layer says.

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
