// What bounds a pickle.
#pragma once

#include "snapshot_test/model/limits.hpp"

namespace snapshot_test::host::pickling {

/// What is left of the thread's stack bounds the depth, too.
using Limits = model::ValueLimits;

}  // namespace snapshot_test::host::pickling
