// How much room a file system has left.
#pragma once

#include <filesystem>

namespace snapshot_test::util {

/// Is there no room for another small file in the file system of this folder, or of the nearest one above that is
/// there? What a program could not write because of that, it often does not say. False where that cannot be told.
[[nodiscard]] bool is_disk_full(const std::filesystem::path& folder);

}  // namespace snapshot_test::util
