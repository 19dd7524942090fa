// list, capture and verify as calls. A session starts hosts (child processes that embed Python), gives them work, and
// judges what they send back; it never loads Python itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "snapshot_test/model/limits.hpp"
#include "snapshot_test/model/result.hpp"
#include "snapshot_test/model/rules.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::session {

/// How a case's process comes to be.
enum class Isolation {
  kFork,   ///< forked from one that has imported what it needs
  kSpawn,  ///< an interpreter of its own, for libraries that cannot be forked
};

/// What is common to list, capture and verify. All paths are absolute or relative to the current directory.
struct SuiteOptions {
  std::filesystem::path benchmark_dir;
  std::optional<std::filesystem::path> project_dir;  ///< put first on sys.path
  std::optional<std::string> python;                 ///< --python; else $VIRTUAL_ENV, else python3 on PATH
  std::optional<std::string> filter;                 ///< Python regular expression
  std::vector<std::string> exclude;                  ///< glob patterns (fnmatch) on method, Class.method and full name
  double timeout = 60;                               ///< seconds; a benchmark's own wins
  double import_timeout = 600;                       ///< seconds, for each module
  std::optional<std::uint64_t> max_memory;           ///< bytes of private memory that a case may have
  Isolation isolation = Isolation::kFork;
  std::vector<std::string> spawn;        ///< glob patterns, as in `exclude`: these get Isolation::kSpawn
  std::optional<std::uint64_t> shuffle;  ///< run the cases in an order that this seeds
  unsigned workers = 0;                  ///< cases at once; 0 = as many as there are cores
  std::uint64_t seed = 42;
  int trace_depth_limit = 100;
  bool deepest_only = false;  ///< observe and judge `deepest` alone
  model::ValueLimits limits;
  std::optional<std::uint64_t> freeze_time;  ///< the time of day that benchmarks see, in seconds since 1970-01-01 UTC
  std::vector<std::filesystem::path> reducers;  ///< files of the project's own reducers
};

/// When values count as equal.
struct ComparisonOptions {
  model::Rules rules;
  std::vector<model::RuleChange> changes;  ///< for single benchmarks
};

/// What a run must come to beside that nothing fails.
struct Demands {
  bool strict = false;      ///< of capture: verify will be able to check every case; of verify: every case was checked
  double min_verified = 0;  ///< percent of the countable cases that are checked
  model::Counted min_verified_counts = model::Counted::kResult;  ///< which of the checked cases count
};

struct CaptureOptions {
  SuiteOptions suite;
  std::filesystem::path snapshot_dir = ".snapshots";
  ComparisonOptions comparison;  ///< for the stability check
  bool stability_check = true;   ///< run every case twice, in two host processes
  bool compress = true;          ///< store large compressible values as zstd frames
  bool resume = false;           ///< go on with a capture that was stopped; if this is stopped, leave it to the next
  bool allow_loss = false;       ///< snapshots that can be checked may be replaced by some that cannot
  Demands demands;
};

struct VerifyOptions {
  SuiteOptions suite;
  std::filesystem::path snapshot_dir = ".snapshots";
  ComparisonOptions comparison;
  Demands demands;
};

/// Two stores; `before` is what the other is compared with.
struct DiffOptions {
  std::filesystem::path before;
  std::filesystem::path after;
  ComparisonOptions comparison;
};

/// A suite and, for each of its benchmarks, the parameter indices that --filter and the exclusions leave.
struct Selection {
  model::Suite suite;
  std::vector<std::vector<std::size_t>> indices;  ///< parallel to suite.benchmarks
  std::size_t excluded = 0;
  std::size_t filtered_out = 0;
  std::size_t not_imported = 0;  ///< modules of the suite in which --filter can match nothing
};

[[nodiscard]] Result<Selection> list(const SuiteOptions& options, model::Listener& listener);

/// The summary's `status` is the program's exit status; an Error means that the run could not start or go on.
[[nodiscard]] Result<model::CaptureSummary> capture(const CaptureOptions& options, model::Listener& listener);
[[nodiscard]] Result<model::VerifySummary> verify(const VerifyOptions& options, model::Listener& listener);
/// What verify would say of `after`, had its values been computed now. Runs nothing. A case that only one store has
/// fails the comparison.
[[nodiscard]] Result<model::VerifySummary> diff(const DiffOptions& options, model::Listener& listener);

}  // namespace snapshot_test::session
