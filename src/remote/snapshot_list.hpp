// snapshots/<digest>.json: all that a baseline consists of, and where in the remote it lies. Grammar in
// docs/remotes.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "remote/storage.hpp"
#include "snapshot_test/store/run_info.hpp"
#include "snapshot_test/store/store.hpp"
#include "store/paths.hpp"

namespace snapshot_test::remote {

/// Where bytes lie: an object of the storage, or a part of a pack.
struct Place {
  std::string key;
  std::optional<Range> range;
};

/// A manifest or the file of a run.
struct ListedText {
  std::string name;    ///< the benchmark, or the run's id
  std::string sha256;  ///< of the text
  std::uint64_t bytes = 0;
  Place place;
};

/// A value.
struct ListedObject {
  std::string sha256;             ///< of the plain pickle
  std::uint64_t plain_bytes = 0;  ///< its size
  std::uint64_t bytes = 0;        ///< what is stored of it, and where
  store::Encoding encoding = store::Encoding::kPlain;
  Place place;
};

struct SnapshotList {
  std::string digest;
  std::map<std::string, std::uint64_t> packs;  ///< key → bytes
  std::vector<ListedText> manifests;           ///< sorted by name
  std::vector<ListedText> runs;
  std::map<std::string, ListedObject> objects;  ///< by sha256

  /// Every object of the storage that it needs, with its size.
  [[nodiscard]] std::map<std::string, std::uint64_t> needs() const;
};

[[nodiscard]] std::string to_text(const SnapshotList& list);
/// kCorrupt where it is damaged, or names what cannot be (a place outside of its pack, a benchmark twice);
/// kUnsupported. `place` is for messages.
[[nodiscard]] Result<SnapshotList> list_from_text(std::string_view text, const std::string& place);

/// The list of that key; none where there is none. kCorrupt where it is of another baseline than `digest`: the message
/// has both digests.
[[nodiscard]] Result<std::optional<SnapshotList>> load_list(Storage& storage, const std::string& key,
                                                            const std::string& digest);

}  // namespace snapshot_test::remote
