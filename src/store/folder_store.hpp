// A store that is a folder of plain files. Layout and guarantees are in docs/store.md.
#pragma once

#include <map>

#include "snapshot_test/store/store.hpp"
#include "store/file_objects.hpp"
#include "store/kind.hpp"
#include "store/replaced.hpp"

namespace snapshot_test::store {

/// A value: copies see the same folder.
class FolderStore final : public Store {
 public:
  /// As the functions of Store.
  [[nodiscard]] static Result<FolderStore> open(const std::filesystem::path& path);
  [[nodiscard]] static Result<FolderStore> open_or_create(const std::filesystem::path& path);
  [[nodiscard]] static Result<std::optional<FolderStore>> open_if_there(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& root() const noexcept { return root_; }
  [[nodiscard]] std::filesystem::path objects_folder() const;
  /// Where objects are to be looked for, in this order: more than one folder while a commit is under way.
  [[nodiscard]] std::vector<std::filesystem::path> objects_folders() const;
  [[nodiscard]] Result<FileObjectReader> read_object(std::string_view sha256,
                                                     std::optional<std::uint64_t> plain_bytes = std::nullopt) const;

  [[nodiscard]] std::string name() const override { return root_.string(); }
  [[nodiscard]] model::Locator locator() const override;
  [[nodiscard]] Result<std::optional<Manifest>> load_manifest(std::string_view benchmark) const override;
  [[nodiscard]] Result<std::vector<std::string>> benchmark_names() const override;
  [[nodiscard]] Result<std::optional<RunInfo>> load_run(std::string_view id) const override;
  [[nodiscard]] Result<std::vector<std::string>> run_ids() const override;
  [[nodiscard]] std::optional<StoredObject> find_object(std::string_view sha256) const override;
  [[nodiscard]] std::optional<std::string> manifest_place(std::string_view benchmark) const override;
  [[nodiscard]] Result<std::uint64_t> disk_usage() const override;
  [[nodiscard]] Result<std::unique_ptr<CaptureTransaction>> begin_capture(
      std::string run_id, Patience patience = {}, Leftovers leftovers = Leftovers::kRemoved) const override;
  [[nodiscard]] Result<std::unique_ptr<CaptureTransaction>> resume_capture(std::string run_id,
                                                                           const nlohmann::json& key,
                                                                           Patience patience = {}) const override;
  [[nodiscard]] Result<CleanReport> clean(const std::optional<std::vector<std::string>>& live_benchmarks,
                                          CleanMode mode, Patience patience = {}) const override;
  [[nodiscard]] Result<bool> forget_case(std::string_view benchmark, const std::vector<std::string>& ids,
                                         Patience patience = {}) const override;
  [[nodiscard]] Result<std::optional<Undoable>> find_undoable() const override;
  [[nodiscard]] Result<void> undo_capture(std::string_view run_id, Patience patience = {}) const override;

 private:
  explicit FolderStore(std::filesystem::path root) : root_(std::move(root)), bases_{{root_, {}}} {}
  [[nodiscard]] Result<void> finish_commits();
  [[nodiscard]] Result<bool> has_snapshots() const;
  [[nodiscard]] Result<std::map<std::filesystem::path, std::filesystem::path>> manifests() const;

  /// Where to look. A file of a base hides those of the same name in the bases after it, and so does its removal.
  struct Base {
    std::filesystem::path folder;
    Removal removal;
  };

  std::filesystem::path root_;
  std::vector<Base> bases_;  ///< what is committed but not moved yet, newest first; then the root
};

[[nodiscard]] Kind folder_kind();

}  // namespace snapshot_test::store
