#include "host/execution/setup_cache.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "host/execution/endings.hpp"
#include "host/execution/memory_limit.hpp"
#include "host/execution/open_watch.hpp"
#include "host/execution/room.hpp"
#include "host/interpreter/determinism.hpp"
#include "host/interpreter/interpreter.hpp"
#include "model/link.hpp"
#include "util/process.hpp"
#include "util/refusal.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

enum class FreeSetUps { kLeaveOut, kRunFirst };

/// In the child: runs it and pickles what it returns. Returns what went wrong, if anything did.
std::optional<model::BranchFailure> build(const Context& context, const discovery::SetupCache& cache, FreeSetUps mode) {
  try {
    const MemoryLimit limit(context.start.max_memory);
    interpreter::reseed(context.start.seed);
    if (mode == FreeSetUps::kRunFirst) {
      for (const py::object& setup : cache.free_setups) {
        setup();
      }
    }
    const py::object result = cache.function();
    const py::object file = py::module_::import("io").attr("open")(kCacheFile, "wb");
    py::module_::import("pickle").attr("dump")(result, file);
    file.attr("close")();
    return std::nullopt;
  } catch (const py::error_already_set& error) {
    EndedBy ended = ended_by(error);
    if (const int number = errno_of(error); is_refused_still(number, ".")) {
      return model::BranchFailure{model::Ending::kRefused, ended.detail + util::advice(number), ""};
    }
    return model::BranchFailure{ended.ending, std::move(ended.detail), std::move(ended.traceback)};
  }
}

/// One attempt, in a process of its own: what setup_cache does to modules and globals is not for its users to see.
std::optional<model::BranchFailure> attempt(const Context& context, const discovery::SetupCache& cache,
                                            FreeSetUps mode) {
  auto ends = util::Channel::make_pair();
  if (!ends) {
    return model::BranchFailure{model::Ending::kRefused, ends.error().message, ""};
  }
  const pid_t pid = interpreter::fork_interpreter();
  if (pid < 0) {
    return model::BranchFailure{model::Ending::kRefused, util::refusal("fork", errno).message, ""};
  }
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto failure = build(context, cache, mode);
    (void)model::SupervisorLink(std::move(ends->second))
        .send(failure ? model::Report(*failure) : model::Report(model::Ready{opened()}));
    interpreter::flush_standard_streams();
    ::_exit(0);
  }
  (void)ends->second.take_fd();
  auto message = model::HostLink(std::move(ends->first)).receive();
  const int status = util::wait_for(pid);
  if (!message || !*message) {
    const model::Ending ending = WIFSIGNALED(status) ? model::Ending::kSignalled : model::Ending::kExited;
    return model::BranchFailure{ending, util::describe_wait_status(status), ""};
  }
  if (const auto* ready = std::get_if<model::Ready>(&(*message)->body)) {
    add_opened(ready->opened);
  }
  auto* failure = std::get_if<model::BranchFailure>(&(*message)->body);
  return failure != nullptr ? std::optional(std::move(*failure)) : std::nullopt;
}

}  // namespace

std::optional<model::BranchFailure> build_cache(const Context& context, const discovery::LiveBenchmark& benchmark,
                                                Where where) {
  const std::optional<discovery::SetupCache>& cache = benchmark.setup_cache();
  if (!cache) {
    return model::BranchFailure{model::Ending::kImportFailed, "it has no setup_cache in this process", ""};
  }
  const auto run = where == Where::kInChild ? attempt : build;
  auto failure = run(context, *cache, FreeSetUps::kLeaveOut);
  if (failure && !cache->free_setups.empty()) {
    failure = run(context, *cache, FreeSetUps::kRunFirst);
  }
  return failure;
}

py::object load_cache() {
  const py::object file = py::module_::import("io").attr("open")(kCacheFile, "rb");
  py::object value = py::module_::import("pickle").attr("load")(file);
  file.attr("close")();
  return value;
}

}  // namespace snapshot_test::host::execution
