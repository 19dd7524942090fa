// Which shard a run is: from the command line, or from what a batch system tells its jobs.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::shards {

/// Shard `number` of `of`; from 1 on.
struct Choice {
  std::size_t number = 1;
  std::size_t of = 1;
};

/// The value of an environment variable; none where it is not set, or empty.
using Variables = std::function<std::optional<std::string>(const char* name)>;
[[nodiscard]] std::optional<std::string> process_variable(const char* name);

/// "3/8"; "auto": what the environment says; "auto/8": the same, where it says the number alone. Of these:
///
///     SLURM_ARRAY_TASK_ID    counted from SLURM_ARRAY_TASK_MIN, in steps of SLURM_ARRAY_TASK_STEP;
///     SLURM_ARRAY_TASK_COUNT CI_NODE_INDEX          counted from 1; CI_NODE_TOTAL JOB_COMPLETION_INDEX   counted from
///     0; nothing says of how many TEST_SHARD_INDEX       counted from 0; TEST_TOTAL_SHARDS
///
/// kUsage where it is none of these, none or several of them are set, or what is set makes no sense.
[[nodiscard]] Result<Choice> read_choice(const std::string& text, const Variables& variables = process_variable);

}  // namespace snapshot_test::shards
