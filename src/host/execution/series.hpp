// Cases that one process runs one after the other.
#pragma once

#include <pybind11/pybind11.h>

#include "host/execution/context.hpp"
#include "host/execution/shared_objects.hpp"
#include "model/link.hpp"

namespace snapshot_test::host::execution {

/// Runs each case that `link` brings and answers it, until the link is closed. What a case leaves behind is put back
/// or, where it cannot be, told: then no other case should follow. `cache` is what setup_cache returned, or None;
/// `shared` has taken stock of this process, or of the one that it was forked from. GIL held. Ends the process where it
/// cannot answer.
void serve_series(Context& context, const pybind11::object& cache, SharedObjects& shared, model::SupervisorLink link);

}  // namespace snapshot_test::host::execution
