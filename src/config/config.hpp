// The settings of a run, each with where it comes from. docs/configuration.md lists them for users.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "snapshot_test/model/limits.hpp"
#include "snapshot_test/model/result.hpp"
#include "snapshot_test/model/rules.hpp"
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

template <class T>
struct Setting {
  T value{};
  Origin origin = Origin::kDefault;

  void set(T new_value, Origin from) {
    value = std::move(new_value);
    origin = from;
  }
};

enum class Compression { kAuto, kNone };
enum class Mode { kFull, kDeepest };
enum class Isolation { kFork, kSpawn };

using OptionalPath = std::optional<std::filesystem::path>;

/// Paths are as given on the command line, or else relative to the current directory.
struct Config {
  Setting<OptionalPath> benchmark_dir;
  Setting<std::filesystem::path> snapshot_dir{".snapshots/"};
  Setting<OptionalPath> project_dir;
  Setting<std::optional<std::string>> python;  ///< a path, or a name to look up on PATH
  Setting<double> rtol{1e-5};
  Setting<double> atol{1e-8};
  Setting<bool> equal_nan{true};
  Setting<model::DtypeTolerances> by_dtype{model::Rules().by_dtype};
  Setting<bool> exact_integers{true};
  Setting<bool> strict_types{true};
  Setting<bool> strict_shapes{true};
  Setting<bool> ignore_order{false};
  Setting<std::vector<model::RuleChange>> overrides;     ///< of the tolerance, for single benchmarks
  Setting<std::vector<std::filesystem::path>> reducers;  ///< the project's own, Python files
  Setting<std::vector<std::string>> exclude_benchmarks;  ///< a pattern here would silently leave cases out
  Setting<std::optional<double>> timeout;                ///< seconds; none means kDefaultTimeout
  Setting<std::optional<double>> import_timeout;         ///< seconds; none means kDefaultImportTimeout
  Setting<std::optional<std::uint64_t>> max_memory;      ///< bytes; none limits nothing
  Setting<Isolation> isolation{Isolation::kFork};
  Setting<std::vector<std::string>> spawn_benchmarks;  ///< these have isolation spawn, whatever the others have
  Setting<std::uint64_t> workers{0};                   ///< cases at once; 0 = as many as there are cores
  Setting<std::uint64_t> seed{42};
  Setting<std::optional<std::uint64_t>> freeze_time;  ///< seconds since 1970-01-01 UTC; none: the clock runs
  Setting<Mode> mode{Mode::kFull};
  Setting<std::uint64_t> trace_depth_limit{100};
  Setting<std::uint64_t> max_iterator_items{model::ValueLimits().max_items};
  Setting<std::optional<std::uint64_t>> max_value_bytes;
  Setting<std::uint64_t> max_value_depth{model::ValueLimits().max_depth};
  Setting<bool> stability_check{true};
  Setting<bool> resume{false};
  Setting<Compression> compression{Compression::kAuto};
  Setting<bool> strict{false};
  Setting<double> min_verified{0};  ///< percent
  Setting<model::Counted> min_verified_counts{model::Counted::kResult};
  Setting<bool> verbose{false};
  Setting<bool> quiet{false};

  OptionalPath file;      ///< the configuration file that was read
  OptionalPath asv_file;  ///< the asv.conf.json that was read
};

inline constexpr double kDefaultTimeout = 60;         ///< seconds, as in ASV
inline constexpr double kDefaultImportTimeout = 600;  ///< seconds

/// What the command line says; unset fields say nothing.
struct Overrides {
  OptionalPath benchmark_dir;
  OptionalPath snapshot_dir;
  OptionalPath project_dir;
  std::optional<std::string> python;
  std::optional<double> rtol;
  std::optional<double> atol;
  std::optional<bool> equal_nan;
  std::optional<bool> exact_integers;
  std::optional<bool> strict_types;
  std::optional<bool> strict_shapes;
  std::optional<bool> ignore_order;
  std::vector<std::string> exclude;  ///< added to exclude_benchmarks
  std::optional<double> timeout;
  std::optional<double> import_timeout;
  std::optional<std::uint64_t> max_memory;
  std::optional<Isolation> isolation;
  std::optional<std::uint64_t> workers;
  std::optional<std::uint64_t> seed;
  std::optional<bool> stability_check;
  std::optional<bool> resume;
  std::optional<Compression> compression;
  std::optional<Mode> mode;
  std::optional<std::uint64_t> freeze_time;
  std::optional<bool> strict;
  std::optional<double> min_verified;
  std::optional<model::Counted> min_verified_counts;
  std::optional<bool> verbose;
  std::optional<bool> quiet;
};

/// Sets what `file` (the content of a snapshot_config.json) says; its relative paths are relative to `path`'s folder.
/// kConfig with "PATH: KEY: what is wrong" for an unknown key, a wrong type or a value out of range.
[[nodiscard]] Result<void> apply_file(Config& config, const nlohmann::ordered_json& file,
                                      const std::filesystem::path& path);

/// The same for an object of settings that is no file: relative paths stay as they are, and `source` stands in messages
/// where the path would.
[[nodiscard]] Result<void> apply_settings(Config& config, const nlohmann::ordered_json& settings,
                                          const std::string& source);

/// Sets what the command line says. kUsage where values contradict each other.
[[nodiscard]] Result<void> apply_overrides(Config& config, const Overrides& overrides);

/// What is wrong with `value` for `key` ("tolerance.rtol"), if anything: "must be a number of at least 0, not -1".
/// The same check for values from a file and from the command line. `key` must be one of Config's.
[[nodiscard]] std::optional<std::string> complaint(const std::string& key, const nlohmann::ordered_json& value);

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

}  // namespace snapshot_test::config
