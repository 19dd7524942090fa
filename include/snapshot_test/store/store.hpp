// The snapshot store: a folder of plain files that holds the baseline. Layout and guarantees are in docs/store.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "snapshot_test/store/manifest.hpp"
#include "snapshot_test/store/object.hpp"
#include "snapshot_test/store/run_info.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::store {

/// The version of the layout that this build reads and writes.
inline constexpr int kFormatVersion = 1;

/// An opened store. A value: copies see the same folder. Const members may be called from several threads and while
/// another process captures: each manifest read is whole, and the objects that it names are there.
class Store {
 public:
  /// For reading. kNoBaseline: missing, empty, or without snapshots; kUnsupported: another format version; kCorrupt:
  /// format.json is malformed or gone; kIo otherwise. Finishes a commit that was interrupted; where that is not
  /// possible (a read-only folder, a capture that is committing now), reads the new baseline from the staging folder.
  [[nodiscard]] static Result<Store> open(const std::filesystem::path& path);
  /// For writing: as open(), but makes the store where there is none. Refuses (kUsage) a folder of other files.
  [[nodiscard]] static Result<Store> open_or_create(const std::filesystem::path& path);

  /// For looking at what there may be: none where the folder is missing or empty; a store without snapshots is one.
  /// kUsage: a file, or a folder of other files; otherwise as open().
  [[nodiscard]] static Result<std::optional<Store>> open_if_there(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& root() const noexcept { return root_; }
  [[nodiscard]] std::filesystem::path objects_folder() const;
  /// Where objects are to be looked for, in this order: more than one folder while a commit is under way.
  [[nodiscard]] std::vector<std::filesystem::path> objects_folders() const;

  /// None if the benchmark has no snapshots. kCorrupt, kUnsupported, kIo.
  [[nodiscard]] Result<std::optional<Manifest>> load_manifest(std::string_view benchmark) const;
  /// Every benchmark that has a manifest, sorted.
  [[nodiscard]] Result<std::vector<std::string>> benchmark_names() const;

  [[nodiscard]] Result<std::optional<RunInfo>> load_run(std::string_view id) const;
  /// Oldest first.
  [[nodiscard]] Result<std::vector<std::string>> run_ids() const;

  /// kCorrupt where it is missing or its size is wrong. `plain_bytes`: what the manifest says (SiteValue::bytes).
  [[nodiscard]] Result<ObjectReader> open_object(std::string_view sha256,
                                                 std::optional<std::uint64_t> plain_bytes = std::nullopt) const;

  /// The file of an object that load_manifest() spoke of; none where it is missing.
  [[nodiscard]] std::optional<std::filesystem::path> object_file(std::string_view sha256) const;
  /// The file that load_manifest() reads; none if the benchmark has no snapshots.
  [[nodiscard]] std::optional<std::filesystem::path> manifest_file(std::string_view benchmark) const;

  /// Bytes that the folder takes on disk, as du counts them.
  [[nodiscard]] Result<std::uint64_t> disk_usage() const;

 private:
  explicit Store(std::filesystem::path root) : root_(std::move(root)) {}
  [[nodiscard]] Result<void> finish_commits();
  [[nodiscard]] Result<bool> has_snapshots() const;
  [[nodiscard]] std::vector<std::filesystem::path> bases() const;

  std::filesystem::path root_;
  std::vector<std::filesystem::path> pending_;  ///< committed but not moved yet, newest first
};

}  // namespace snapshot_test::store
