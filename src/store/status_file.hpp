// What `baseline` writes and `verify --against-status` reads: how each case of a suite stood. The grammar is in
// docs/transitions.md.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "snapshot_test/model/benchmark.hpp"
#include "snapshot_test/model/transitions.hpp"
#include "snapshot_test/store/manifest.hpp"
#include "snapshot_test/store/run_info.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::store {

/// The version of the file that this build writes, and the only one that it reads.
inline constexpr int kStatusFormat = 1;

/// The cases of one benchmark.
struct BenchmarkStatus {
  Manifest shape;                           ///< of its cases index, ids, reason and seconds alone
  std::vector<model::CaseStatus> statuses;  ///< parallel to shape.cases
};

struct StatusFile {
  std::string suite;  ///< its folder, absolute
  std::string filter = {};
  std::vector<std::string> exclude = {};
  std::vector<std::string> exclude_benchmarks = {};
  RunInfo run = {};                                    ///< when, where and with what
  std::vector<model::DiscoveryFailure> failures = {};  ///< modules that did not import, without their tracebacks
  std::vector<BenchmarkStatus> benchmarks = {};        ///< with at least one case each
};

/// The file appears whole or not at all. kIo.
[[nodiscard]] Result<void> write_status_file(const std::filesystem::path& path, const StatusFile& status);
/// kUsage where it is missing, empty, damaged, something else, of another version, or holds no case; kIo where the
/// machine refuses it. The message says what to do.
[[nodiscard]] Result<StatusFile> read_status_file(const std::filesystem::path& path);

}  // namespace snapshot_test::store
