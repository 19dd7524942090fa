// What the shards of one run have captured, each into a store of its own, as one baseline.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "merge/shard_set.hpp"
#include "model/settings.hpp"
#include "snapshot_test/model/compression.hpp"
#include "snapshot_test/model/result.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::merge {

struct StoreMerge {
  Mixed mixed = Mixed::kRefused;
  std::filesystem::path into;  ///< the store that gets the baseline; may be one of those that are merged
  model::Compression compression = model::Compression::kAuto;
  /// Changes what the shards were told to demand. Null: nothing is changed.
  std::function<void(model::Demands&)> change_demands;
};

/// Puts what the last capture of each store has captured into `into`, in one transaction: all of it becomes the
/// baseline, or nothing. A benchmark whose cases several shards have is put together. Where a shard is missing or two
/// captures of one differ, nothing is stored and the summary says why. Every value is read and checked on the way.
/// Errors as choose(), as Store's and CaptureTransaction's, and kUsage where the last capture of a store was of no
/// shard.
[[nodiscard]] Result<model::CaptureSummary> merge_stores(const std::vector<std::filesystem::path>& stores,
                                                         const StoreMerge& options, model::Listener& listener);

}  // namespace snapshot_test::merge
