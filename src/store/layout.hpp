// The store's folder as a whole: its format file, and how a committed capture becomes part of it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::store {

enum class FolderState {
  kFile,      ///< a file, not a folder
  kMissing,   ///< nothing there
  kEmpty,     ///< nothing of ours and nothing else in it
  kForeign,   ///< other files, no store
  kHeadless,  ///< a store's folders without format.json
  kStore,
};
/// kIo where it cannot be read.
[[nodiscard]] Result<FolderState> look_at(const std::filesystem::path& root);

/// kUnsupported, kCorrupt, kIo.
[[nodiscard]] Result<void> check_format(const std::filesystem::path& root);
/// Makes the folder, format.json and a .gitignore for what is not part of the baseline.
[[nodiscard]] Result<void> create_layout(const std::filesystem::path& root);

struct Staged {
  std::vector<std::filesystem::path> committed;  ///< oldest first
  std::vector<std::filesystem::path> stale;      ///< of captures that did not commit (or do not yet)
};
[[nodiscard]] Result<Staged> find_staged(const std::filesystem::path& root);

/// Can all that `staged` holds be moved to its place? kCorrupt where a link or a file is in place of a folder, or the
/// other way round: to be checked before the capture is committed.
[[nodiscard]] Result<void> check_places(const std::filesystem::path& root, const std::filesystem::path& staged);

/// Writes the commit marker: from then on what is staged is the baseline, and roll_forward() makes that durable before
/// anything else. Where it fails, there is none.
[[nodiscard]] Result<void> mark_committed(const std::filesystem::path& staged, const std::string& run_id);

/// Makes the commit marker durable, moves what a committed capture staged to its place, then removes the staging
/// folder. May be repeated after it was interrupted anywhere, and nothing of what is staged may be removed if it fails.
/// Needs the store's lock.
[[nodiscard]] Result<void> roll_forward(const std::filesystem::path& root, const std::filesystem::path& staged);

/// Finishes every commit that was interrupted. Needs the store's lock.
[[nodiscard]] Result<void> roll_forward_all(const std::filesystem::path& root);

}  // namespace snapshot_test::store
