// The hidden subcommand `host`: this program as a process that embeds Python.
#pragma once

namespace snapshot_test::host {

/// argv: program, "host", pid of the supervisor. Descriptor 3 is the channel to it. Returns the exit status, and only
/// before Python has started; a host that has served leaves through _exit().
int run(int argc, char** argv);

}  // namespace snapshot_test::host
