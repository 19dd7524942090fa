// What bounds a pickle.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace snapshot_test::host::pickling {

struct Limits {
  /// Items taken from an iterator; where there are more, the description says so and a note is left.
  std::size_t max_items = 10'000;
  /// Bytes of one pickle; a value that needs more is opaque. None: no limit.
  std::optional<std::uint64_t> max_bytes;
  /// Levels of nesting; a value with more is opaque. What is left of the thread's stack bounds it, too.
  std::size_t max_depth = 20'000;
};

}  // namespace snapshot_test::host::pickling
