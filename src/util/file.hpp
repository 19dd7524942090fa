// Files, the careful way: whole reads, mapped reads, and writes that appear at once or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "snapshot_test/util/mapped_file.hpp"
#include "snapshot_test/util/result.hpp"
#include "util/fd.hpp"

namespace snapshot_test::util {

/// "cannot open '/x/y': No such file or directory" for the current errno.
[[nodiscard]] Error io_error(std::string_view action, const std::filesystem::path& path);

/// Opens a regular file, or a link to one, for reading, without blocking: a name from a stranger's store may be that of
/// a pipe without a writer. kCorrupt if it is anything else, or readable by no user; kIo otherwise.
[[nodiscard]] Result<Fd> open_regular(const std::filesystem::path& path);

/// The whole regular file as bytes; as open_regular() where it cannot be read.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path);

/// Writes all of `bytes`, continuing after short writes and EINTR.
[[nodiscard]] Result<void> write_all(int fd, std::span<const std::byte> bytes, const std::filesystem::path& path);

/// A file without a name, in `folder`, or in memory where that is empty: the system removes it with its last user,
/// however that ends. Where the file system has no such files (O_TMPFILE), it has a name for a moment.
[[nodiscard]] Result<Fd> unnamed_file(const std::filesystem::path& folder);

/// Makes renames and removals in `folder` survive a power loss.
[[nodiscard]] Result<void> fsync_folder(const std::filesystem::path& folder);

/// A file that replaces `target` when committed: a temporary in the same folder, then fsync, rename, fsync of the
/// folder. Destroyed without commit(), it removes its temporary and leaves the target as it was.
class AtomicFile {
 public:
  [[nodiscard]] static Result<AtomicFile> create(const std::filesystem::path& target);
  AtomicFile(AtomicFile&&) noexcept = default;
  AtomicFile& operator=(AtomicFile&&) noexcept;
  ~AtomicFile();

  [[nodiscard]] Result<void> write(std::span<const std::byte> bytes);
  [[nodiscard]] Result<void> write(std::string_view text);
  [[nodiscard]] Result<void> commit();

 private:
  AtomicFile(Fd fd, std::filesystem::path temporary, std::filesystem::path target);
  void discard() noexcept;

  Fd fd_;
  std::filesystem::path temporary_;
  std::filesystem::path target_;
};

/// write-temporary, fsync, rename, in one call.
[[nodiscard]] Result<void> write_file_atomically(const std::filesystem::path& target, std::string_view text);

/// Mapped bytes that need not stay in memory: read again, they come from the file. Whole pages inside `bytes` only.
void release_pages(std::span<const std::byte> bytes) noexcept;

}  // namespace snapshot_test::util
