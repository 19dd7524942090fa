// Where the calling thread's stack lies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace snapshot_test::util {

struct StackBounds {
  std::uintptr_t lowest = 0;  ///< it grows down to here
  std::size_t size = 0;       ///< bytes
};

/// Nothing where the system has no answer. Cached for each thread, since the main thread's are read from /proc; a
/// forked child inherits the cache.
[[nodiscard]] std::optional<StackBounds> stack_of_this_thread();

}  // namespace snapshot_test::util
