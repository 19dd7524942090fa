// What a run of the program leaves behind: nothing, whatever its benchmarks do.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {

/// The processes whose environment or command line names the sandbox, as "PID COMMAND": the program's own, and all that
/// its benchmarks started, also as daemons. Waits a moment for those that are being killed.
[[nodiscard]] std::vector<std::string> processes_left(const Sandbox& box);

/// The temporary files, and what is in the user's home, without what verify keeps for --last-failed.
[[nodiscard]] std::vector<std::string> files_left(const Sandbox& box);

/// Every file of the suite, the project and the snapshots with its content: what a verify run must leave as it is.
[[nodiscard]] std::map<std::string, std::string> places(const Sandbox& box);

}  // namespace snapshot_test::support
