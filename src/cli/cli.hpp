// The command line program.
#pragma once

namespace snapshot_test::cli {

/// What the hidden subcommand "host" runs: the process that embeds Python. A function pointer, so that this room
/// does not need to link Python; null in a program that embeds none.
using HostEntry = int (*)(int argc, char** argv);

/// The whole program; returns its exit status (model::ExitStatus). Nothing escapes as an exception.
int run(int argc, char** argv, HostEntry host);

}  // namespace snapshot_test::cli
