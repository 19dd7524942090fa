// Snapshots that are taken out of a store, as one transaction.
#pragma once

#include <map>
#include <set>
#include <string>

#include "snapshot_test/store/store.hpp"

namespace snapshot_test::session {

/// Can it be undone?
enum class Undo { kPossible, kNever };

/// Removes the snapshots with these indices, and with its last one a benchmark's manifest: all of it or nothing.
[[nodiscard]] Result<void> remove_snapshots(const store::Store& store,
                                            const std::map<std::string, std::set<std::size_t>>& cases, Undo undo);

}  // namespace snapshot_test::session
