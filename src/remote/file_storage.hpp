// A folder as a storage: local, on NFS, or a bucket that is mounted.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <set>

#include "remote/storage.hpp"
#include "util/fd.hpp"

namespace snapshot_test::remote {

/// What a storage is opened for.
enum class Use { kRead, kWrite };

/// An object is the file of its key. It is written into `.tmp/`, made durable, and then gets its name at once, so no
/// reader sees part of one. There are no locks:
///
/// - kAbsent gives the file its name by link(2), which only one of several can; where the file system has no links,
///   by renameat2(2) with RENAME_NOREPLACE; where it has neither, it is kUnsupported.
/// - kMatches: a version of an object is its content with the inode and the time of its file, which together never
///   come back. What replaces version T of a key is linked as `.cas/<key>/<T>`, which again only one can: from then on
///   it is the object's content. The file of the key follows by rename, and may be late where a process was killed or
///   slow: readers go from the file along `.cas/` to the newest version. Older links are removed after two weeks.
///
/// A folder that is missing or not mounted is kUnavailable, never an empty storage.
class FileStorage final : public Storage {
 public:
  /// kWrite makes the folder where the one around it exists. kUnavailable.
  [[nodiscard]] static Result<std::unique_ptr<FileStorage>> open(const std::filesystem::path& root, Use use);

  [[nodiscard]] std::string name() const override { return root_.string(); }
  [[nodiscard]] Result<std::optional<Content>> get(std::string_view key) override;
  [[nodiscard]] Result<bool> read(std::string_view key, std::optional<Range> range, const Receiver& receiver) override;
  [[nodiscard]] Result<Written> put(std::string_view key, std::string_view bytes, const Condition& condition) override;
  [[nodiscard]] Result<Written> put_file(std::string_view key, const std::string& path, std::optional<Range> range,
                                         const Condition& condition) override;
  [[nodiscard]] Result<std::vector<Entry>> list(std::string_view prefix) override;
  [[nodiscard]] Result<void> remove(std::span<const std::string> keys) override;
  [[nodiscard]] Result<void> make_seen_durable() override;

 private:
  struct Version;
  struct Temporary;

  explicit FileStorage(std::filesystem::path root) : root_(std::move(root)) {}
  [[nodiscard]] Result<void> check_key(std::string_view key) const;
  /// The error of the current errno.
  [[nodiscard]] Error refused(std::string_view action, const std::filesystem::path& path) const;
  /// After ENOENT: is it the object that is missing, and not the whole storage?
  [[nodiscard]] Result<void> check_root() const;
  [[nodiscard]] std::filesystem::path claims_of(std::string_view key) const;
  /// The newest version's file; none where there is no object.
  [[nodiscard]] Result<std::optional<util::Fd>> open_newest(std::string_view key) const;
  [[nodiscard]] Result<std::optional<Version>> newest(std::string_view key) const;
  [[nodiscard]] Result<Version> load(util::Fd fd, const std::filesystem::path& path) const;
  [[nodiscard]] Result<Temporary> create_temporary() const;
  /// What is in the folder stays there after a power loss.
  [[nodiscard]] Result<void> make_durable(const std::filesystem::path& folder) const;
  /// Durably; `folder` is below the root.
  [[nodiscard]] Result<void> make_folders(const std::filesystem::path& folder) const;
  [[nodiscard]] Result<Written> settle(std::string_view key, Temporary temporary, const Condition& condition);
  [[nodiscard]] Result<Written> link_absent(const std::filesystem::path& from, const std::filesystem::path& to) const;
  [[nodiscard]] Result<Written> replace(std::string_view key, const std::string& tag, Temporary& temporary);
  /// What was left there two weeks ago; what cannot be removed stays.
  static void remove_old_files(const std::filesystem::path& folder);

  std::filesystem::path root_;
  mutable std::mutex mutex_;                         ///< of what follows
  mutable std::set<std::filesystem::path> durable_;  ///< folders that this process knows to be
};

}  // namespace snapshot_test::remote
