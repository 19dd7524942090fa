// What a type is made of, as far as it decides whether an object can be looked at as a whole.
#pragma once

#include <Python.h>

namespace snapshot_test::host::pickling {

/// Made by a class statement. What its instances hold is in __dict__, in slots, and in the built-in they derive from.
[[nodiscard]] bool is_python_class(const PyTypeObject* type);

/// The first of its bases that is not.
[[nodiscard]] PyTypeObject* native_base(PyTypeObject* type);

}  // namespace snapshot_test::host::pickling
