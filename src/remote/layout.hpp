// The names of a remote's objects, and the small ones among them: its format, refs and tombstones. Grammar and meaning
// are in docs/remotes.md.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "remote/storage.hpp"
#include "store/paths.hpp"

namespace snapshot_test::remote {

inline constexpr int kRemoteVersion = 1;

namespace keys {

inline constexpr std::string_view kFormat = "format.json";
inline constexpr std::string_view kObjects = "objects/";
inline constexpr std::string_view kPacks = "packs/";
inline constexpr std::string_view kLists = "snapshots/";
inline constexpr std::string_view kRefs = "refs/";
inline constexpr std::string_view kTombstones = "tombstones/";

/// objects/ab/cdef….pkl[.zst], as in a local store.
[[nodiscard]] std::string object(std::string_view sha256, store::Encoding encoding);
[[nodiscard]] std::string pack(std::string_view sha256);
[[nodiscard]] std::string list(std::string_view digest);
[[nodiscard]] std::string ref(std::string_view name);
/// What says that the object of that key is going to be removed.
[[nodiscard]] std::string tombstone(std::string_view key);
/// The other way.
[[nodiscard]] std::string of_tombstone(std::string_view tombstone);

/// A key whose object is to be removed is never written again: what belongs there gets the first of KEY, KEY~1, KEY~2,
/// … that has no tombstone.
[[nodiscard]] std::string without_tombstone(const std::string& key, const std::set<std::string>& doomed);

}  // namespace keys

/// An error of what a remote holds, without the advice that goes with a store of one's own.
[[nodiscard]] Error of_remote(Error error);

/// Letters, digits, '.', '_', '-' and, between parts, '/'; at most 200 bytes.
[[nodiscard]] bool is_ref_name(std::string_view name);

/// What a ref says.
struct Ref {
  std::string digest;  ///< of the baseline: 64 hex digits
  std::string list;    ///< the key of its list
  std::string time;    ///< UTC, when it was set, by the clock of who did it
};
[[nodiscard]] std::string to_text(const Ref& ref);
/// kCorrupt, kUnsupported; `place` is for messages.
[[nodiscard]] Result<Ref> ref_from_text(std::string_view text, const std::string& place);

/// A ref as it is now, with what it takes to replace it.
struct FoundRef {
  Ref ref;
  std::string tag;
};
[[nodiscard]] Result<std::optional<FoundRef>> find_ref(Storage& storage, std::string_view name);
/// Their names, sorted.
[[nodiscard]] Result<std::vector<std::string>> ref_names(Storage& storage);

/// Is it a remote that this build can read? One without a format file holds nothing yet: false. kUnsupported, kCorrupt.
[[nodiscard]] Result<bool> check_format(Storage& storage);
/// Makes it one where it is not.
[[nodiscard]] Result<void> ensure_format(Storage& storage);

/// Writes on a condition, or without where the storage knows none: then `unconditional` becomes true.
[[nodiscard]] Result<Written> put_if(Storage& storage, std::string_view key, std::string_view bytes,
                                     const Condition& condition, bool& unconditional);

}  // namespace snapshot_test::remote
