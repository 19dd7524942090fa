// timeraw benchmarks: the function returns code, and that code runs in an interpreter of its own.
#pragma once

#include "host/discovery/live_benchmark.hpp"

namespace snapshot_test::host::execution {

/// Calls the benchmark for its code (a str, or a pair of statement and set-up), and runs that once, as ASV does, with
/// sys.executable, this process's current directory, and the benchmark's `env` added to the environment. GIL held.
/// Throws error_already_set: TypeError for other code, RuntimeError where it does not end with status 0.
void run_timeraw(const discovery::LiveBenchmark& benchmark, const pybind11::tuple& args);

}  // namespace snapshot_test::host::execution
