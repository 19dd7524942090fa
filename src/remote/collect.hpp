// Removing from a remote what no ref leads to, while others push.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "remote/push.hpp"
#include "remote/storage.hpp"
#include "remote/transfers.hpp"

namespace snapshot_test::remote {

/// Between an object's tombstone and its removal. A push relies on nothing that has a tombstone when it begins, and
/// sets its ref within kLongestPush: so what it relies on cannot be removed before a collection sees its ref.
inline constexpr std::chrono::hours kTombstoneRest = 2 * kLongestPush;
/// A collection removes nothing later than this after it has looked what there is.
inline constexpr std::chrono::hours kLongestCollection{12};

struct CollectOptions {
  /// What is younger gets no tombstone: a baseline that no ref names is kept so long.
  std::chrono::seconds grace = std::chrono::days(14);
  enum class Mode { kDryRun, kApply } mode = Mode::kDryRun;
  std::chrono::seconds rest = kTombstoneRest;  ///< less is for tests that show why it has to be so long
  /// Seconds that have passed; the steady clock, but in tests.
  std::function<double()> now = {};
};

/// Of each number: in a dry run, what it would be.
struct CollectReport {
  std::size_t refs = 0;
  std::size_t baselines = 0;  ///< that are kept: those of refs, and young ones
  std::size_t kept = 0;       ///< objects of the storage
  std::uint64_t kept_bytes = 0;
  std::size_t waiting = 0;  ///< that nothing leads to, and that are too young or have a young tombstone
  std::uint64_t waiting_bytes = 0;
  std::size_t marked = 0;  ///< that got a tombstone
  std::uint64_t marked_bytes = 0;
  std::size_t removed = 0;
  std::uint64_t removed_bytes = 0;
  Traffic traffic;
};

/// Gives a tombstone to what no ref leads to and is older than the grace period, and removes what has had one for
/// kTombstoneRest and nothing leads to still: so it takes two collections to remove anything. Any number of pushes and
/// collections may run meanwhile. Times are the storage's. kCorrupt where a ref or a list cannot be read: then nothing
/// is removed, since it is not known what it leads to.
[[nodiscard]] Result<CollectReport> collect(Storage& storage, const CollectOptions& options);

}  // namespace snapshot_test::remote
