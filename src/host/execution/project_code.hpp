// Where the project's modules were imported from: which code a run tests is proved, not assumed.
#pragma once

#include <string>
#include <vector>

#include "model/project_code.hpp"

namespace snapshot_test::host::execution {

/// The loaded modules of `code.packages` whose files lie in none of `code.folders`, sorted by name; links are followed.
/// Looks only at modules' own dicts: nothing of the project's runs. GIL held; may throw error_already_set.
[[nodiscard]] std::vector<model::StrayModule> stray_modules(const model::ProjectCode& code);

/// Is one of the packages loaded from one of the folders, or would an import find it there? GIL held.
[[nodiscard]] bool has_project(const model::ProjectCode& code);

/// "bottleneck.reduce was imported from /usr/…/reduce.so, which is not the code that is to be tested (/…)": of the
/// first, with how many there are. `strays` is not empty.
[[nodiscard]] std::string stray_text(const std::vector<model::StrayModule>& strays, const model::ProjectCode& code);

}  // namespace snapshot_test::host::execution
