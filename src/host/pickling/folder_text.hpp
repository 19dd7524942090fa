// Text as it is written: with names in the place of folders that differ from run to run (util/folder_names.hpp).
#pragma once

#include <pybind11/pybind11.h>

namespace snapshot_test::host::pickling {

/// The str, bytes or bytearray itself, or one with names; a bytearray becomes bytes then. GIL held.
[[nodiscard]] pybind11::object with_folder_names(pybind11::handle text);

/// The same for an exact numpy array whose elements are texts.
[[nodiscard]] pybind11::object array_with_folder_names(pybind11::handle array);

}  // namespace snapshot_test::host::pickling
