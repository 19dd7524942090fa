// Where the user's programs keep what can be lost.
#pragma once

#include <filesystem>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::util {

/// $XDG_CACHE_HOME/snapshot_test, else ~/.cache/snapshot_test (XDG base directory specification); it need not exist.
/// kUsage where the environment has neither.
[[nodiscard]] Result<std::filesystem::path> cache_folder();

}  // namespace snapshot_test::util
