// What each process of a host does with its life.
#pragma once

#include <nlohmann/json.hpp>

#include "host/execution/context.hpp"
#include "util/channel.hpp"

namespace snapshot_test::host::execution {

/// The base: serves until the supervisor closes `channel`. GIL held.
void serve_base(Context& context, util::Channel channel);

}  // namespace snapshot_test::host::execution
