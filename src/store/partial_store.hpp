// A baseline of which the values come later: its manifests are a folder, and its values in another one, as far as they
// were needed until now. What verify reads where the baseline is kept elsewhere.
#pragma once

#include <filesystem>
#include <memory>

#include "store/kind.hpp"

namespace snapshot_test::store {

/// The location of a store of this kind: `folder` has cases/ and runs/, `objects` is laid out as objects/ of a store.
[[nodiscard]] std::filesystem::path partial_location(const std::filesystem::path& folder,
                                                     const std::filesystem::path& objects);

/// Its stores can only be read. A value that is not there is taken to be elsewhere: has_object() is true, so that one
/// whose fingerprint agrees is identical, and open_object() is kCorrupt until somebody has brought it.
[[nodiscard]] Kind partial_kind();

}  // namespace snapshot_test::store
