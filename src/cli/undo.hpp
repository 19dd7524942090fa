// capture --undo: the baseline that the last capture replaced comes back.
#pragma once

#include "cli/command.hpp"
#include "cli/outcome.hpp"

namespace snapshot_test::cli {

enum class Consent { kAsked, kGiven };

/// Says what comes back, asks on a terminal, and brings it back.
[[nodiscard]] model::ExitStatus undo_capture(const Shared& shared, Consent consent, const Streams& streams);

}  // namespace snapshot_test::cli
