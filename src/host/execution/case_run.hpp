// One case, from set-up to what it showed: ASV's sequence (docs/asv.md, "Execution") with an observer in it.
#pragma once

#include <pybind11/pybind11.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/discovery/live_benchmark.hpp"
#include "host/execution/context.hpp"
#include "host/trace/body_rewriter.hpp"
#include "model/link.hpp"
#include "util/fd.hpp"

namespace snapshot_test::host::execution {

/// A benchmark found and instrumented; what a process that forks its cases hands down.
struct PreparedBenchmark {
  discovery::LiveBenchmark live;
  bool no_op = false;
  model::Rules rules;                        ///< by which its cases are compared
  std::optional<trace::RewrittenBody> body;  ///< none where the body cannot be observed; `note` says why
  std::string note;
};

/// Throws error_already_set with what the module or the class raises; kUsage where there is no such benchmark.
[[nodiscard]] Result<PreparedBenchmark> prepare_benchmark(Context& context, const model::BenchmarkRequest& request);

/// Whose time passes: a case's limit is for its own code, not for looking at its values.
enum class Turn { kBenchmark, kObserver };
using OnTurn = std::function<void(Turn)>;

/// Of a sealed case: tells the supervisor what it has seen, and gets what is wanted of that, with the socket that it
/// goes to (none where nothing is wanted).
struct WantedValues {
  std::vector<std::size_t> offers;
  util::Fd socket;
};
using OnOffer = std::function<Result<WantedValues>(const model::Offer&)>;
/// That of a process that has this link.
[[nodiscard]] OnOffer offering_to(model::SupervisorLink& link);

/// Set-up is done, and the call comes next.
using OnReady = std::function<void()>;

/// Has this process been found to have the room that running a case takes (room.hpp)?
enum class Room { kUnknown, kFound };

/// Runs a case in this process: it changes the current directory, seeds, collects garbage and leaves the instance as
/// the benchmark left it. `cache` is what setup_cache returned, or None. A Python exception becomes the observation's
/// ending; what the machine refuses is `refused`. `on_turn` hears when the turn changes; it begins with the
/// benchmark's.
[[nodiscard]] model::CaseReply run_case(
    Context& context, PreparedBenchmark& benchmark, const model::CaseRequest& request, const pybind11::object& cache,
    const OnTurn& on_turn, const OnOffer& on_offer, const OnReady& on_ready = [] {}, Room room = Room::kUnknown);

}  // namespace snapshot_test::host::execution
