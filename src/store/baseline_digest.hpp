// One digest for all that a baseline says of a suite's values.
#pragma once

#include <map>
#include <string>

#include "snapshot_test/store/store.hpp"

namespace snapshot_test::store {

/// SHA-256 (hex) of what verify goes by in a benchmark's snapshots: which benchmark and cases, how each ended, and of
/// each site its value, or that there is none, and how it is compared. Not of what says when, where, how fast and from
/// which source they were captured, nor of values that no run confirmed. docs/remotes.md has the grammar.
[[nodiscard]] std::string manifest_digest(const Manifest& manifest);

/// The root over the manifests' digests, by the benchmarks' names.
[[nodiscard]] std::string baseline_digest(const std::map<std::string, std::string>& digests);
[[nodiscard]] std::string baseline_digest(const std::map<std::string, Manifest>& manifests);
/// Of all that a store holds. Errors as load_manifest().
[[nodiscard]] Result<std::string> baseline_digest(const Store& store);

}  // namespace snapshot_test::store
