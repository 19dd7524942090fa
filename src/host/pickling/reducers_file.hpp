// Reducers written in Python: a project's own file, and those that this program brings. docs/reducers.md describes the
// protocol.
#pragma once

#include <pybind11/pybind11.h>

#include <filesystem>

#include "host/pickling/reducers.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::host::pickling {

/// Runs a project's file and adds what its REDUCERS and SUBCLASS_REDUCERS name. The file may import what it likes; the
/// types that it names are not imported. kConfig, with the file's name and line, where it cannot be read, raises, or
/// defines something else than the protocol says; `reducers` is then as it was. Needs the GIL; throws
/// pybind11::error_already_set for KeyboardInterrupt and MemoryError only.
[[nodiscard]] Result<void> load_reducers(Reducers& reducers, const std::filesystem::path& file);

/// Adds what the dicts REDUCERS and SUBCLASS_REDUCERS in `scope` name. kConfig where they are not what they should be;
/// `reducers` is then as it was.
[[nodiscard]] Result<void> add_reducers(Reducers& reducers, const pybind11::dict& scope);

}  // namespace snapshot_test::host::pickling
