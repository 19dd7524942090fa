#include "host/execution/room.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "util/fd.hpp"
#include "util/process.hpp"
#include "util/refusal.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

/// What observing a case takes, and some for the case itself.
constexpr std::size_t kFiles = 16;
constexpr std::size_t kMemory = std::size_t{64} << 20;
constexpr std::uint64_t kSpace = std::uint64_t{256} << 10;
/// More threads than this are a case's own doing.
constexpr std::size_t kManyThreads = 64;

/// What the files below a folder take on the disk.
std::uint64_t bytes_below(const std::filesystem::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    struct stat status {};
    if (::lstat(each->path().c_str(), &status) == 0) {
      bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
  }
  return bytes;
}

/// The errno with which `folder` has no room, also once what is below `own` is gone; 0 if it has.
int space_error(const std::filesystem::path& folder, const std::filesystem::path& own) {
  struct statvfs status {};
  if (::statvfs(folder.c_str(), &status) != 0) {
    return 0;
  }
  const bool no_files = status.f_files != 0 && status.f_favail == 0;
  const std::uint64_t free = std::uint64_t{status.f_bavail} * status.f_frsize;
  if (free >= kSpace && !no_files) {
    return 0;
  }
  const std::uint64_t owned = own.empty() ? 0 : bytes_below(own);
  return free + owned < kSpace || (no_files && owned == 0) ? ENOSPC : 0;
}

int files_error() {
  std::array<util::Fd, kFiles> opened;
  for (util::Fd& each : opened) {
    each.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!each) {
      return errno;
    }
  }
  return 0;
}

/// Address space only: nothing is written to it.
int memory_error() {
  void* got = ::mmap(nullptr, kMemory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (got == MAP_FAILED) {
    return errno;
  }
  ::munmap(got, kMemory);
  return 0;
}

bool has_file_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

int fork_error() {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::_exit(0);
  }
  if (pid < 0) {
    return errno;
  }
  (void)util::wait_for(pid);
  return 0;
}

}  // namespace

std::optional<std::string> missing_room(const std::filesystem::path& folder) {
  if (const int error = files_error(); error == EMFILE || error == ENFILE) {
    return util::refusal(fmt::format("open {} files, which running a case takes", kFiles), error).message;
  }
  if (const int error = memory_error(); error != 0) {
    return util::refusal(fmt::format("reserve {} MiB of memory, which running a case takes", kMemory >> 20), error)
        .message;
  }
  if (const int error = space_error(folder, {}); error != 0) {
    return util::refusal(fmt::format("write to '{}'", folder.string()), error).message;
  }
  return std::nullopt;
}

bool is_refused_still(int error, const std::filesystem::path& folder, const std::filesystem::path& own) {
  switch (error) {
    case ENFILE: return true;
    case ENOSPC:
    case EDQUOT: return space_error(folder, own) != 0;
    case EFBIG: return has_file_limit();
    case EAGAIN:
    case ENOMEM: return util::threads().size() < kManyThreads && fork_error() != 0;
    default: return false;
  }
}

bool has_filled(const std::filesystem::path& own, const std::filesystem::path& folder) {
  return space_error(folder, {}) != 0 && space_error(folder, own) == 0;
}

int errno_of(const py::error_already_set& error) {
  try {
    if (error.matches(PyExc_OSError)) {
      const py::object number = py::getattr(error.value(), "errno", py::none());
      return py::isinstance<py::int_>(number) ? number.cast<int>() : 0;
    }
    constexpr std::string_view kNoThread = "can't start new thread";
    if (error.matches(PyExc_RuntimeError) && py::str(error.value()).cast<std::string>() == kNoThread) {
      return EAGAIN;
    }
  } catch (const std::exception&) {
    // It has no number that could be read.
  }
  return 0;
}

}  // namespace snapshot_test::host::execution
