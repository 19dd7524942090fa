#include "crash/file_calls.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>

namespace snapshot_test::crash {

namespace {

using Kind = FileCall::Kind;

struct Seam {
  std::recursive_mutex mutex;
  std::string root;
  Watcher* watcher = nullptr;
  bool inside = false;               ///< the watcher's own calls are not watched
  std::map<int, std::string> paths;  ///< of the descriptors below the root
  std::map<std::uint64_t, std::uint64_t> shown_inodes;
  bool fuse = false;
};

Seam& seam() {
  static auto* const made = new Seam;  // used until the process ends
  return *made;
}

bool is_watched(const std::string& path) {
  const Seam& now = seam();
  return now.watcher != nullptr && !now.inside && path.starts_with(now.root);
}

/// The absolute path of what an *at() function names.
std::string absolute(int folder, const char* path) {
  if (path == nullptr || *path == '/') {
    return path == nullptr ? "" : path;
  }
  std::array<char, PATH_MAX> text{};
  const std::string link = folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/" + std::to_string(folder);
  const long got = ::syscall(SYS_readlinkat, AT_FDCWD, link.c_str(), text.data(), text.size());
  return std::string(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0) + "/" + path;
}

std::string path_of(int fd) {
  const auto found = seam().paths.find(fd);
  return found == seam().paths.end() ? "" : found->second;
}

/// Asks, does it, and tells.
template <class Real>
long watched(FileCall call, Real real) {
  const std::lock_guard lock(seam().mutex);
  if (!is_watched(call.path) && !is_watched(call.to)) {
    return real(call);
  }
  seam().inside = true;
  const Answer answer = seam().watcher->before(call);
  seam().inside = false;
  if (answer.error != 0) {
    errno = answer.error;
    return -1;
  }
  if (answer.bytes) {
    call.bytes = call.bytes.substr(0, *answer.bytes);
  }
  const long done = real(call);
  if (done >= 0) {
    if (call.kind == Kind::kOpen || call.kind == Kind::kCreate) {
      call.fd = static_cast<int>(done);
      seam().paths[call.fd] = call.path;
    } else if (call.kind == Kind::kWrite) {
      call.bytes = call.bytes.substr(0, static_cast<std::size_t>(done));
    }
    seam().inside = true;
    seam().watcher->after(call);
    seam().inside = false;
  }
  return done;
}

long watched_open(int folder, const char* path, int flags, mode_t mode) {
  const std::lock_guard lock(seam().mutex);
  const auto real = [&](const FileCall&) { return ::syscall(SYS_openat, folder, path, flags, mode); };
  FileCall call{Kind::kOpen, seam().watcher == nullptr ? "" : absolute(folder, path)};
  if (!is_watched(call.path)) {
    const long fd = real(call);
    seam().paths.erase(static_cast<int>(fd));
    return fd;
  }
  struct stat status {};
  const bool there = ::syscall(SYS_newfstatat, AT_FDCWD, call.path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  call.writes = (flags & O_ACCMODE) != O_RDONLY && (flags & O_TMPFILE) != O_TMPFILE;
  if (!there && (flags & O_CREAT) != 0) {
    call.kind = Kind::kCreate;
  }
  const long fd = watched(call, real);
  if (fd >= 0 && there && (flags & O_TRUNC) != 0 && call.writes && !seam().inside) {
    FileCall cut{Kind::kResize, call.path};
    cut.fd = static_cast<int>(fd);
    // It has happened already; a watcher that would refuse it is asked too late, and only told.
    seam().inside = true;
    seam().watcher->after(cut);
    seam().inside = false;
  }
  return fd;
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

/// Tries names in place of the last six characters.
template <class Make>
int with_random_name(char* name, std::size_t length, Make make) {
  static unsigned counter = 0;
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  for (int attempt = 0; attempt < 1000; ++attempt) {
    unsigned number = ++counter * 2654435761U + static_cast<unsigned>(::getpid());
    for (std::size_t i = length - 6; i < length; ++i) {
      name[i] = kLetters[number % kLetters.size()];
      number /= static_cast<unsigned>(kLetters.size());
    }
    const int made = make();
    if (made >= 0 || errno != EEXIST) {
      return made;
    }
  }
  return -1;
}

}  // namespace

std::string_view name(Kind kind) {
  constexpr std::array<std::string_view, 14> kNames{"open", "create", "resize", "write", "fsync", "syncfs", "rename",
                                                    "link", "unlink", "mkdir",  "rmdir", "times", "flock",  "close"};
  return kNames.at(static_cast<std::size_t>(kind));
}

Watching::Watching(const std::filesystem::path& root, Watcher& watcher) {
  const std::lock_guard lock(seam().mutex);
  seam().root = root.string();
  seam().watcher = &watcher;
}

Watching::~Watching() {
  const std::lock_guard lock(seam().mutex);
  seam().watcher = nullptr;
  seam().paths.clear();
}

void show_inode(std::uint64_t real, std::uint64_t shown) { seam().shown_inodes[real] = shown; }
std::uint64_t shown_inode(std::uint64_t real) {
  const auto found = seam().shown_inodes.find(real);
  return found == seam().shown_inodes.end() ? real : found->second;
}
void forget_shown_inodes() { seam().shown_inodes.clear(); }
void pretend_fuse(bool fuse) { seam().fuse = fuse; }

}  // namespace snapshot_test::crash

using snapshot_test::crash::absolute;
using snapshot_test::crash::FileCall;
using snapshot_test::crash::path_of;
using snapshot_test::crash::seam;
using snapshot_test::crash::watched;
using snapshot_test::crash::watched_open;
using Kind = FileCall::Kind;

// The program's own definitions go before libc's, for libstdc++ too. Names and signatures are libc's.
// NOLINTBEGIN(readability-identifier-naming,bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
#define ST_SEAM extern "C" __attribute__((visibility("default")))

#define ST_OPEN(function)                                                \
  ST_SEAM int function(const char* path, int flags, ...) {               \
    va_list arguments;                                                   \
    va_start(arguments, flags);                                          \
    const mode_t mode = snapshot_test::crash::mode_of(flags, arguments); \
    va_end(arguments);                                                   \
    return static_cast<int>(watched_open(AT_FDCWD, path, flags, mode));  \
  }
ST_OPEN(open)
ST_OPEN(open64)

#define ST_OPENAT(function)                                              \
  ST_SEAM int function(int folder, const char* path, int flags, ...) {   \
    va_list arguments;                                                   \
    va_start(arguments, flags);                                          \
    const mode_t mode = snapshot_test::crash::mode_of(flags, arguments); \
    va_end(arguments);                                                   \
    return static_cast<int>(watched_open(folder, path, flags, mode));    \
  }
ST_OPENAT(openat)
ST_OPENAT(openat64)

// What _FORTIFY_SOURCE makes of open() without a mode.
ST_SEAM int __open_2(const char* path, int flags) { return static_cast<int>(watched_open(AT_FDCWD, path, flags, 0)); }
ST_SEAM int __open64_2(const char* path, int flags) { return static_cast<int>(watched_open(AT_FDCWD, path, flags, 0)); }
ST_SEAM int __openat_2(int folder, const char* path, int flags) {
  return static_cast<int>(watched_open(folder, path, flags, 0));
}
ST_SEAM int __openat64_2(int folder, const char* path, int flags) {
  return static_cast<int>(watched_open(folder, path, flags, 0));
}

ST_SEAM int mkostemp(char* name, int flags) {
  const std::size_t length = std::string_view(name).size();
  return snapshot_test::crash::with_random_name(name, length, [&] {
    return static_cast<int>(watched_open(AT_FDCWD, name, flags | O_RDWR | O_CREAT | O_EXCL, 0600));
  });
}

ST_SEAM char* mkdtemp(char* name) noexcept {
  const std::size_t length = std::string_view(name).size();
  const int made = snapshot_test::crash::with_random_name(name, length, [&] { return ::mkdir(name, 0700); });
  return made == 0 ? name : nullptr;
}

ST_SEAM ssize_t write(int fd, const void* bytes, std::size_t count) {
  FileCall call{Kind::kWrite, path_of(fd)};
  call.fd = fd;
  call.bytes = {static_cast<const char*>(bytes), count};
  if (!call.path.empty()) {
    struct stat status {};
    const bool at_end = (::fcntl(fd, F_GETFL) & O_APPEND) != 0 && ::fstat(fd, &status) == 0;
    call.offset =
        at_end ? static_cast<std::uint64_t>(status.st_size) : static_cast<std::uint64_t>(::lseek(fd, 0, SEEK_CUR));
  }
  return watched(call, [&](const FileCall& cut) { return ::syscall(SYS_write, fd, bytes, cut.bytes.size()); });
}

ST_SEAM int ftruncate(int fd, off_t size) noexcept {
  FileCall call{Kind::kResize, path_of(fd)};
  call.fd = fd;
  call.size = static_cast<std::uint64_t>(size);
  return static_cast<int>(watched(call, [&](const FileCall&) { return ::syscall(SYS_ftruncate, fd, size); }));
}

ST_SEAM int fsync(int fd) {
  FileCall call{Kind::kSync, path_of(fd)};
  call.fd = fd;
  return static_cast<int>(watched(call, [&](const FileCall&) { return ::syscall(SYS_fsync, fd); }));
}

ST_SEAM int fdatasync(int fd) { return fsync(fd); }

ST_SEAM int syncfs(int fd) noexcept {
  if (seam().fuse) {
    return 0;
  }
  FileCall call{Kind::kSyncAll, path_of(fd)};
  call.fd = fd;
  return static_cast<int>(watched(call, [&](const FileCall&) { return ::syscall(SYS_syncfs, fd); }));
}

ST_SEAM int fstatfs(int fd, struct statfs* status) noexcept {
  const long done = ::syscall(SYS_fstatfs, fd, status);
  if (done == 0 && seam().fuse) {
    status->f_type = 0x65735546;
  }
  return static_cast<int>(done);
}

ST_SEAM int fstat(int fd, struct stat* status) noexcept {
  const long done = ::syscall(SYS_newfstatat, fd, "", status, AT_EMPTY_PATH);
  if (done == 0) {
    status->st_ino = snapshot_test::crash::shown_inode(status->st_ino);
  }
  return static_cast<int>(done);
}

ST_SEAM int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) noexcept {
  const FileCall call{Kind::kRename, absolute(from_folder, from), absolute(to_folder, to)};
  return static_cast<int>(watched(
      call, [&](const FileCall&) { return ::syscall(SYS_renameat2, from_folder, from, to_folder, to, flags); }));
}
ST_SEAM int rename(const char* from, const char* to) noexcept { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }
ST_SEAM int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  return renameat2(from_folder, from, to_folder, to, 0);
}

ST_SEAM int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) noexcept {
  const FileCall call{Kind::kLink, absolute(from_folder, from), absolute(to_folder, to)};
  return static_cast<int>(
      watched(call, [&](const FileCall&) { return ::syscall(SYS_linkat, from_folder, from, to_folder, to, flags); }));
}
ST_SEAM int link(const char* from, const char* to) noexcept { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

ST_SEAM int unlinkat(int folder, const char* path, int flags) noexcept {
  const FileCall call{(flags & AT_REMOVEDIR) != 0 ? Kind::kRemoveFolder : Kind::kUnlink, absolute(folder, path)};
  return static_cast<int>(watched(call, [&](const FileCall&) { return ::syscall(SYS_unlinkat, folder, path, flags); }));
}
ST_SEAM int unlink(const char* path) noexcept { return unlinkat(AT_FDCWD, path, 0); }
ST_SEAM int rmdir(const char* path) noexcept { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
ST_SEAM int remove(const char* path) noexcept {
  struct stat status {};
  const bool folder =
      ::syscall(SYS_newfstatat, AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
  return folder ? rmdir(path) : unlink(path);
}

ST_SEAM int mkdirat(int folder, const char* path, mode_t mode) noexcept {
  const FileCall call{Kind::kMakeFolder, absolute(folder, path)};
  return static_cast<int>(watched(call, [&](const FileCall&) { return ::syscall(SYS_mkdirat, folder, path, mode); }));
}
ST_SEAM int mkdir(const char* path, mode_t mode) noexcept { return mkdirat(AT_FDCWD, path, mode); }

ST_SEAM int futimens(int fd, const struct timespec times[2]) noexcept {
  FileCall call{Kind::kTimes, path_of(fd)};
  call.fd = fd;
  return static_cast<int>(
      watched(call, [&](const FileCall&) { return ::syscall(SYS_utimensat, fd, nullptr, times, 0); }));
}

ST_SEAM int flock(int fd, int operation) noexcept {
  FileCall call{Kind::kLock, path_of(fd)};
  call.fd = fd;
  return static_cast<int>(watched(call, [&](const FileCall&) { return ::syscall(SYS_flock, fd, operation); }));
}

ST_SEAM int close(int fd) {
  const std::lock_guard lock(seam().mutex);
  FileCall call{Kind::kClose, path_of(fd)};
  call.fd = fd;
  seam().paths.erase(fd);
  const int done = static_cast<int>(::syscall(SYS_close, fd));  // it is closed, whatever the watcher says
  return call.path.empty() ? done : static_cast<int>(watched(call, [&](const FileCall&) { return done; }));
}
// NOLINTEND(readability-identifier-naming,bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
