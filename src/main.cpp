#include "cli/cli.hpp"
#include "host/host.hpp"

int main(int argc, char** argv) { return snapshot_test::cli::run(argc, argv, &snapshot_test::host::run); }
