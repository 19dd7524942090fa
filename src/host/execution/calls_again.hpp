// The same benchmark called again in the same process (--repeat, --perturb): what caches that are keyed by too little,
// results that are views of shared memory, and state that grows come to.
#pragma once

#include <pybind11/pybind11.h>

#include <functional>
#include <string>
#include <vector>

#include "host/discovery/live_benchmark.hpp"
#include "host/execution/context.hpp"
#include "host/execution/seen.hpp"
#include "host/execution/values.hpp"
#include "host/trace/body_rewriter.hpp"

namespace snapshot_test::host::execution {

/// Takes one value before the next call is made.
using OnAgain = std::function<void(SeenValue)>;

/// `body`: the benchmark's, as it is observed; null where it is not. `request.repeat` times an instance of its own is
/// set up, called and torn down: repeated[1], .... All instances stay alive, so that none has the addresses of another.
/// With request.perturb one more is set up and called four times, its arrays and lists of floats changed in place
/// before the second call and each that follows: perturbed[1], ..., and perturbed[0], which of its results a later call
/// has changed. A call that raises comes to "raised TYPE". `notes`: what went wrong in a teardown. GIL held; throws
/// error_already_set where a benchmark's class cannot be made.
void call_again(const Context& context, const discovery::LiveBenchmark& live, trace::RewrittenBody* body,
                const pybind11::tuple& args, const model::CaseRequest& request, ValueWriter& writer,
                const OnAgain& on_value, std::vector<std::string>& notes);

}  // namespace snapshot_test::host::execution
