// Modules of a suite that cannot be imported or read, for people.
#pragma once

#include <string>
#include <vector>

#include "report/style.hpp"
#include "snapshot_test/model/benchmark.hpp"

namespace snapshot_test::report {

/// How much of them: their causes, each said once, and of most modules that share one how many there are; or all, with
/// tracebacks.
enum class ImportDetail { kCauses, kAll };

/// Each with file and line, then what can be done. `python` is the interpreter that imported. Empty where there is
/// none.
[[nodiscard]] std::string import_failures_text(const std::vector<model::DiscoveryFailure>& failures,
                                               const std::string& python, ImportDetail detail, Color color);

}  // namespace snapshot_test::report
