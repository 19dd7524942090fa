// Running setup_cache, once for all benchmarks that share it.
#pragma once

#include <optional>
#include <string>

#include "host/discovery/live_benchmark.hpp"
#include "host/execution/context.hpp"

namespace snapshot_test::host::execution {

/// The pickled result, in the folder that setup_cache ran in.
inline constexpr const char* kCacheFile = "cache.pickle";

enum class Where {
  kInChild,        ///< a fork of this process, which its users do not see
  kInThisProcess,  ///< for suites that cannot be forked; the process is good for nothing else then
};

/// Runs the benchmark's setup_cache in the current directory and leaves its pickled result there as "cache.pickle".
/// Alone first; where that fails and module set-ups without arguments exist, once more after those (in a fresh child,
/// where children may be had; docs/asv.md, "setup_cache"). Nothing on success. GIL held.
[[nodiscard]] std::optional<model::BranchFailure> build_cache(const Context& context,
                                                              const discovery::LiveBenchmark& benchmark, Where where);

/// The pickled result, loaded. Written by this program a moment ago, so unpickling it is as safe as running the suite.
/// GIL held; throws error_already_set.
[[nodiscard]] pybind11::object load_cache();

}  // namespace snapshot_test::host::execution
