// A process that embeds Python: a host's guardian and, below it, its base.
#pragma once

#include <sys/types.h>

namespace snapshot_test::host {

/// The hidden subcommand `host`: this program as a process that embeds Python. argv: program, "host", pid of the
/// supervisor. Descriptor 3 is the channel to it. Returns the exit status, and only before Python has started; a host
/// that has served leaves through _exit().
int run(int argc, char** argv);

/// The same in an interpreter that runs already, in a process started for nothing else. Needs the GIL, and no other
/// thread.
[[noreturn]] void run_in_interpreter(pid_t supervisor);

}  // namespace snapshot_test::host
