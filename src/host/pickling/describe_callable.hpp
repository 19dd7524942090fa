// What stands in a pickle for functions and classes that no name leads to. Those that can be imported are written by
// their names, as everywhere in Python. All need the GIL and throw error_already_set.
#pragma once

#include <pybind11/pybind11.h>

#include "host/pickling/reducers.hpp"

namespace snapshot_test::host::pickling {

/// {"name", "code", "defaults", "keywords", "closure", "globals", "attributes"}, the last five where there are any: a
/// function is what it does and what it has to do it with.
[[nodiscard]] Description describe_function(pybind11::handle function);

/// {"name", "code"}: a hash of its instructions, names and constants.
[[nodiscard]] Description describe_code(pybind11::handle code);

/// {"name", "bases", "attributes"}.
[[nodiscard]] Description describe_class(pybind11::handle type);

/// Those of properties, class methods, static methods, what functools.lru_cache makes, and numpy.vectorize.
void add_callables(Reducers& reducers);

}  // namespace snapshot_test::host::pickling
