// Where a benchmark's source is, as CI systems and people write it.
#pragma once

#include <string>

namespace snapshot_test::report {

/// A file below the working directory (in GitHub Actions: below $GITHUB_WORKSPACE) relative to that; any other as it
/// is.
[[nodiscard]] std::string relative_path(const std::string& file);

}  // namespace snapshot_test::report
