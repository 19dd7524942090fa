// What the store needs of the file system beyond util/file.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot_test/util/result.hpp"
#include "util/fd.hpp"

namespace snapshot_test::store {

/// util::io_error() for the current errno, plus what to do about a full disk or a folder that may not be written.
[[nodiscard]] Error store_error(std::string_view action, const std::filesystem::path& path);

struct FolderEntry {
  std::string name;
  bool is_folder = false;  ///< a real one, not a link
  bool is_file = false;    ///< a regular file, not a link
};
/// Sorted by name, without "." and ".."; empty where the folder does not exist. kCorrupt if it is a symbolic link:
/// what a store's folder holds is moved and removed, so it must not lie somewhere else.
[[nodiscard]] Result<std::vector<FolderEntry>> list_folder(const std::filesystem::path& folder);

/// mkdir, content with a real folder that is there already.
[[nodiscard]] Result<void> ensure_folder(const std::filesystem::path& folder);

/// A file that did not exist, under a name of its own that starts with paths::kTemporaryPrefix.
struct TemporaryFile {
  util::Fd fd;
  std::filesystem::path path;
};
[[nodiscard]] Result<TemporaryFile> create_temporary(const std::filesystem::path& folder);

/// util::write_all() with store_error()'s advice.
[[nodiscard]] Result<void> write_fully(const util::Fd& fd, std::span<const std::byte> bytes,
                                       const std::filesystem::path& path);

/// Closes and says whether the system accepted all that was written: some file systems report errors only at close().
[[nodiscard]] Result<void> close_checked(util::Fd& fd, const std::filesystem::path& path);

/// Writes a new file; no fsync (see sync_tree).
[[nodiscard]] Result<void> write_new_file(const std::filesystem::path& path, std::string_view text);

[[nodiscard]] Result<void> rename_file(const std::filesystem::path& from, const std::filesystem::path& to);

/// Makes all that was written below `folder` durable, and the names that lead to it. One syncfs() where that works: an
/// fsync for each of thousands of small files takes seconds. `watch` should be a descriptor opened before the writes,
/// so that errors of writing back in between are reported.
[[nodiscard]] Result<void> sync_tree(const std::filesystem::path& folder, const util::Fd& watch);
/// syncfs(). False where that does nothing or is not there: then files and folders are to be synced by themselves.
[[nodiscard]] Result<bool> sync_file_system(const util::Fd& watch, const std::filesystem::path& folder);
[[nodiscard]] Result<util::Fd> open_folder(const std::filesystem::path& folder);

/// Removes a file or a whole folder; absent is fine.
[[nodiscard]] Result<void> remove_tree(const std::filesystem::path& path);

struct TreeSize {
  std::uint64_t apparent = 0;   ///< sum of file sizes
  std::uint64_t allocated = 0;  ///< as du counts: blocks of files and folders
};
[[nodiscard]] Result<TreeSize> tree_size(const std::filesystem::path& path);

/// The text of a regular file, or of one behind a link; none where there is nothing of that name. kCorrupt where there
/// is something else.
[[nodiscard]] Result<std::optional<std::string>> read_if_there(const std::filesystem::path& path);

}  // namespace snapshot_test::store
