// The seam at which tests stand between the program and the file system. A program that is linked with file_calls.cpp
// has its own definitions of libc's functions that change files: they hand each call below a watched folder to a
// Watcher, which may refuse it, and then make the system call. The product knows nothing of it and pays nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace snapshot_test::crash {

struct FileCall {
  enum class Kind {
    kOpen,          ///< of what is there, without changing it
    kCreate,        ///< open() that makes the file
    kResize,        ///< ftruncate(), or open() with O_TRUNC
    kWrite,         ///< `bytes` at `offset`
    kSync,          ///< fsync() of a file or a folder
    kSyncAll,       ///< syncfs()
    kRename,        ///< `path` becomes `to`
    kLink,          ///< `to` is another name of `path`
    kUnlink,        ///< of a file
    kMakeFolder,    ///<
    kRemoveFolder,  ///<
    kTimes,         ///< futimens()
    kLock,          ///< flock()
    kClose,         ///<
  };
  Kind kind = Kind::kOpen;
  std::string path{};  ///< absolute; of a descriptor's file the one that it was opened with
  std::string to{};
  int fd = -1;  ///< of kOpen and kCreate only in after()
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::string_view bytes{};
  bool writes = false;  ///< kOpen: for writing
};

[[nodiscard]] std::string_view name(FileCall::Kind kind);

struct Answer {
  int error = 0;                       ///< an errno: the call fails with it, and nothing is done
  std::optional<std::size_t> bytes{};  ///< kWrite: no more than these are written
};

/// Is told of one call at a time, whichever threads make them.
class Watcher {
 public:
  Watcher() = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  virtual ~Watcher() = default;
  [[nodiscard]] virtual Answer before(const FileCall& call) = 0;
  /// It has been done; of a write, as many bytes as were written.
  virtual void after(const FileCall& call) = 0;
};

/// Watches all calls of this process below `root` (absolute, without links) while it exists; one at a time.
class Watching {
 public:
  Watching(const std::filesystem::path& root, Watcher& watcher);
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;
  ~Watching();
};

/// From now on fstat() says that the file with the inode `real` has the inode `shown`: a file that was written again
/// after a crash is still the one that it was.
void show_inode(std::uint64_t real, std::uint64_t shown);
void forget_shown_inodes();
[[nodiscard]] std::uint64_t shown_inode(std::uint64_t real);
/// From now on fstatfs() says that all below is FUSE, where syncfs() does nothing; and so it is.
void pretend_fuse(bool fuse);

}  // namespace snapshot_test::crash
