// The manifests of a folder, as files.
#pragma once

#include <filesystem>
#include <vector>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::store {

/// Paths, relative to `cases`, of all manifests below it, sorted. kCorrupt where a file is in place of a module's
/// folder.
[[nodiscard]] Result<std::vector<std::filesystem::path>> manifest_files(const std::filesystem::path& cases);

}  // namespace snapshot_test::store
