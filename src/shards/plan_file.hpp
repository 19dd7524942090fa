// A plan as a file, for shards that must not work it out by themselves: --plan FILE (docs/sharding.md).
#pragma once

#include <string>

#include "shards/plan.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::shards {

/// JSON, indented, with a final newline.
[[nodiscard]] std::string to_text(const Plan& plan);
/// kUsage where it is no plan, of another format, or is not as it was made; `name` is the file's, for messages.
[[nodiscard]] Result<Plan> plan_from_text(const std::string& text, const std::string& name);

}  // namespace snapshot_test::shards
