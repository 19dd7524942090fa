// One writer at a time.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "snapshot_test/util/result.hpp"
#include "util/fd.hpp"

namespace snapshot_test::store {

/// The store's lock, held until this is destroyed: an flock(), which the system releases when the process ends. The
/// file holds the holder's pid, for messages only.
class StoreLock {
 public:
  /// kIo if another process still has it after `patience` (the message names it) or the store cannot be written.
  [[nodiscard]] static Result<StoreLock> take(const std::filesystem::path& root,
                                              std::chrono::milliseconds patience = {});
  StoreLock(StoreLock&&) noexcept = default;
  StoreLock& operator=(StoreLock&&) noexcept = default;
  ~StoreLock();

 private:
  explicit StoreLock(util::Fd fd) : fd_(std::move(fd)) {}
  util::Fd fd_;
};

}  // namespace snapshot_test::store
