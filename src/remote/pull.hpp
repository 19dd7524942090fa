// From a remote into a store, as a whole.
#pragma once

#include <filesystem>
#include <string>

#include "remote/fetch.hpp"
#include "remote/reference.hpp"
#include "snapshot_test/store/store.hpp"

namespace snapshot_test::remote {

struct PullOptions {
  Reference reference;
  std::filesystem::path cache_folder;  ///< for what is on its way
  unsigned at_once = kMostTransfers;
  OnProgress on_progress = {};
};

struct PullReport {
  bool up_to_date = false;  ///< the store held that baseline already, whole
  std::string digest;
  std::size_t manifests = 0;
  std::size_t objects = 0;
  Traffic traffic;
};

/// Makes it the baseline of the store at `location`, in place of what is there, which `capture --undo` brings back. A
/// process that dies at any moment leaves the old baseline or the new one; what it had fetched, the next pull of the
/// same baseline finds. kCorrupt where a value is missing or damaged in the remote: then nothing changes.
[[nodiscard]] Result<PullReport> pull(Storage& storage, const std::filesystem::path& location,
                                      const PullOptions& options);

}  // namespace snapshot_test::remote
