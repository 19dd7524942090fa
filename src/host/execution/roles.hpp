// What each process of a host does with its life.
#pragma once

#include "host/execution/context.hpp"
#include "model/link.hpp"

namespace snapshot_test::host::execution {

/// The base: serves until the supervisor closes `link`. GIL held.
void serve_base(Context& context, model::SupervisorLink link);

}  // namespace snapshot_test::host::execution
