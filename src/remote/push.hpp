// From a store into a remote.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "remote/storage.hpp"
#include "remote/transfers.hpp"
#include "snapshot_test/store/store.hpp"

namespace snapshot_test::remote {

/// A push sets its ref within this time of having read what is to be removed: so long what has no tombstone yet cannot
/// go (collect.hpp). One that took longer begins anew, and what it has sent is there.
inline constexpr std::chrono::hours kLongestPush{24};

struct PushOptions {
  std::string ref = "main";
  unsigned at_once = kMostTransfers;
  OnProgress on_progress;
  /// Seconds that have passed; the steady clock, but in tests.
  std::function<double()> now;
};

struct PushReport {
  enum class End {
    kUpToDate,  ///< the ref named that baseline already, and all of it is there
    kDone,
    kMoved,  ///< another push has set the ref meanwhile: it is as that left it
  };
  End end = End::kDone;
  std::string digest;                 ///< of the baseline
  std::optional<std::string> before;  ///< of the one that the ref named before, if any; with kMoved, names now
  std::size_t manifests = 0;
  std::size_t objects = 0;
  std::size_t objects_sent = 0;
  std::size_t checkable = 0;  ///< cases that verify can check
  std::uint64_t bytes = 0;    ///< of all its values, as they are stored
  Traffic traffic;
  std::vector<std::string> notes;
};

/// Sends what the remote lacks: values, in packs where they are small, then the list, then the ref, which is changed
/// only where nobody else has done so meanwhile. A process that dies at any moment leaves the old ref or the new one,
/// with all that it names. Every value is checked before it is sent. kNoBaseline where there is nothing to push, or
/// nothing that verify could check; kCorrupt where a value is missing or damaged.
[[nodiscard]] Result<PushReport> push(const store::Store& store, Storage& storage, const PushOptions& options);

}  // namespace snapshot_test::remote
