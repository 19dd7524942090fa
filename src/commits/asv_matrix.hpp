// Which environment of asv.conf.json's `matrix`, `exclude` and `include` is taken.
#pragma once

#include <string>

#include "model/asv_project.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::commits {

/// The first environment that asv would make for a Python `version` ("3.11.2"): the first combination of `matrix` (the
/// last key changes fastest) that no rule of `exclude` matches, else the first rule of `include` for that Python.
/// Patterns are ECMAScript's, not Python's. kConfig where none is left, or something is not as asv takes it.
[[nodiscard]] Result<model::AsvEnvironment> first_environment(const model::AsvProject& asv, const std::string& version);

}  // namespace snapshot_test::commits
