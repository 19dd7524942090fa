// A disk that is soon full, for one function in a child process.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "store_support.hpp"
#include "util/fd.hpp"

namespace snapshot_test::store {

/// In a child with a small disk of its own at `at`; its exit status, none where the system does not allow that.
template <class Body>
std::optional<int> on_a_small_disk(const std::filesystem::path& at, const char* size, Body body) {
  constexpr int kRefused = 77;
  const int status = in_child([&] {
    const int spaces = ::geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
    if (::unshare(spaces) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("small", at.c_str(), "tmpfs", 0, size) != 0) {
      return kRefused;
    }
    return body();
  });
  return status == kRefused ? std::nullopt : std::optional(status);
}

/// Fills the disk with one file, but for `room` bytes. False where that cannot be done.
inline bool fill_disk(const std::filesystem::path& filler, std::size_t room) {
  const util::Fd file(::open(filler.c_str(), O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, 0600));
  const std::string block(4096, 'x');
  off_t size = 0;
  while (::write(file.get(), block.data(), block.size()) == static_cast<ssize_t>(block.size())) {
    size += static_cast<off_t>(block.size());
  }
  return ::ftruncate(file.get(), std::max<off_t>(0, size - static_cast<off_t>(room))) == 0;
}

}  // namespace snapshot_test::store
