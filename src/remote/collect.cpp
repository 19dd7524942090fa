#include "remote/collect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string_view>

#include "remote/layout.hpp"
#include "remote/snapshot_list.hpp"
#include "util/try.hpp"

namespace snapshot_test::remote {

namespace {

using Time = std::chrono::system_clock::time_point;

constexpr std::size_t kMostRemovedAtOnce = 1000;
/// What a tombstone says when its object is gone. It stays for a while: what has it is not written again.
constexpr std::string_view kGone = "gone\n";
constexpr std::string_view kDoomed = "going\n";
constexpr std::string_view kClock = "tombstones/.clock";

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// What time it is for the storage: ours may be another.
Result<Time> time_of(Storage& storage) {
  std::random_device random;
  const std::string key = fmt::format("{}-{:08x}{:08x}", kClock, random(), random());
  TRY(storage.put(key, "", {}).map([](Written /*always done*/) {}));
  TRY_ASSIGN(const auto entries, storage.list(key));
  TRY(storage.remove(std::vector<std::string>{key}));
  if (entries.empty()) {
    return fail(
        ErrorKind::kUnavailable,
        fmt::format("the remote '{}' does not list what was just written, so what is in it cannot be known; try "
                    "again later",
                    storage.name()));
  }
  return entries.front().changed;
}

/// The digest in "snapshots/<digest>.json[~1]"; empty where it is no list's key.
std::string digest_of_key(const std::string& key) {
  const std::string digest = key.substr(keys::kLists.size(), 64);
  return store::paths::is_object_name(digest) ? digest : "";
}

class Collection {
 public:
  Collection(Storage& storage, const CollectOptions& options) : storage_(storage), options_(options) {}

  [[nodiscard]] Result<CollectReport> run() {
    const auto now = options_.now ? options_.now : seconds_now;
    began_ = now();
    // The order matters: see kTombstoneRest.
    time_ = std::chrono::system_clock::now();
    if (options_.mode == CollectOptions::Mode::kApply) {  // a dry run writes nothing, and is as good as our clock
      TRY_ASSIGN(time_, time_of(storage_));
    }
    TRY(read_tombstones());
    TRY(mark());
    TRY(look());
    if (options_.mode == CollectOptions::Mode::kApply) {
      TRY(remove(now));
      TRY(bury());
      TRY(forget());
    }
    return report_;
  }

 private:
  struct Tombstone {
    Time since;
    std::uint64_t bytes = 0;  ///< of its text, which says which one it is
  };

  [[nodiscard]] Result<void> read_tombstones() {
    TRY_ASSIGN(const auto entries, storage_.list(keys::kTombstones));
    for (const Entry& entry : entries) {
      if (!entry.key.starts_with(kClock)) {
        tombstones_.emplace(keys::of_tombstone(entry.key), Tombstone{entry.changed, entry.bytes});
      }
    }
    return {};
  }

  [[nodiscard]] Result<void> keep(const std::string& key, const std::string& digest, std::string_view who) {
    if (!kept_.insert(key).second) {
      return {};
    }
    TRY_ASSIGN(const auto list, load_list(storage_, key, digest));
    if (!list) {
      return fail(ErrorKind::kCorrupt, fmt::format("{} names '{}', which is missing: what it leads to is not known, so "
                                                   "nothing is removed; `snapshot_test remote check` says more",
                                                   who, key));
    }
    ++report_.baselines;
    for (const auto& [needed, bytes] : list->needs()) {
      kept_.insert(needed);
    }
    return {};
  }

  /// What refs lead to, and lists that are young.
  [[nodiscard]] Result<void> mark() {
    TRY_ASSIGN(const auto names, ref_names(storage_));
    for (const std::string& name : names) {
      TRY_ASSIGN(const auto found, find_ref(storage_, name));
      if (found) {
        ++report_.refs;
        TRY(keep(found->ref.list, found->ref.digest, fmt::format("the ref '{}'", name)));
      }
    }
    TRY_ASSIGN(const auto lists, storage_.list(keys::kLists));
    for (const Entry& entry : lists) {
      const std::string digest = digest_of_key(entry.key);
      if (digest.empty() || time_ - entry.changed >= options_.grace) {
        continue;
      }
      // One that nobody names is no reason to refuse, whatever is in it.
      if (auto kept = keep(entry.key, digest, "a young list"); !kept && kept.error().kind != ErrorKind::kCorrupt) {
        return kept;
      }
    }
    return {};
  }

  [[nodiscard]] Result<void> look() {
    for (const std::string_view prefix : {keys::kObjects, keys::kPacks, keys::kLists}) {
      TRY_ASSIGN(const auto entries, storage_.list(prefix));
      for (const Entry& entry : entries) {
        there_.insert(entry.key);
        look_at(entry);
      }
    }
    return {};
  }

  void look_at(const Entry& entry) {
    if (kept_.contains(entry.key)) {
      ++report_.kept;
      report_.kept_bytes += entry.bytes;
      return;
    }
    const auto tombstone = tombstones_.find(entry.key);
    if (tombstone != tombstones_.end() && time_ - tombstone->second.since >= options_.rest) {
      to_remove_.push_back(entry.key);
      ++report_.removed;
      report_.removed_bytes += entry.bytes;
    } else if (tombstone == tombstones_.end() && time_ - entry.changed >= options_.grace) {
      to_bury_.push_back(entry.key);
      ++report_.marked;
      report_.marked_bytes += entry.bytes;
    } else {
      ++report_.waiting;
      report_.waiting_bytes += entry.bytes;
    }
  }

  [[nodiscard]] Result<void> remove(const std::function<double()>& now) {
    for (std::size_t at = 0; at < to_remove_.size(); at += kMostRemovedAtOnce) {
      if (now() - began_ > std::chrono::duration<double>(kLongestCollection).count()) {
        return fail(ErrorKind::kUnavailable,
                    fmt::format("this took more than {} hours; what is left is removed when it "
                                "is run again",
                                kLongestCollection.count()));
      }
      const std::size_t count = std::min(kMostRemovedAtOnce, to_remove_.size() - at);
      const std::span<const std::string> keys(to_remove_.data() + at, count);
      TRY(storage_.remove(keys));
      for (const std::string& key : keys) {
        TRY(storage_.put(keys::tombstone(key), kGone, {}).map([](Written /*always done*/) {}));
      }
    }
    return {};
  }

  [[nodiscard]] Result<void> bury() {
    for (const std::string& key : to_bury_) {
      TRY(storage_.put(keys::tombstone(key), kDoomed, {}).map([](Written /*always done*/) {}));
    }
    return {};
  }

  /// Tombstones of what has been gone so long that no collection can be at removing it.
  [[nodiscard]] Result<void> forget() {
    std::vector<std::string> old;
    for (const auto& [key, tombstone] : tombstones_) {
      if (!there_.contains(key) && tombstone.bytes == kGone.size() && time_ - tombstone.since >= options_.rest) {
        old.push_back(keys::tombstone(key));
      } else if (!there_.contains(key) && tombstone.bytes != kGone.size()) {
        // The collection that removed it ended before it could say so.
        TRY(storage_.put(keys::tombstone(key), kGone, {}).map([](Written /*always done*/) {}));
      }
    }
    for (std::size_t at = 0; at < old.size(); at += kMostRemovedAtOnce) {
      TRY(storage_.remove(std::span(old).subspan(at, std::min(kMostRemovedAtOnce, old.size() - at))));
    }
    return {};
  }

  Storage& storage_;
  const CollectOptions& options_;
  double began_ = 0;
  Time time_;
  std::map<std::string, Tombstone> tombstones_;  ///< by the key of the object
  std::set<std::string> kept_;
  std::set<std::string> there_;
  std::vector<std::string> to_remove_;
  std::vector<std::string> to_bury_;
  CollectReport report_;
};

}  // namespace

Result<CollectReport> collect(Storage& storage, const CollectOptions& options) {
  CountedStorage counted(storage);
  TRY_ASSIGN(const bool is_remote, check_format(counted));
  if (!is_remote) {
    return fail(ErrorKind::kNoBaseline, fmt::format("'{}' is no remote: it has no format.json", storage.name()));
  }
  TRY_ASSIGN(CollectReport report, Collection(counted, options).run());
  report.traffic = counted.traffic();
  return report;
}

}  // namespace snapshot_test::remote
