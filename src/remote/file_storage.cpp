#include "remote/file_storage.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>
#include <system_error>
#include <utility>

#include "store/digest.hpp"
#include "store/files.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::remote {

namespace fs = std::filesystem;

namespace {

constexpr const char* kTemporaries = ".tmp";
constexpr const char* kClaims = ".cas";
constexpr std::size_t kPiece = std::size_t{1} << 20U;
constexpr std::time_t kTwoWeeks = std::time_t{14} * 86400;
/// More versions than are ever between a file and the newest one; a circle would be a defect.
constexpr int kMostSteps = 100'000;

std::uint64_t random_number() {
  thread_local std::mt19937_64 engine{(std::uint64_t{std::random_device{}()} << 32U) ^ std::random_device{}()};
  return engine();
}

bool is_missing(int error) { return error == ENOENT || error == ENOTDIR; }
bool has_no_links(int error) {
  return error == EPERM || error == EOPNOTSUPP || error == ENOSYS || error == EMLINK || error == EXDEV;
}

Result<void> send_file(int fd, std::optional<Range> range, const fs::path& path, const Receiver& receiver) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    return tl::unexpected(util::io_error("read the size of", path));
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  std::uint64_t at = range ? range->offset : 0;
  std::uint64_t left = range ? range->bytes : size;
  if (at > size || left > size - at) {
    return fail(ErrorKind::kCorrupt,
                fmt::format("'{}' has {} bytes, where {} from {} on were to be read", path.string(), size, left, at));
  }
  std::string piece;
  while (left > 0) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(left, kPiece)));
    const ssize_t got = ::pread(fd, piece.data(), piece.size(), static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return tl::unexpected(util::io_error("read", path));
    }
    if (got == 0) {
      return fail(ErrorKind::kCorrupt, fmt::format("'{}' became shorter while it was read", path.string()));
    }
    TRY(receiver(std::string_view(piece).substr(0, static_cast<std::size_t>(got))));
    at += static_cast<std::uint64_t>(got);
    left -= static_cast<std::uint64_t>(got);
  }
  return {};
}

}  // namespace

bool is_key(std::string_view key) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-@%~").find(c) != std::string_view::npos;
  };
  while (true) {
    const std::string_view part = key.substr(0, key.find('/'));
    if (part.empty() || part == "." || part == ".." || !std::all_of(part.begin(), part.end(), is_allowed)) {
      return false;
    }
    if (part.size() == key.size()) {
      return true;
    }
    key.remove_prefix(part.size() + 1);
  }
}

struct FileStorage::Version {
  Content content;
};

/// A file under a name of its own; removed unless it was given another.
struct FileStorage::Temporary {
  util::Fd fd;
  fs::path path;

  Temporary(util::Fd its_fd, fs::path its_path) : fd(std::move(its_fd)), path(std::move(its_path)) {}
  Temporary(Temporary&& other) noexcept : fd(std::move(other.fd)), path(std::exchange(other.path, {})) {}
  Temporary& operator=(Temporary&&) = delete;
  ~Temporary() {
    if (!path.empty()) {
      ::unlink(path.c_str());
    }
  }
};

Error FileStorage::refused(std::string_view action, const fs::path& path) const {
  const int error = errno;
  Error made = util::io_error(action, path);
  made.kind = error == EROFS ? ErrorKind::kUnsupported : ErrorKind::kUnavailable;
  made.message = fmt::format("the remote '{}': {}", name(), made.message);
  return made;
}

Result<void> FileStorage::check_root() const {
  struct stat status {};
  if (::stat(root_.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return {};
  }
  return fail(ErrorKind::kUnavailable,
              fmt::format("the remote '{}' cannot be reached: there is no such folder; check the path, and that what "
                          "holds it is mounted",
                          name()));
}

Result<void> FileStorage::check_key(std::string_view key) const {
  if (is_key(key) && !key.starts_with(kTemporaries) && !key.starts_with(kClaims)) {
    return {};
  }
  return fail(ErrorKind::kCorrupt,
              fmt::format("'{}' is no key that an object of the remote '{}' can have", key, name()));
}

Result<std::unique_ptr<FileStorage>> FileStorage::open(const fs::path& root, Use use) {
  std::unique_ptr<FileStorage> made(new FileStorage(root));
  const bool is_new = use == Use::kWrite && ::mkdir(root.c_str(), 0777) == 0;
  if (use == Use::kWrite && !is_new && errno != EEXIST) {
    return tl::unexpected(made->refused("make the folder", root));
  }
  TRY(made->check_root());
  // One that was there may have been made by a push that was killed. What is above it need not be readable.
  const fs::path above = (root.has_filename() ? root : root.parent_path()).parent_path();
  if (use == Use::kWrite && (is_new || ::access(above.c_str(), R_OK) == 0)) {
    TRY(made->make_durable(above));
  }
  if (use == Use::kWrite) {
    remove_old_files(made->root_ / kTemporaries);  // of processes that were killed
  }
  return made;
}

fs::path FileStorage::claims_of(std::string_view key) const { return root_ / kClaims / key; }

Result<FileStorage::Version> FileStorage::load(util::Fd fd, const fs::path& path) const {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) {
    return tl::unexpected(refused("read the size of", path));
  }
  Version version;
  const auto sent = send_file(fd.get(), std::nullopt, path, [&](std::string_view piece) -> Result<void> {
    version.content.bytes += piece;
    return {};
  });
  if (!sent) {
    return fail(sent.error().kind == ErrorKind::kIo ? ErrorKind::kUnavailable : sent.error().kind,
                sent.error().message);
  }
  version.content.tag = fmt::format("{}-{}-{}.{}", store::sha256_hex(version.content.bytes).substr(0, 32),
                                    status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
  return version;
}

Result<std::optional<FileStorage::Version>> FileStorage::newest(std::string_view key) const {
  fs::path path = root_ / key;
  const fs::path claims = claims_of(key);
  std::optional<Version> found;
  for (int steps = 0; steps < kMostSteps; ++steps) {
    util::Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (!fd && is_missing(errno)) {
      if (!found) {
        TRY(check_root());
      }
      return found;
    }
    if (!fd || ::fstat(fd.get(), &status) != 0) {
      return tl::unexpected(refused("open", path));
    }
    if (!S_ISREG(status.st_mode)) {
      if (S_ISDIR(status.st_mode)) {
        return found;  // it is part of other keys
      }
      return fail(ErrorKind::kCorrupt, fmt::format("'{}' is no regular file", path.string()));
    }
    TRY_ASSIGN(found, load(std::move(fd), path));
    path = claims / found->content.tag;
  }
  return fail(ErrorKind::kCorrupt, fmt::format("the versions of '{}' in the remote '{}' lead in a circle; remove '{}'",
                                               key, name(), claims.string()));
}

Result<std::optional<Content>> FileStorage::get(std::string_view key) {
  TRY(check_key(key));
  TRY_ASSIGN(auto version, newest(key));
  return version ? std::optional(std::move(version->content)) : std::nullopt;
}

Result<bool> FileStorage::read(std::string_view key, std::optional<Range> range, const Receiver& receiver) {
  TRY(check_key(key));
  if (::access(claims_of(key).c_str(), F_OK) == 0) {  // a small object
    TRY_ASSIGN(const auto version, newest(key));
    if (!version) {
      return false;
    }
    const std::string_view bytes = version->content.bytes;
    if (range && (range->offset > bytes.size() || range->bytes > bytes.size() - range->offset)) {
      return fail(ErrorKind::kCorrupt, fmt::format("'{}' has {} bytes, where {} from {} on were to be read", key,
                                                   bytes.size(), range->bytes, range->offset));
    }
    TRY(receiver(range ? bytes.substr(range->offset, range->bytes) : bytes));
    return true;
  }
  const fs::path path = root_ / key;
  const util::Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fd && is_missing(errno)) {
    TRY(check_root());
    return false;
  }
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    return tl::unexpected(refused("open", path));
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorKind::kCorrupt, fmt::format("'{}' is no regular file", path.string()));
  }
  std::optional<Error> of_receiver;
  auto sent = send_file(fd.get(), range, path, [&](std::string_view piece) {
    auto taken = receiver(piece);
    if (!taken) {
      of_receiver = taken.error();
    }
    return taken;
  });
  if (sent) {
    return true;
  }
  if (!of_receiver && sent.error().kind == ErrorKind::kIo) {
    sent.error().kind = ErrorKind::kUnavailable;
  }
  return tl::unexpected(std::move(sent.error()));
}

Result<void> FileStorage::make_durable(const fs::path& folder) const {
  if (auto durable = util::fsync_folder(folder); !durable) {
    return fail(ErrorKind::kUnavailable, fmt::format("the remote '{}': {}", name(), durable.error().message));
  }
  return {};
}

/// A folder that is there need not be durable: who made it may have been killed before it could see to that.
Result<void> FileStorage::make_folders(const fs::path& folder) const {
  if (folder == root_) {
    return check_root();
  }
  {
    const std::lock_guard lock(mutex_);
    if (durable_.contains(folder) && ::access(folder.c_str(), F_OK) == 0) {
      return {};
    }
  }
  TRY(make_folders(folder.parent_path()));
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) {
    return tl::unexpected(refused("make the folder", folder));
  }
  TRY(make_durable(folder.parent_path()));
  const std::lock_guard lock(mutex_);
  durable_.insert(folder);
  return {};
}

Result<FileStorage::Temporary> FileStorage::create_temporary() const {
  TRY(check_root());
  const fs::path folder = root_ / kTemporaries;
  TRY(make_folders(folder));
  fs::path path = folder / fmt::format("{:016x}{:016x}", random_number(), random_number());
  util::Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd) {
    return tl::unexpected(refused("create", path));
  }
  return Temporary(std::move(fd), std::move(path));
}

Result<Written> FileStorage::put(std::string_view key, std::string_view bytes, const Condition& condition) {
  TRY(check_key(key));
  TRY_ASSIGN(Temporary temporary, create_temporary());
  if (auto written = util::write_all(temporary.fd.get(), std::as_bytes(std::span(bytes)), temporary.path); !written) {
    return fail(ErrorKind::kUnavailable, fmt::format("the remote '{}': {}", name(), written.error().message));
  }
  return settle(key, std::move(temporary), condition);
}

Result<Written> FileStorage::put_file(std::string_view key, const std::string& path, std::optional<Range> range,
                                      const Condition& condition) {
  TRY(check_key(key));
  TRY_ASSIGN(const auto from, util::open_regular(path));
  TRY_ASSIGN(Temporary temporary, create_temporary());
  TRY(send_file(from.get(), range, path, [&](std::string_view piece) -> Result<void> {
    if (auto written = util::write_all(temporary.fd.get(), std::as_bytes(std::span(piece)), temporary.path); !written) {
      return fail(ErrorKind::kUnavailable, fmt::format("the remote '{}': {}", name(), written.error().message));
    }
    return {};
  }));
  return settle(key, std::move(temporary), condition);
}

Result<Written> FileStorage::settle(std::string_view key, Temporary temporary, const Condition& condition) {
  const fs::path target = root_ / key;
  TRY(make_folders(target.parent_path()));
  if (condition.kind == Condition::Kind::kMatches) {
    // A time of its own makes sure that no two versions are taken for each other.
    struct stat status {};
    struct timespec times[2] = {{0, UTIME_OMIT}, {0, static_cast<long>(random_number() % 1'000'000'000)}};
    if (::fstat(temporary.fd.get(), &status) == 0) {
      times[1].tv_sec = status.st_mtim.tv_sec;
      (void)::futimens(temporary.fd.get(), times);
    }
  }
  if (::fsync(temporary.fd.get()) != 0) {
    return tl::unexpected(refused("fsync", temporary.path));
  }
  temporary.fd.reset();
  switch (condition.kind) {
    case Condition::Kind::kAlways:
      if (::rename(temporary.path.c_str(), target.c_str()) != 0) {
        return tl::unexpected(refused("rename a temporary file to", target));
      }
      temporary.path.clear();
      break;
    case Condition::Kind::kAbsent: {
      TRY_ASSIGN(const Written written, link_absent(temporary.path, target));
      if (written == Written::kRefused) {
        return written;
      }
      break;
    }
    case Condition::Kind::kMatches: {
      TRY_ASSIGN(const Written written, replace(key, condition.tag, temporary));
      if (written == Written::kRefused) {
        return written;
      }
      break;
    }
  }
  TRY(make_durable(target.parent_path()));
  return Written::kDone;
}

Result<Written> FileStorage::link_absent(const fs::path& from, const fs::path& to) const {
  if (::link(from.c_str(), to.c_str()) == 0) {
    return Written::kDone;
  }
  const int error = errno;
  // An answer of NFS may have got lost, and the request been sent again: then the file has both names.
  struct stat ours {};
  struct stat there {};
  if (::stat(from.c_str(), &ours) == 0 && ::stat(to.c_str(), &there) == 0 && ours.st_ino == there.st_ino &&
      ours.st_dev == there.st_dev) {
    return Written::kDone;
  }
  if (error == EEXIST) {
    return Written::kRefused;
  }
  if (!has_no_links(error)) {
    errno = error;
    return tl::unexpected(refused("link a temporary file to", to));
  }
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
    return Written::kDone;
  }
  if (errno == EEXIST) {
    return Written::kRefused;
  }
  return fail(ErrorKind::kUnsupported,
              fmt::format("the remote '{}' cannot write on a condition: its file system has neither hard links nor "
                          "renames that replace nothing ({})",
                          name(), std::strerror(errno)));
}

Result<Written> FileStorage::replace(std::string_view key, const std::string& tag, Temporary& temporary) {
  TRY_ASSIGN(const auto now, newest(key));
  if (!now || now->content.tag != tag) {
    return Written::kRefused;
  }
  const fs::path claims = claims_of(key);
  TRY(make_folders(claims));
  const fs::path claim = claims / tag;
  if (::link(temporary.path.c_str(), claim.c_str()) != 0) {
    const int error = errno;
    struct stat ours {};
    struct stat there {};
    const bool done = ::stat(temporary.path.c_str(), &ours) == 0 && ::stat(claim.c_str(), &there) == 0 &&
                      ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
    if (!done && error == EEXIST) {
      return Written::kRefused;
    }
    if (!done && has_no_links(error)) {
      return fail(ErrorKind::kUnsupported,
                  fmt::format("the remote '{}' cannot replace an object on a condition: its file system has no hard "
                              "links ({})",
                              name(), std::strerror(error)));
    }
    if (!done) {
      errno = error;
      return tl::unexpected(refused("link a temporary file to", claim));
    }
  }
  // From here on it is replaced; what fails now leaves the file late.
  TRY(make_durable(claims));
  if (::rename(temporary.path.c_str(), (root_ / key).c_str()) == 0) {
    remove_old_files(claims);
  }
  return Written::kDone;
}

void FileStorage::remove_old_files(const fs::path& folder) {
  std::error_code ignored;
  std::vector<fs::path> old;
  const std::time_t now = std::time(nullptr);
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    struct stat status {};
    if (::lstat(entry.path().c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_mtim.tv_sec < now - kTwoWeeks) {
      old.push_back(entry.path());
    }
  }
  for (const fs::path& each : old) {
    ::unlink(each.c_str());
  }
}

Result<std::vector<Entry>> FileStorage::list(std::string_view prefix) {
  const std::size_t slash = prefix.rfind('/');
  const fs::path start = slash == std::string_view::npos ? root_ : root_ / prefix.substr(0, slash);
  std::vector<Entry> found;
  std::vector<fs::path> folders{start};
  while (!folders.empty()) {
    const fs::path folder = std::move(folders.back());
    folders.pop_back();
    std::error_code error;
    fs::directory_iterator at(folder, error);
    if (error && is_missing(error.value())) {
      TRY(check_root());
      continue;
    }
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
      const fs::path& path = at->path();
      std::string key = path.lexically_relative(root_).generic_string();
      struct stat status {};
      if (::stat(path.c_str(), &status) != 0) {
        if (is_missing(errno)) {
          continue;
        }
        return tl::unexpected(refused("look at", path));
      }
      if (S_ISDIR(status.st_mode)) {
        const bool ours = folder == root_ && (key == kTemporaries || key == kClaims);
        const std::string with_slash = key + '/';
        if (!ours && (with_slash.starts_with(prefix) || prefix.starts_with(with_slash))) {
          folders.push_back(path);
        }
      } else if (S_ISREG(status.st_mode) && key.starts_with(prefix) && is_key(key)) {
        using std::chrono::nanoseconds;
        using std::chrono::seconds;
        const auto since = seconds(status.st_mtim.tv_sec) + nanoseconds(status.st_mtim.tv_nsec);
        found.push_back({std::move(key), static_cast<std::uint64_t>(status.st_size),
                         std::chrono::system_clock::time_point(
                             std::chrono::duration_cast<std::chrono::system_clock::duration>(since))});
      }
    }
    if (error) {
      errno = error.value();
      return tl::unexpected(refused("list the folder", folder));
    }
  }
  return found;
}

/// Bytes are durable before they get a name, so it is the names that are to be.
Result<void> FileStorage::make_seen_durable() {
  const util::Fd fd(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    return tl::unexpected(refused("open the folder", root_));
  }
  TRY_ASSIGN(const bool done, store::sync_file_system(fd, root_));
  if (done) {
    return {};
  }
  std::error_code error;
  TRY(make_durable(root_));
  for (fs::recursive_directory_iterator at(root_, error), end; !error && at != end; at.increment(error)) {
    if (std::error_code ignored; at->is_directory(ignored) && !at->is_symlink(ignored)) {
      TRY(make_durable(at->path()));
    }
  }
  if (error && !is_missing(error.value())) {
    errno = error.value();
    return tl::unexpected(refused("list the folder", root_));
  }
  return {};
}

Result<void> FileStorage::remove(std::span<const std::string> keys) {
  TRY(check_root());
  for (const std::string& key : keys) {
    TRY(check_key(key));
    const fs::path path = root_ / key;
    if (::unlink(path.c_str()) != 0 && !is_missing(errno)) {
      return tl::unexpected(refused("remove", path));
    }
    std::error_code ignored;
    fs::remove_all(claims_of(key), ignored);
  }
  return {};
}

}  // namespace snapshot_test::remote
