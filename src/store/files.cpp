#include "store/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>

#include "store/paths.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

namespace {

Error error_of(const std::error_code& code, std::string_view action, const fs::path& path) {
  errno = code.value();
  return store_error(action, path);
}

Result<void> fsync_path(const fs::path& path, int flags) {
  const util::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
  if (!fd || (::fsync(fd.get()) != 0 && errno != EINVAL)) {
    return tl::unexpected(store_error("fsync", path));
  }
  return {};
}

Result<void> fsync_each(const fs::path& folder) {
  TRY_ASSIGN(const auto entries, list_folder(folder));
  for (const FolderEntry& entry : entries) {
    Result<void> done;
    if (entry.is_folder) {
      done = fsync_each(folder / entry.name);
    } else if (entry.is_file) {
      done = fsync_path(folder / entry.name, O_NOFOLLOW);
    }
    if (!done) {
      return done;
    }
  }
  return fsync_path(folder, O_DIRECTORY);
}

/// The names that lead to `folder`, up to where its file system is mounted: it may be new, and so may be what it is in.
Result<void> fsync_above(const fs::path& folder) {
  struct stat below {};
  fs::path at = fs::absolute(folder).lexically_normal();
  at = at.has_filename() ? at : at.parent_path();
  if (::stat(at.c_str(), &below) != 0) {
    return tl::unexpected(store_error("look at", at));
  }
  while (at.has_relative_path()) {
    at = at.parent_path();
    struct stat status {};
    if (::stat(at.c_str(), &status) != 0 || status.st_dev != below.st_dev) {
      break;
    }
    if (::access(at.c_str(), R_OK) != 0) {
      continue;  // not made by us
    }
    TRY(fsync_path(at, O_DIRECTORY));
  }
  return {};
}

/// On FUSE, syncfs() succeeds without doing anything unless the server opted in.
bool syncfs_is_hollow(int fd) {
  constexpr decltype(statfs::f_type) kFuse = 0x65735546;
  struct statfs status {};
  return ::fstatfs(fd, &status) == 0 && status.f_type == kFuse;
}

}  // namespace

Error store_error(std::string_view action, const fs::path& path) {
  const int cause = errno;
  Error error = util::io_error(action, path);
  switch (cause) {
    case EACCES:
    case EPERM:
    case EROFS:
    case ENOTDIR: error.message += "; choose a folder that can be written with --snapshot-dir"; break;
    default: break;
  }
  return error;
}

Result<std::vector<FolderEntry>> list_folder(const fs::path& folder) {
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0) {
    if (errno == ENOENT) {
      return std::vector<FolderEntry>();
    }
    return tl::unexpected(util::io_error("read the folder", folder));
  }
  if (!S_ISDIR(status.st_mode)) {
    return fail(ErrorKind::kCorrupt,
                fmt::format("'{}' is {}; in a snapshot store it must be a real folder", folder.string(),
                            S_ISLNK(status.st_mode) ? "a symbolic link" : "not a folder"));
  }
  std::vector<FolderEntry> entries;
  std::error_code code;
  for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
    std::error_code ignored;  // an entry that is gone again is neither
    const fs::file_status kind = it->symlink_status(ignored);
    entries.push_back({it->path().filename().string(), fs::is_directory(kind), fs::is_regular_file(kind)});
  }
  if (code && code != std::errc::no_such_file_or_directory) {
    return tl::unexpected(error_of(code, "read the folder", folder));
  }
  std::sort(entries.begin(), entries.end(), [](const FolderEntry& a, const FolderEntry& b) { return a.name < b.name; });
  return entries;
}

Result<void> ensure_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0777) == 0) {
    return {};
  }
  if (errno != EEXIST) {
    return tl::unexpected(store_error("create the folder", folder));
  }
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return fail(ErrorKind::kCorrupt,
                fmt::format("'{}' is in the way: it should be a folder of the snapshot store", folder.string()));
  }
  return {};
}

Result<TemporaryFile> create_temporary(const fs::path& folder) {
  static std::atomic<unsigned> counter{0};
  // Left-overs of a dead process with the same number are skipped, not reused.
  for (int attempt = 0; attempt < 10000; ++attempt) {
    fs::path path = folder / fmt::format("{}{}-{}", paths::kTemporaryPrefix, ::getpid(), counter++);
    util::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (fd) {
      return TemporaryFile{std::move(fd), std::move(path)};
    }
    if (errno != EEXIST) {
      break;
    }
  }
  return tl::unexpected(store_error("create a temporary file in", folder));
}

Result<void> write_fully(const util::Fd& fd, std::span<const std::byte> bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd.get(), bytes.data(), bytes.size());
    if (wrote < 0 && errno != EINTR) {
      return tl::unexpected(store_error("write", path));
    }
    bytes = bytes.subspan(wrote < 0 ? 0 : static_cast<std::size_t>(wrote));
  }
  return {};
}

Result<void> close_checked(util::Fd& fd, const fs::path& path) {
  if (::close(fd.release()) != 0 && errno != EINTR) {
    return tl::unexpected(store_error("write", path));
  }
  return {};
}

Result<void> write_new_file(const fs::path& path, std::string_view text) {
  util::Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!fd) {
    return tl::unexpected(store_error("create", path));
  }
  TRY(write_fully(fd, std::as_bytes(std::span(text)), path));
  return close_checked(fd, path);
}

Result<void> rename_file(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return tl::unexpected(store_error("move a file to", to));
  }
  return {};
}

Result<util::Fd> open_folder(const fs::path& folder) {
  util::Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    return tl::unexpected(store_error("open the folder", folder));
  }
  return fd;
}

Result<bool> sync_file_system(const util::Fd& watch, const fs::path& folder) {
  if (syncfs_is_hollow(watch.get())) {
    return false;
  }
  if (::syncfs(watch.get()) == 0) {
    return true;
  }
  if (errno != ENOSYS && errno != EINVAL && errno != EOPNOTSUPP) {
    return tl::unexpected(store_error("write to disk what is below", folder));
  }
  return false;
}

Result<void> sync_tree(const fs::path& folder, const util::Fd& watch) {
  TRY_ASSIGN(const bool done, sync_file_system(watch, folder));
  if (done) {
    return {};
  }
  TRY(fsync_each(folder));
  return fsync_above(folder);
}

Result<void> remove_tree(const fs::path& path) {
  std::error_code code;
  fs::remove_all(path, code);
  if (code) {
    return tl::unexpected(error_of(code, "remove", path));
  }
  return {};
}

Result<TreeSize> tree_size(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) {
      return TreeSize();
    }
    return tl::unexpected(util::io_error("read the size of", path));
  }
  TreeSize total;
  total.allocated = static_cast<std::uint64_t>(status.st_blocks) * 512;
  if (!S_ISDIR(status.st_mode)) {
    total.apparent = static_cast<std::uint64_t>(status.st_size);
    return total;
  }
  TRY_ASSIGN(const auto entries, list_folder(path));
  for (const FolderEntry& entry : entries) {
    const auto below = tree_size(path / entry.name);
    if (!below) {
      return below;
    }
    total.apparent += below->apparent;
    total.allocated += below->allocated;
  }
  return total;
}

Result<std::optional<std::string>> read_if_there(const fs::path& path) {
  auto text = util::read_file(path);
  if (text) {
    return std::optional(std::move(*text));
  }
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
    return std::nullopt;
  }
  if (S_ISLNK(status.st_mode) && ::access(path.c_str(), F_OK) != 0) {
    return fail(ErrorKind::kCorrupt, fmt::format("'{}' is a link to a file that is not there", path.string()));
  }
  return tl::unexpected(std::move(text.error()));
}

}  // namespace snapshot_test::store
