// Running setup_cache, once for all benchmarks that share it.
#pragma once

#include <optional>
#include <string>

#include "host/discovery/live_benchmark.hpp"
#include "host/execution/context.hpp"

namespace snapshot_test::host::execution {

/// Runs the benchmark's setup_cache in the current directory, in a child process, and leaves its pickled result there
/// as "cache.pickle". Alone first; where that fails and module set-ups without arguments exist, once more in a fresh
/// process after those (docs/asv.md, "setup_cache"). Nothing on success. GIL held.
[[nodiscard]] std::optional<model::BranchFailure> build_cache(const Context& context,
                                                              const discovery::LiveBenchmark& benchmark);

/// The pickled result, loaded. Written by this program a moment ago, so unpickling it is as safe as running the suite.
/// GIL held; throws error_already_set.
[[nodiscard]] pybind11::object load_cache();

}  // namespace snapshot_test::host::execution
