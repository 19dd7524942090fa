// Canonical forms for the types of libraries: Python files of libraries/, compiled in, each run when the first type of
// its library is met.
#pragma once

#include <span>
#include <string_view>

#include "host/pickling/reducers.hpp"

namespace snapshot_test::host::pickling {

/// Needs the GIL.
void add_libraries(Reducers& reducers);

/// One file of libraries/.
struct LibrarySource {
  std::string_view package;  ///< the top-level package whose types it is for
  std::string_view file;     ///< for tracebacks
  std::string_view text;
};

/// What all of them start from.
[[nodiscard]] LibrarySource library_prelude();
[[nodiscard]] std::span<const LibrarySource> library_sources();

}  // namespace snapshot_test::host::pickling
