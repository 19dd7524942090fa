// Where a baseline was captured and where it is verified: what differs that may change the last digits of numbers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "snapshot_test/model/environment.hpp"
#include "snapshot_test/model/tested.hpp"
#include "snapshot_test/store/run_info.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::session {

/// The environment variables that choose kernels and numbers of threads of numerical libraries, where they are set.
[[nodiscard]] std::map<std::string, std::string> numeric_variables();

/// "AVX-512": the widest vectors that the processor's features allow; "SSE4.2", "NEON", … or empty where it is not
/// known.
[[nodiscard]] std::string vector_level(const std::vector<std::string>& cpu_features);

/// Python, the processor's vectors, the packages that were imported in both, and the variables, in this order. Not what
/// is `tested` and lies in a work tree: that is meant to change.
[[nodiscard]] std::vector<model::EnvironmentChange> environment_changes(
    const store::RunInfo& then, const store::RunInfo& now, const std::vector<model::TestedPackage>& tested);

/// kUsage where a part that one of the glob patterns names has changed: the message says how.
[[nodiscard]] Result<void> refuse_environment(const std::vector<std::string>& patterns,
                                              const std::vector<model::EnvironmentChange>& changes);

}  // namespace snapshot_test::session
