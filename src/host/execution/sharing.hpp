// Whether two observed values are the same objects, as far as that can be seen by looking.
#pragma once

#include <pybind11/pybind11.h>

namespace snapshot_test::host::execution {

/// May two values be one object by chance? None, numbers, texts, empty tuples, and what a program has one of (classes,
/// functions, modules) say nothing by being the same object.
[[nodiscard]] bool is_shared_by_chance(pybind11::handle value);

/// Is one of the two the other, or can it be reached from it? Follows what objects hold, but not into classes,
/// functions and modules, from where everything can be reached. Runs no Python code; gives up with false after some
/// 100,000 objects. Needs the GIL.
[[nodiscard]] bool one_holds_the_other(pybind11::handle one, pybind11::handle other);

}  // namespace snapshot_test::host::execution
