// Processes that benchmarks start: they find the project and the suite, as the benchmarks do.
#pragma once

#include "model/message.hpp"
#include "snapshot_test/model/benchmark.hpp"

namespace snapshot_test::host::execution {

/// Puts the project's folder in front of $PYTHONPATH, and has the workers of process pools (multiprocessing with spawn
/// or forkserver, loky) import the suite by its name, so that functions of the suite can be sent to them. Forked
/// children have all that anyway. GIL held; throws py::error_already_set.
void prepare_for_children(const model::HostStart& start);

}  // namespace snapshot_test::host::execution
