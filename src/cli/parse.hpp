// argv → Command. Pure: reads no file, prints nothing, runs nothing.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"

namespace snapshot_test::cli {

/// `arguments` without the program's name.
[[nodiscard]] Command parse(std::vector<std::string> arguments);

}  // namespace snapshot_test::cli
