// This program on a worker of a cluster: runs the cases that it is sent, in hosts of its own.
#pragma once

namespace snapshot_test::cluster {

/// The hidden subcommand `agent`. Standard input is the socket of wire.hpp; its end is ours, and that of all that runs.
/// Returns the exit status.
int run_agent();

}  // namespace snapshot_test::cluster
