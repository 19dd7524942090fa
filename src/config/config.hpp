// The settings of a run, each with where it comes from. table.cpp has a row for each, docs/configuration.md lists them
// for users; layers.hpp sets them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/settings.hpp"

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
  std::optional<std::string> variant;         ///< of the store's baselines, with placeholders
  std::vector<std::string> variant_fallback;  ///< the same
  model::SuiteOptions suite;  ///< without its benchmark_dir, and what is for one run: filter and shuffle
  model::ComparisonOptions comparison;
  model::CaptureMethod method;
  model::Demands demands;
  OptionalPath expected;  ///< the file of known failures; none: there is none
  std::vector<std::string> same_environment;
  bool portable = false;
  model::Pending pending = model::Pending::kAuto;
  OptionalPath pending_dir;                        ///< none: `pending` in the store's folder
  std::uint64_t max_cache_bytes = 10'000'000'000;  ///< what is kept of a repository's commits; 0: no bound
  std::optional<std::string> remote;               ///< the URL of the default remote
  std::optional<std::string> remote_python;        ///< runs the helper that reaches remotes
  std::optional<std::string> remote_helper;        ///< another one in its place
  double remote_timeout = 60;                      ///< how long nothing may move there, in seconds
  std::optional<std::string> dask_python;          ///< runs the client of a Dask cluster
  std::optional<std::string> dask_worker_python;   ///< imports the suite on its workers
  double dask_timeout = 60;                        ///< how long a run waits for a worker, in seconds
  bool verbose = false;
  bool quiet = false;

  std::map<std::string, Origin, std::less<>> origins;  ///< by key, of what is not a default
  OptionalPath file;                                   ///< the configuration file that was read
  OptionalPath asv_file;                               ///< the asv.conf.json that was read

  [[nodiscard]] Origin origin(std::string_view key) const {
    const auto known = origins.find(key);
    return known == origins.end() ? Origin::kDefault : known->second;
  }
};

}  // namespace snapshot_test::config
