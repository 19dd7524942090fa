// Short-lived child processes.
#pragma once

#include <string>
#include <vector>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::util {

/// Runs argv[0] (a path) to its end with empty stdin and returns its stdout. kIo if it cannot be started, does not exit
/// with 0, or takes longer than `seconds`; the message ends with what it wrote to stderr.
[[nodiscard]] Result<std::string> run_and_read(const std::vector<std::string>& argv, double seconds = 30);

/// "killed by SIGSEGV", "exit status 3": what waitpid() reported.
[[nodiscard]] std::string describe_wait_status(int status);

}  // namespace snapshot_test::util
