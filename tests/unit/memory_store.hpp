// A store that is no folder: what the seam between the program and its stores needs, and no more.
#pragma once

#include <filesystem>

namespace snapshot_test::store {

/// Where a new, empty store is, for Store::open_or_create(). It is there until the process ends.
[[nodiscard]] std::filesystem::path memory_location();

}  // namespace snapshot_test::store
