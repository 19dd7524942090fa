// What the machine refuses: descriptors, processes, memory, space. Such an error is no finding about a benchmark.
#pragma once

#include <string>
#include <string_view>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::util {

/// "; raise the limit on open files (ulimit -n) ...": what to do where a system call failed with `error` because there
/// is no more of something. Empty for all other errors.
[[nodiscard]] std::string advice(int error);

/// "cannot create a pipe: Too many open files; raise ...", of kind kIo. `error` is the errno of the call.
[[nodiscard]] Error refusal(std::string_view action, int error);

}  // namespace snapshot_test::util
