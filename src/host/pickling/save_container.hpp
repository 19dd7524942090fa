// tuple, list, dict, set and frozenset, exactly these; and the state of an object, which is made of them.
#pragma once

#include <Python.h>

#include "host/pickling/walk.hpp"

namespace snapshot_test::host::pickling {

/// A tuple or dict that a reduction made for us alone is written with a memo number, but needs no entry.
enum class Sharing { kPossible, kImpossible };

// GIL held in all. Their parts are what the walk saves, which fails where one of these is opaque.

[[nodiscard]] Result<void> save_tuple(Walk& walk, PyObject* tuple, Sharing sharing = Sharing::kPossible);
[[nodiscard]] Result<void> save_list(Walk& walk, PyObject* list);
[[nodiscard]] Result<void> save_dict(Walk& walk, PyObject* dict);
[[nodiscard]] Result<void> save_set(Walk& walk, PyObject* set);
[[nodiscard]] Result<void> save_frozenset(Walk& walk, PyObject* set);

/// What BUILD takes: attributes, whose names are labels, of an object of the class `owner`; or any other value.
[[nodiscard]] Result<void> save_state(Walk& walk, PyObject* state, PyTypeObject* owner);

}  // namespace snapshot_test::host::pickling
