// What a run is told, in parts that rooms hand each other. The defaults of everything that users can set stand here, in
// rules.hpp and in limits.hpp, and nowhere else; src/config/table.cpp says how each is called and what it means.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/project_code.hpp"
#include "snapshot_test/model/compression.hpp"
#include "snapshot_test/model/limits.hpp"
#include "snapshot_test/model/result.hpp"
#include "snapshot_test/model/rules.hpp"

namespace snapshot_test::model {

/// How a case's process comes to be.
enum class Isolation {
  kAuto,   ///< cases that are known to depend on nothing before them share processes; others as kFork
  kFork,   ///< forked from one that has imported what it needs
  kSpawn,  ///< an interpreter of its own, for libraries that cannot be forked
};

/// What is observed and judged.
enum class Mode {
  kFull,     ///< what the benchmark returns and computes
  kDeepest,  ///< what the deepest call returns, alone
};

inline constexpr double kDefaultTimeout = 60;         ///< seconds, as in ASV
inline constexpr double kDefaultImportTimeout = 600;  ///< seconds

/// What is common to list, capture and verify. All paths are absolute or relative to the current directory.
struct SuiteOptions {
  std::filesystem::path benchmark_dir;
  std::optional<std::filesystem::path> project_dir;  ///< put first on sys.path
  std::optional<std::string> project;                ///< the package that asv.conf.json says is tested
  std::optional<std::string> python;                 ///< else $VIRTUAL_ENV, else python3 on PATH
  std::optional<std::string> filter;                 ///< Python regular expression
  std::vector<std::string> exclude;                  ///< Python regular expressions of cases to leave out
  std::vector<std::string> exclude_benchmarks;       ///< glob patterns, as matches_any() takes them
  std::optional<double> timeout;                     ///< seconds; none: kDefaultTimeout. A benchmark's own wins
  std::optional<double> import_timeout;              ///< seconds, for each module; none: kDefaultImportTimeout
  std::optional<std::uint64_t> max_memory;           ///< bytes of private memory that a case may have
  Isolation isolation = Isolation::kAuto;
  std::vector<std::string> spawn;        ///< glob patterns, as in `exclude_benchmarks`: these get Isolation::kSpawn
  std::optional<std::uint64_t> shuffle;  ///< run the cases in an order that this seeds
  std::uint64_t workers = 0;             ///< cases at once; 0 = as many as there are cores
  std::uint64_t seed = 42;
  std::uint64_t trace_depth_limit = 100;
  Mode mode = Mode::kFull;
  std::uint64_t repeat = 0;  ///< calls of each case more than one, in the same process
  bool perturb = false;      ///< and some with inputs that are changed in place between them
  ValueLimits limits;
  std::optional<std::uint64_t> freeze_time;     ///< the time of day that benchmarks see: seconds since 1970-01-01 UTC
  std::vector<std::filesystem::path> reducers;  ///< files of the project's own reducers
  std::vector<std::filesystem::path> watched;   ///< the baseline's store: what opens files in it is reported
  ProjectCode project_code;                     ///< where what is tested has to come from
};

/// When values count as equal.
struct ComparisonOptions {
  Rules rules;
  std::vector<RuleChange> changes;  ///< for single benchmarks
};

/// What becomes of a case that has no snapshot. kAuto: kFail where the environment says `CI`, else kUnverified.
enum class Missing { kAuto, kUnverified, kFail, kCapture };
/// By value.
inline constexpr std::array<std::string_view, 4> kMissingNames = {"auto", "unverified", "fail", "capture"};

/// What becomes of a snapshot whose case is gone. kFail and kDelete need a complete run, and kWarn else. kAuto: kFail
/// where the environment says `CI`, else kWarn.
enum class Obsolete { kAuto, kIgnore, kWarn, kFail, kDelete };
/// By value.
inline constexpr std::array<std::string_view, 5> kObsoleteNames = {"auto", "ignore", "warn", "fail", "delete"};

/// Does verify stage the values of cases that differ or are new? kAuto: where a person looks at a terminal.
enum class Pending { kAuto, kAlways, kNever };

/// What a run must come to beside that nothing fails.
struct Demands {
  bool strict = false;      ///< of capture: verify will be able to check every case; of verify: every case was checked
  double min_verified = 0;  ///< percent of the countable cases that are checked
  Counted min_verified_counts = Counted::kResult;  ///< which of the checked cases count
  std::uint64_t min_cases = 0;                     ///< how many of them there must be
  Missing missing = Missing::kAuto;
  Obsolete obsolete = Obsolete::kAuto;
};

/// How a capture is made.
struct CaptureMethod {
  bool stability_check = true;  ///< run every case twice, in two host processes
  bool resume = false;          ///< go on with a capture that was stopped; if this is stopped, leave it to the next
  Compression compression = Compression::kAuto;
};

/// What a capture writes down of its settings.
struct CaptureRecord {
  /// In the run's record.
  nlohmann::json run = nlohmann::json::object();
  /// Beside it: what a capture that goes on with this one must have, too.
  nlohmann::json resumable = nlohmann::json::object();
};

}  // namespace snapshot_test::model
