// timeraw benchmarks: the function returns code, and that code runs in an interpreter of its own.
#pragma once

#include <pybind11/pybind11.h>

#include <filesystem>
#include <string>
#include <vector>

#include "host/discovery/live_benchmark.hpp"

namespace snapshot_test::host::execution {

/// The variables that timeraw code left.
struct TimerawVariables {
  pybind11::dict values;           ///< name → value, in the order of the names
  std::vector<std::string> notes;  ///< which could not be brought over, and why
};

/// Calls the benchmark for its code (a str, or a pair of statement and set-up), and runs that once, as ASV does, with
/// sys.executable, this process's current directory, and the benchmark's `env` added to the environment. The code is a
/// module's, where timeit has it in a function: so its variables can be read afterwards. They come back as pickles, in
/// a file in `folder`; modules, functions, classes and names that begin with two underscores stay behind. GIL held.
/// Throws error_already_set: TypeError for other code, RuntimeError where it does not end with status 0.
[[nodiscard]] TimerawVariables run_timeraw(const discovery::LiveBenchmark& benchmark, const pybind11::tuple& args,
                                           const std::filesystem::path& folder);

}  // namespace snapshot_test::host::execution
