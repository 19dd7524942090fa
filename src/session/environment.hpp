// Where a baseline was captured and where it is verified: what differs that may change the last digits of numbers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "session/run.hpp"
#include "snapshot_test/model/environment.hpp"
#include "snapshot_test/model/result.hpp"
#include "snapshot_test/model/tested.hpp"
#include "snapshot_test/store/run_info.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::session {

/// The environment variables that choose kernels and numbers of threads of numerical libraries, where they are set.
[[nodiscard]] std::map<std::string, std::string> numeric_variables();
/// The same, with those that are not set: they are empty.
[[nodiscard]] std::map<std::string, std::string> all_numeric_variables();

/// Where a run takes place: its interpreter, the machine, the packages, numeric_variables().
[[nodiscard]] store::RunInfo place_of(const Run& run);

/// The same, and when, by which commit and from which seed; reads the repository. A note where it cannot be.
[[nodiscard]] store::RunInfo describe(const Run& run, const std::string& id,
                                      const std::vector<model::TestedPackage>& tested, model::Listener& listener);

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
