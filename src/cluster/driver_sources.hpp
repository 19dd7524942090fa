// The Python client of a cluster as part of the program (embed_modules.cmake writes the definition).
#pragma once

#include <span>

#include "util/python_modules.hpp"

namespace snapshot_test::cluster {

/// The last one runs.
extern const std::span<const util::PythonModule> kDriverModules;

}  // namespace snapshot_test::cluster
