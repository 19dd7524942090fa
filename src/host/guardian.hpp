// The process between the supervisor and a base: whatever becomes of either, nothing that a benchmark started stays.
#pragma once

#include <sys/types.h>

namespace snapshot_test::host {

/// Forks. Returns in the child, which is to become the base; the parent guards it and never returns: it adopts what the
/// processes below leave behind, and when the base has ended, or the supervisor has, or SIGTERM comes, it kills all of
/// it and ends as the base did. Hands SIGABRT on to the base. To be called before anything else of this process has
/// started: it is a few hundred kilobytes then.
void stand_guard(pid_t supervisor);

}  // namespace snapshot_test::host
