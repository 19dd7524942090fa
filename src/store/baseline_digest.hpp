// One digest for all that a baseline says, so that two of them can be told to be the same.
#pragma once

#include <map>
#include <string>

#include "snapshot_test/store/manifest.hpp"

namespace snapshot_test::store {

/// SHA-256 of what a manifest says of its cases: not when and by which run they were captured, how long they took, and
/// who accepted them. 64 hex digits.
[[nodiscard]] std::string manifest_digest(const Manifest& manifest);

/// The same of all of them, by benchmark; no manifests: an empty text.
[[nodiscard]] std::string baseline_digest(const std::map<std::string, Manifest>& manifests);

}  // namespace snapshot_test::store
