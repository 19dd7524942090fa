// The kinds of stores there are: one row each.
#pragma once

#include "store/kind.hpp"

namespace snapshot_test::store {

/// Adds one. Before any store is opened, and in every process that uses it; not thread-safe.
void add_kind(Kind kind);

}  // namespace snapshot_test::store
