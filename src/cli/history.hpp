// show --history: who accepted which change of a snapshot, when and why.
#pragma once

#include <string>

#include "cli/command.hpp"
#include "inspect/operand.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::cli {

/// Of the snapshots that the operand names, or of all of a store. Errors as `show` has them.
[[nodiscard]] Result<std::string> history_text(const inspect::Operand& operand, Format format);

}  // namespace snapshot_test::cli
