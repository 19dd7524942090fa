// Which packages a suite that has been imported tests.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <vector>

#include "snapshot_test/model/tested.hpp"

namespace snapshot_test::host::execution {

/// Of `projects` those that are loaded or that an import would find, with name, version and location; where there is
/// none, the packages that most modules of the suite use, but for the standard library: at most three. `root` is the
/// suite's root package. Imports nothing of the project's. GIL held; a package that cannot be looked at is left out.
[[nodiscard]] std::vector<model::TestedPackage> tested_packages(const std::vector<std::string>& projects,
                                                                const std::string& root);

}  // namespace snapshot_test::host::execution
