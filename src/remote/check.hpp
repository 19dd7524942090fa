// Is all there that a remote's refs lead to?
#pragma once

#include <string>
#include <vector>

#include "remote/storage.hpp"
#include "remote/transfers.hpp"
#include "snapshot_test/store/store.hpp"

namespace snapshot_test::remote {

struct CheckOptions {
  enum class Depth { kSizes, kData } depth = Depth::kSizes;
  /// What is missing or damaged is sent again from here, where it is whole there. Null: nothing is written.
  const store::Store* repair_from = nullptr;
  std::filesystem::path scratch;  ///< a folder of its own, for kData
  unsigned at_once = kMostTransfers;
  OnProgress on_progress = {};
};

struct CheckReport {
  std::size_t refs = 0;
  std::size_t baselines = 0;
  std::size_t objects = 0;            ///< values that they name
  std::vector<std::string> problems;  ///< a line each, of what is wrong still
  std::vector<std::string> repaired;
  Traffic traffic;
};

/// Follows every ref to its list, and looks whether all that the list names has its size; with kData reads all of it,
/// and checks manifests and values against their digests. What no ref names is not looked at.
[[nodiscard]] Result<CheckReport> check(Storage& storage, const CheckOptions& options);

}  // namespace snapshot_test::remote
