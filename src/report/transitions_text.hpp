// What has become of the cases of a status file, for people.
#pragma once

#include <string>

#include "report/listing.hpp"
#include "report/style.hpp"
#include "snapshot_test/model/transitions.hpp"

namespace snapshot_test::report {

/// The matrix, all cells, and the cases of those that are not on its diagonal; several lines, each ended by '\n'.
[[nodiscard]] std::string transitions_text(const model::Transitions& transitions, Lists lists, Color color);

}  // namespace snapshot_test::report
