// The manifests that a capture replaced, kept in the store until it is cleaned, so that the capture can be undone.
// Formats are in docs/store.md.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "snapshot_test/store/store.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::store {

/// Names within a store. Manifests are paths relative to cases/, such as "bench/Core.time_sum.json".
struct Removal {
  std::set<std::string> manifests = {};
  std::set<std::string> runs = {};      ///< ids
  std::set<std::string> replaced = {};  ///< names of kept captures
};

/// Makes the commit of a staging folder remove these.
[[nodiscard]] Result<void> stage_removal(const Removal& removal, const std::filesystem::path& staged);

/// Before a capture commits: puts into its staging folder what its manifests replace, and
/// what it removes. Nothing, where the store has no
/// manifests yet: there is no baseline to go back to. Needs the store's lock.
[[nodiscard]] Result<void> stage_replaced(const std::filesystem::path& root, const std::filesystem::path& staged,
                                          const std::string& run_id);

/// Removes what stage_replaced() and stage_removal() have put into a staging folder, for a capture that goes on there.
[[nodiscard]] Result<void> forget_staged(const std::filesystem::path& staged);

/// A capture that can be undone.
struct KeptCapture {
  std::filesystem::path folder;
  std::string run_id;
  /// What the capture put.
  struct File {
    std::string manifest;
    std::string sha256;   ///< of its text
    bool is_new = false;  ///< nothing was replaced
  };
  std::vector<File> files;
};
/// The newest; none where there is none. kCorrupt, kUnsupported, kIo.
[[nodiscard]] Result<std::optional<KeptCapture>> newest_kept(const std::filesystem::path& root);
/// Folders of all of them, oldest first.
[[nodiscard]] Result<std::vector<std::filesystem::path>> kept_captures(const std::filesystem::path& root);

/// Makes a staging folder into one whose commit brings back what `kept` replaced. kUsage where a manifest has changed
/// since that capture: that change would be lost. Needs the store's lock.
[[nodiscard]] Result<void> stage_undo(const std::filesystem::path& root, const KeptCapture& kept,
                                      const std::filesystem::path& staged);

/// What a staging folder's commit removes; empty for that of a capture. kCorrupt, kUnsupported, kIo.
[[nodiscard]] Result<Removal> read_removal(const std::filesystem::path& staged);
/// When a staging folder is committed: moves what it keeps to its place, and removes what it says. May be repeated.
/// Needs the store's lock.
[[nodiscard]] Result<void> move_replaced(const std::filesystem::path& root, const std::filesystem::path& staged);
[[nodiscard]] Result<void> remove_listed(const std::filesystem::path& root, const std::filesystem::path& staged);

}  // namespace snapshot_test::store
