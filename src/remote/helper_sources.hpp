// The Python helper as part of the program (embed_modules.cmake writes the definition).
#pragma once

#include <span>

#include "util/python_modules.hpp"

namespace snapshot_test::remote {

/// The last one runs.
extern const std::span<const util::PythonModule> kHelperModules;

}  // namespace snapshot_test::remote
