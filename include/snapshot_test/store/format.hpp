// The version of the store's files.
#pragma once

namespace snapshot_test::store {

/// The version of the layout, the manifests and the run files that this build reads and writes (docs/store.md).
inline constexpr int kFormatVersion = 1;

}  // namespace snapshot_test::store
