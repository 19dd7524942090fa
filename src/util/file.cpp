#include "util/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "util/refusal.hpp"
#include "util/try.hpp"

namespace snapshot_test::util {

namespace fs = std::filesystem;

Error io_error(std::string_view action, const fs::path& path) {
  return refusal(fmt::format("{} '{}'", action, path.string()), errno);
}

namespace {

std::string_view kind_of_file(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR: return "a folder";
    case S_IFIFO: return "a named pipe";
    case S_IFSOCK: return "a socket";
    case S_IFCHR:
    case S_IFBLK: return "a device";
    default: return "something else";
  }
}

/// Does this errno say something about the file, rather than about what this process or the machine has left?
bool is_about_the_file(int error) {
  return error == EACCES || error == EPERM || error == ELOOP || error == ENXIO || error == EIO;
}

}  // namespace

Result<Fd> open_regular(const fs::path& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    Error error = io_error("open", path);
    error.kind = is_about_the_file(errno) ? ErrorKind::kCorrupt : ErrorKind::kIo;
    return tl::unexpected(std::move(error));
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorKind::kCorrupt,
                fmt::format("'{}' is {}, where a regular file belongs", path.string(), kind_of_file(status.st_mode)));
  }
  return fd;
}

Result<std::string> read_file(const fs::path& path) {
  TRY_ASSIGN(const Fd fd, open_regular(path));
  std::string text;
  char chunk[1 << 16];
  for (;;) {
    const ssize_t got = ::read(fd.get(), chunk, sizeof chunk);
    if (got == 0) {
      return text;
    }
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      return tl::unexpected(io_error("read", path));
    }
    text.append(chunk, static_cast<std::size_t>(got));
  }
}

Result<void> write_all(int fd, std::span<const std::byte> bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0) {
      if (errno == EINTR) {
        continue;
      }
      return tl::unexpected(io_error("write", path));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
  return {};
}

Result<void> fsync_folder(const fs::path& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    return tl::unexpected(io_error("open the folder", folder));
  }
  // Some file systems have no fsync for folders and say EINVAL; there is nothing more to do on them.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) {
    return tl::unexpected(io_error("fsync the folder", folder));
  }
  return {};
}

Result<Fd> unnamed_file(const fs::path& folder) {
  if (folder.empty()) {
    Fd memory(::memfd_create("snapshot_test", MFD_CLOEXEC));
    return memory ? Result<Fd>(std::move(memory)) : tl::unexpected(refusal("create a file in memory", errno));
  }
  Fd fd(::open(folder.c_str(), O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
  if (fd) {
    return fd;
  }
  std::string name = (folder / ".tmp-XXXXXX").string();
  fd.reset(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) {
    return tl::unexpected(io_error("create a temporary file in", folder));
  }
  ::unlink(name.c_str());
  return fd;
}

AtomicFile::AtomicFile(Fd fd, fs::path temporary, fs::path target)
    : fd_(std::move(fd)), temporary_(std::move(temporary)), target_(std::move(target)) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  if (this != &other) {
    discard();
    fd_ = std::move(other.fd_);
    temporary_ = std::move(other.temporary_);
    target_ = std::move(other.target_);
  }
  return *this;
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::discard() noexcept {
  if (fd_) {
    fd_.reset();
    ::unlink(temporary_.c_str());
  }
}

Result<AtomicFile> AtomicFile::create(const fs::path& target) {
  std::string name = (target.parent_path() / ".tmp-XXXXXX").string();
  Fd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) {
    return tl::unexpected(io_error("create a temporary file for", target));
  }
  // mkostemp makes it private; a snapshot is as readable as any other file that the user's umask allows.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(fd.get(), 0666 & ~mask);
  return AtomicFile(std::move(fd), name, target);
}

Result<void> AtomicFile::write(std::span<const std::byte> bytes) { return write_all(fd_.get(), bytes, target_); }

Result<void> AtomicFile::write(std::string_view text) { return write(std::as_bytes(std::span(text))); }

Result<void> AtomicFile::commit() {
  if (::fsync(fd_.get()) != 0) {
    return tl::unexpected(io_error("fsync", target_));
  }
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
    return tl::unexpected(io_error("rename a temporary file to", target_));
  }
  fd_.reset();
  return fsync_folder(target_.has_parent_path() ? target_.parent_path() : fs::path("."));
}

Result<void> write_file_atomically(const fs::path& target, std::string_view text) {
  TRY_ASSIGN(auto file, AtomicFile::create(target));
  TRY(file.write(text));
  return file.commit();
}

Result<MappedFile> MappedFile::open(const fs::path& path) {
  TRY_ASSIGN(const auto fd, open_regular(path));
  return map(fd.get(), path);
}

Result<MappedFile> MappedFile::map(int fd, const fs::path& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    return tl::unexpected(io_error("read the size of", path));
  }
  MappedFile mapped;
  mapped.size_ = static_cast<std::size_t>(status.st_size);
  if (mapped.size_ != 0) {
    void* address = ::mmap(nullptr, mapped.size_, PROT_READ, MAP_PRIVATE, fd, 0);
    if (address == MAP_FAILED) {
      mapped.size_ = 0;
      return tl::unexpected(io_error("map", path));
    }
    mapped.data_ = static_cast<const std::byte*>(address);
  }
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) {
    ::munmap(const_cast<std::byte*>(data_), size_);
  }
}

void release_pages(std::span<const std::byte> bytes) noexcept {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  const std::uintptr_t first = (begin + page - 1) / page * page;
  const std::uintptr_t last = (begin + bytes.size()) / page * page;
  if (first < last) {
    // A hint: where it is refused, the pages stay.
    (void)::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
  }
}

}  // namespace snapshot_test::util
