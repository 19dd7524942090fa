#include "store/lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>

#include "store/files.hpp"
#include "store/paths.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace {

std::string holder(int fd) {
  char text[24];
  const ssize_t got = ::pread(fd, text, sizeof text, 0);
  const std::string_view pid(text, got > 0 ? static_cast<std::size_t>(got) : 0);
  const std::size_t end = pid.find_first_not_of("0123456789");
  return end == 0 || pid.empty() ? std::string() : fmt::format(" (pid {})", pid.substr(0, end));
}

}  // namespace

Result<StoreLock> StoreLock::take(const std::filesystem::path& root, std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds kBetweenTries(5);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const std::filesystem::path path = paths::lock(root);
  util::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!fd) {
    return tl::unexpected(store_error("open the lock file", path));
  }
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(kBetweenTries);
      continue;
    }
    if (errno == EWOULDBLOCK) {
      return fail(ErrorKind::kIo, fmt::format("another capture is writing to '{}'{}; wait until it has ended",
                                              root.string(), holder(fd.get())));
    }
    if (errno != EINTR) {
      return tl::unexpected(store_error("lock", path));
    }
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0) {
    return tl::unexpected(store_error("write", path));
  }
  TRY(write_fully(fd, std::as_bytes(std::span(pid)), path));
  return StoreLock(std::move(fd));
}

StoreLock::~StoreLock() {
  // The file stays: removing it would let two processes hold locks on two files of the same name.
  if (fd_ && ::ftruncate(fd_.get(), 0) != 0) {
    return;  // a stale pid in a message is all the harm there is
  }
}

}  // namespace snapshot_test::store
