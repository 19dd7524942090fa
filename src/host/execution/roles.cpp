#include "host/execution/roles.hpp"

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <utility>

#include "host/discovery/discovery.hpp"
#include "host/discovery/root.hpp"
#include "host/execution/case_run.hpp"
#include "host/execution/endings.hpp"
#include "host/execution/node.hpp"
#include "host/execution/open_watch.hpp"
#include "host/execution/room.hpp"
#include "host/execution/series.hpp"
#include "host/execution/setup_cache.hpp"
#include "host/execution/suite_report.hpp"
#include "host/execution/surroundings.hpp"
#include "host/interpreter/determinism.hpp"
#include "host/interpreter/interpreter.hpp"
#include "util/refusal.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;
namespace fs = std::filesystem;
using model::BranchFailure;
using model::Ending;

namespace {

/// What processes further up have prepared for those below.
struct Inherited {
  py::object cache = py::none();
  std::optional<PreparedBenchmark> benchmark;
  std::optional<SharedObjects> shared;  ///< what series find, as it is in the process that they are forked from
};

void work(Context& context, Inherited& inherited, const model::Request& request, model::SupervisorLink link);

/// Waits for orders, and does what is ordered with what has been inherited so far.
Node make_node(Context& context, Inherited& inherited, model::SupervisorLink link) {
  Node node(std::move(link), [&context, &inherited](const model::Request& request, model::SupervisorLink its_link) {
    work(context, inherited, request, std::move(its_link));
  });
  node.on_fork([&context, &inherited](const model::Request& request) {
    if (std::holds_alternative<model::SeriesRequest>(request) && !inherited.shared) {
      inherited.shared.emplace(discovery::root_package(context.start.benchmark_dir));
    }
  });
  return node;
}

/// The supervisor made it, with "tmp" beside it.
void enter_work_folder(const fs::path& folder) {
  fs::current_path(folder);
  set_temporary_folder(folder.parent_path() / "tmp");
}

/// Prepares a node, then serves; or says why it cannot.
void prepare_and_serve(Context& context, Inherited& inherited, model::SupervisorLink link,
                       const std::function<std::optional<BranchFailure>()>& prepare) {
  std::optional<BranchFailure> failure;
  const fs::path folder = context.start.workdir;
  if (auto lacking = missing_room(folder)) {
    failure = BranchFailure{Ending::kRefused, std::move(*lacking), ""};
  } else {
    try {
      failure = prepare();
    } catch (const py::error_already_set& error) {
      EndedBy ended = ended_by(error);
      if (const int number = errno_of(error); is_refused_still(number, folder)) {
        ended = {Ending::kRefused, ended.detail + util::advice(number), std::move(ended.traceback)};
      }
      failure = BranchFailure{ended.ending == Ending::kRaised ? Ending::kImportFailed : ended.ending,
                              std::move(ended.detail), std::move(ended.traceback)};
    } catch (const fs::filesystem_error& error) {
      failure = BranchFailure{Ending::kRefused, error.what(), ""};
    }
  }
  Node node = make_node(context, inherited, std::move(link));
  if (failure) {
    node.send(std::move(*failure));
    return;
  }
  interpreter::load_generators();
  interpreter::flush_standard_streams();
  interpreter::freeze_heap();
  node.send(model::Ready{});
  node.serve();
}

void be(Context& context, Inherited& inherited, const model::ModuleRequest& request, model::SupervisorLink link) {
  prepare_and_serve(context, inherited, std::move(link), [&]() -> std::optional<BranchFailure> {
    enter_work_folder(request.workdir);
    interpreter::reseed(context.start.seed);
    if (const auto installed = discovery::install_root(context.start.benchmark_dir); !installed) {
      return BranchFailure{Ending::kImportFailed, installed.error().message, ""};
    }
    const std::string root = discovery::root_package(context.start.benchmark_dir);
    // Most benchmarks of a module are written in it: its source is parsed once here, not in each of their processes.
    context.rewriter.read_ahead(discovery::import_module(request.module.empty() ? root : root + "." + request.module));
    forget_opened();  // of imports, the process that looks for benchmarks tells
    return std::nullopt;
  });
}

void be(Context& context, Inherited& inherited, const model::CacheRequest& request, model::SupervisorLink link) {
  prepare_and_serve(context, inherited, std::move(link), [&]() -> std::optional<BranchFailure> {
    enter_work_folder(request.directory);
    if (request.build != model::CacheBuild::kDone) {
      const auto live = discovery::LiveBenchmark::resolve(context.start.benchmark_dir, request.benchmark);
      if (!live) {
        return BranchFailure{Ending::kImportFailed, live.error().message, ""};
      }
      const bool forked = request.build == model::CacheBuild::kForked;
      if (auto failure = build_cache(context, *live, forked ? Where::kInChild : Where::kInThisProcess)) {
        return failure;
      }
    }
    inherited.cache = load_cache();
    return std::nullopt;
  });
}

void be(Context& context, Inherited& inherited, const model::BenchmarkRequest& request, model::SupervisorLink link) {
  prepare_and_serve(context, inherited, std::move(link), [&]() -> std::optional<BranchFailure> {
    auto prepared = prepare_benchmark(context, request);
    if (!prepared) {
      return BranchFailure{Ending::kImportFailed, prepared.error().message, ""};
    }
    prepared->live.read_ahead();
    inherited.benchmark.emplace(std::move(*prepared));
    return std::nullopt;
  });
}

/// Runs it with what is inherited, or what it prepares itself.
model::CaseReply try_case(Context& context, Inherited& inherited, const model::CaseRequest& request,
                          model::SupervisorLink& link) {
  if (!inherited.benchmark && !request.alone) {
    return ended_with(Ending::kProtocol, "a case came without its benchmark, to a process that is none");
  }
  if (!inherited.benchmark) {
    auto prepared = prepare_benchmark(context, *request.alone);
    if (!prepared) {
      return ended_with(Ending::kRaised, prepared.error().message);
    }
    inherited.benchmark.emplace(std::move(*prepared));
  }
  const auto on_turn = [&](Turn turn) {
    // A link that the benchmark has closed is noticed when the result is sent.
    (void)link.send(turn == Turn::kObserver ? model::Report(model::Looking{}) : model::Report(model::Running{}));
  };
  return run_case(context, *inherited.benchmark, request, inherited.cache, on_turn, offering_to(link));
}

void be(Context& context, Inherited& inherited, const model::CaseRequest& request, model::SupervisorLink link) {
  model::CaseReply reply = answered_by([&] { return try_case(context, inherited, request, link); });
  try {
    ::_exit(link.send(std::move(reply)) ? 0 : model::kChannelLost);
  } catch (const std::bad_alloc&) {
    ::_exit(model::kNoMemoryToAnswer);
  }
}

void be(Context& context, Inherited& inherited, const model::SeriesRequest&, model::SupervisorLink link) {
  if (inherited.shared) {
    serve_series(context, inherited.cache, *inherited.shared, std::move(link));
  }
}

void be(Context& context, Inherited& inherited, const model::DiscoverRequest& request, model::SupervisorLink link) {
  if (auto lacking = missing_room(context.start.workdir)) {
    (void)link.send(BranchFailure{Ending::kRefused, std::move(*lacking), ""});
    return;
  }
  auto reply = describe_suite(context, request, [&](const std::string& module) {
    interpreter::reseed(context.start.seed);
    (void)link.send(model::Importing{module});
  });
  if (!reply) {
    (void)link.send(BranchFailure{Ending::kImportFailed, reply.error().message, ""});
    return;
  }
  const bool stays = reply->stays;
  if (!link.send(std::move(*reply)) || !stays) {
    return;
  }
  forget_opened();  // the reply has told of the imports
  interpreter::flush_standard_streams();
  Node node = make_node(context, inherited, std::move(link));
  node.send(model::Ready{});
  node.serve();
}

void work(Context& context, Inherited& inherited, const model::Request& request, model::SupervisorLink link) {
  std::visit([&](const auto& each) { be(context, inherited, each, std::move(link)); }, request);
}

void preload(const Context& context, const std::vector<std::string>& modules) {
  const py::module_ importlib = py::module_::import("importlib");
  for (const std::string& name : modules) {
    try {
      interpreter::reseed(context.start.seed);
      importlib.attr("import_module")(name);
    } catch (const py::error_already_set&) {
      // Whichever module of the suite needs it will fail to import it again, and say so where it matters.
    }
  }
  interpreter::load_generators();
  interpreter::flush_standard_streams();
  interpreter::freeze_heap();
}

}  // namespace

void serve_base(Context& context, model::SupervisorLink link) {
  Inherited inherited;
  enter_work_folder(context.start.workdir);
  context.functions.take_stock();
  watch_opening(context.start.watched);
  preload(context, context.start.preload);
  Node node = make_node(context, inherited, std::move(link));
  node.on_preload([&context](const std::vector<std::string>& modules) { preload(context, modules); });
  node.send(model::Ready{});
  node.serve();
}

}  // namespace snapshot_test::host::execution
