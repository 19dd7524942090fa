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

/// Nothing where the system does not say. Asked once a thread: for the main thread it means reading /proc. A forked
/// child keeps what its parent has asked.
[[nodiscard]] std::optional<StackBounds> stack_of_this_thread();

}  // namespace snapshot_test::util
