// Programs that are run to their end: git, and what builds a project.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::commits {

/// Variables to set, and (none) to take away.
using Environment = std::map<std::string, std::optional<std::string>>;

struct Command {
  std::vector<std::string> argv;  ///< the first is looked for on $PATH of the command
  std::filesystem::path folder;   ///< where it runs; empty: the current one
  Environment environment;        ///< beside what this process has
  std::filesystem::path log;      ///< gets stdout and stderr at its end; empty: they are returned
  double seconds = 600;           ///< how long it may take
};

struct CommandEnd {
  int status = 0;          ///< as waitpid() has it
  bool timed_out = false;  ///< killed, with all that it had started
  std::string out;
  std::string err;
};

/// With an empty stdin, in a process group of its own, which is killed at the deadline and where this process is
/// interrupted, and whose first process ends with this one. kUsage where there is no such program, kIo where the
/// machine refuses what it takes, kInterrupted where SIGINT or SIGTERM has come.
[[nodiscard]] Result<CommandEnd> run_command(const Command& command);

}  // namespace snapshot_test::commits
