// What became of a run: gathered once, read by every report.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/case_time.hpp"
#include "snapshot_test/model/result.hpp"

namespace snapshot_test::report {

/// What of a baseline in a remote was needed.
struct RemoteUse {
  std::string url;  ///< without credentials
  std::string ref;  ///< empty where the baseline was named by its digest
  std::string digest;
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;    ///< that came
  std::uint64_t fetched = 0;  ///< values that came
  std::uint64_t hits = 0;     ///< values that the cache had
  std::uint64_t retries = 0;
};

/// What is known of a run before it starts; the last two when it has ended.
struct RunHead {
  std::string command;    ///< "capture", "verify", "continuous", "compare" or "diff"
  std::string version;    ///< of this program
  std::string timestamp;  ///< ISO 8601, UTC: when the run started
  std::string benchmark_dir;
  std::string snapshot_dir;
  std::string command_line = {};  ///< what a shell takes to run it again; empty where that is not known
  std::string digest = {};        ///< of the baseline that a capture made; empty where it made none
  std::optional<RemoteUse> remote = {};
};

/// A run that could not start or go on.
struct Aborted {
  model::ExitStatus status = model::ExitStatus::kInternal;
  std::string message;
};

struct RunRecord {
  RunHead head;
  std::optional<model::RunPlan> plan;  ///< none where nothing was planned
  /// The run's cases, in the order in which they ended until the run has, then by benchmark and index, so that two
  /// reports can be compared; empty where no report reads them.
  std::vector<model::CaseCapture> captured;
  std::vector<model::CaseVerdict> verified;
  std::vector<model::CaseTime> times = {};  ///< of the calls on both sides, where two commits are compared
  std::variant<std::monostate, Aborted, model::CaptureSummary, model::VerifySummary> end;
};

}  // namespace snapshot_test::report
