// Objects that are a piece of memory: written into the pickle, or referred to as one of its buffers.
#pragma once

#include <Python.h>

#include "host/pickling/walk.hpp"

namespace snapshot_test::host::pickling {

/// GIL held in both.
void save_bytearray(Output& out, PyObject* bytearray);
/// Opaque where its exporter does not give its bytes.
[[nodiscard]] Result<void> save_pickle_buffer(Walk& walk, PyObject* buffer);

}  // namespace snapshot_test::host::pickling
