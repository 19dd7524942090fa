// None, bool, int, float, str and bytes: values without parts, for which the output is all that is needed.
#pragma once

#include <Python.h>

#include "host/pickling/output.hpp"

namespace snapshot_test::host::pickling {

/// GIL held. False, with nothing written, where the object is none of these exactly, or an int of more than 64 bits.
[[nodiscard]] bool save_scalar(Output& out, PyObject* object);

void save_int(Output& out, long long value);
/// An int of any size.
void save_big_int(Output& out, PyObject* value);
/// An exact str.
void save_text(Output& out, PyObject* text);

}  // namespace snapshot_test::host::pickling
