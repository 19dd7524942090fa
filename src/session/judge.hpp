// From what was seen to what it means: pure functions, the rules of docs/verdicts.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/settings.hpp"
#include "runner/case_runner.hpp"
#include "snapshot_test/model/coverage.hpp"
#include "snapshot_test/model/result.hpp"
#include "snapshot_test/store/manifest.hpp"

namespace snapshot_test::session {

struct CaptureJudgement {
  model::CaptureStatus status;
  std::string reason;                ///< one line; empty for kOuter
  std::vector<std::string> missing;  ///< as CaseCapture's
};

/// What a capture made of a case, from its first run and the marks that mark_unstable() left on its sites.
[[nodiscard]] CaptureJudgement judge_capture(const model::Observation& observation);

/// Did it show something whose stability matters? Also what only informs.
[[nodiscard]] bool worth_confirming(const model::Observation& observation);

/// What to look at in another run of a case that raised: it may have minded being looked at (numpy.ndarray.resize
/// refuses while its values are held). None where it did not raise.
[[nodiscard]] std::optional<model::Observe> second_look(model::CaptureStatus status, model::Ending ending);

/// What to look at to compare with these sites, of a case that was captured without holding its values, or not.
[[nodiscard]] model::Observe look_for(const std::vector<model::SiteValue>& snapshot, bool unheld);

/// What a case showed at first, and in a run that looked at its state: the one to keep.
[[nodiscard]] model::Observation with_state(model::Observation values, model::Observation state);

/// The snapshot as if `deepest` were all that had been observed.
[[nodiscard]] store::CaseRecord deepest_alone(store::CaseRecord snapshot);

/// Marks in `first` what the second run of the same code did not confirm. Returns one line that says why nothing of the
/// case can be relied on, where the second run did not even end like the first; else nothing.
[[nodiscard]] std::string mark_unstable(model::Observation& first, const runner::CaseOutcome& second);

/// Did the second run show what the first one did, but for what is marked in it already?
[[nodiscard]] bool is_confirmed_by(const model::Observation& first, const runner::CaseOutcome& second);

/// What can be checked of a case by these rules. An older program may have called one checked that this one does not.
[[nodiscard]] model::Coverage coverage_of(const store::CaseRecord& snapshot);

/// The verdict on a case that was run, against its snapshot. Fills everything of a CaseVerdict but its id.
[[nodiscard]] model::CaseVerdict judge(const store::CaseRecord& snapshot, runner::CaseOutcome outcome);

/// The verdict on a case that has a snapshot which cannot be checked, whatever the code does now.
[[nodiscard]] bool needs_no_run(const store::CaseRecord& snapshot);

}  // namespace snapshot_test::session
