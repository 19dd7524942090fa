// What a search among commits has found, for people.
#pragma once

#include <string>

#include "report/bisected.hpp"
#include "report/style.hpp"

namespace snapshot_test::report {

/// The cases by the commit that changed them, and a closing line; lines end with '\n'.
[[nodiscard]] std::string bisect_text(const Bisected& bisected, Color color);

}  // namespace snapshot_test::report
