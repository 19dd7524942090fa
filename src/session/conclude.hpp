// From what became of all cases to the exit status of a run: pure functions, the rules of docs/verdicts.md.
#pragma once

#include "model/settings.hpp"
#include "snapshot_test/model/result.hpp"

namespace snapshot_test::session {

/// Is every case of the suite known, and judged? Only then can it be told which snapshots are obsolete.
enum class Extent { kComplete, kPartial };

/// What `obsolete` comes to in a run of this extent: kIgnore, kWarn, kFail or kDelete.
[[nodiscard]] model::Obsolete decide(model::Obsolete obsolete, Extent extent);

/// Exit status and, where it is not success, why. Of a capture: it succeeds where the whole suite could be read, and
/// something that verify can check was stored.
void conclude(model::CaptureSummary& summary, const model::Demands& demands);
void conclude(model::VerifySummary& summary, const model::Demands& demands, Extent extent = Extent::kComplete);

}  // namespace snapshot_test::session
