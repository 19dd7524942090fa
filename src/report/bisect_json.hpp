// What a search among commits has found, for other programs; docs/json.md is its description for users.
#pragma once

#include <string>

#include "report/bisected.hpp"
#include "report/run_record.hpp"

namespace snapshot_test::report {

/// The whole file, with its last line break.
[[nodiscard]] std::string bisect_json(const RunHead& head, const Bisected& bisected);
/// Of a search that could not start or go on.
[[nodiscard]] std::string bisect_json(const RunHead& head, const Aborted& end);

}  // namespace snapshot_test::report
