// Sets have no order; their pickles need one that hashing and insertion do not show in.
#pragma once

#include <pybind11/pybind11.h>

#include <vector>

namespace snapshot_test::host::pickling {

/// The elements of a set or frozenset. Where all are None, bool, int, float, complex, str, bytes, or tuples and
/// frozensets of these, in an order that depends on their values only; else as the set iterates. Needs the GIL.
[[nodiscard]] std::vector<pybind11::object> ordered_elements(pybind11::handle set);

}  // namespace snapshot_test::host::pickling
