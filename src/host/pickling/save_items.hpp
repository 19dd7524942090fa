// The items of a reduction: what its iterators give, put into the object on the unpickler's stack.
#pragma once

#include <pybind11/pybind11.h>

#include "host/pickling/walk.hpp"

namespace snapshot_test::host::pickling {

/// GIL held in both. Opaque where the iterator raises.
[[nodiscard]] Result<void> append_items(Walk& walk, const pybind11::object& items);
/// Opaque also where they are no pairs.
[[nodiscard]] Result<void> set_items(Walk& walk, const pybind11::object& pairs);

}  // namespace snapshot_test::host::pickling
