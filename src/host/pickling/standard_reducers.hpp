// The registry that every run starts from.
#pragma once

#include "host/pickling/reducers.hpp"

namespace snapshot_test::host::pickling {

/// The reducers that this program brings: iterators, functions, modules, views and the like are described; the
/// libraries of libraries.hpp have canonical forms. Needs the GIL.
[[nodiscard]] Reducers standard_reducers();

}  // namespace snapshot_test::host::pickling
