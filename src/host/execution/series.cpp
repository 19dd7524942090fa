#include "host/execution/series.hpp"

#include <malloc.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "host/execution/case_run.hpp"
#include "host/execution/endings.hpp"
#include "host/execution/traces.hpp"
#include "host/interpreter/fresh_memory.hpp"
#include "host/interpreter/interpreter.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;
using model::CaseReply;
using model::Ending;

namespace {

/// Blocks up to this size are taken from the heap, which keeps its pages from case to case.
constexpr int kMostOnTheHeap = 32 << 20;
/// So much that is free may the heap keep.
constexpr int kMostFree = 128 << 20;

/// What a case has freed must not look like the result of the next: freed memory is written over, and so is what is
/// handed out.
void keep_memory() {
  interpreter::fill_memory();
  ::mallopt(M_MMAP_THRESHOLD, kMostOnTheHeap);
  ::mallopt(M_TRIM_THRESHOLD, kMostFree);
}

class Series {
 public:
  Series(Context& context, const py::object& cache, SharedObjects& shared, model::SupervisorLink link)
      : context_(context), cache_(cache), shared_(shared), link_(std::move(link)) {}

  void serve();

 private:
  [[nodiscard]] CaseReply run(const model::RunCase& order);
  [[nodiscard]] CaseReply run_prepared(PreparedBenchmark& benchmark, const model::CaseRequest& request);
  [[nodiscard]] Result<PreparedBenchmark*> prepare(const model::RunCase& order);
  [[nodiscard]] std::string left_by(const CaseReply& reply, const std::filesystem::path& folder);

  Context& context_;
  const py::object& cache_;
  SharedObjects& shared_;
  model::SupervisorLink link_;
  Traces traces_;
  std::map<std::string, PreparedBenchmark> benchmarks_;  ///< by name
  Room room_ = Room::kUnknown;
};

/// Of one after which the state of everything is known.
bool is_orderly(Ending ending) { return ending == Ending::kReturned || ending == Ending::kNoOp; }

/// Empties the folders that the next case will find, which most cases leave empty.
bool clear(const std::filesystem::path& folder) {
  std::error_code error;
  for (const auto& each : std::filesystem::directory_iterator(folder, error)) {
    const bool is_folder = each.symlink_status(error).type() == std::filesystem::file_type::directory;
    if (!error && (!is_folder || !std::filesystem::is_empty(each.path(), error))) {
      std::filesystem::remove_all(each.path(), error);
    }
    if (error) {
      return false;
    }
  }
  return !error;
}

void Series::serve() {
  for (;;) {
    auto message = link_.receive();
    if (!message) {
      (void)link_.send(model::BranchFailure{Ending::kProtocol, message.error().message, ""});
      ::_exit(1);
    }
    if (!*message) {
      return;
    }
    const auto* order = std::get_if<model::RunCase>(&(*message)->body);
    if (order == nullptr) {
      (void)link_.send(model::BranchFailure{Ending::kProtocol, "a series was told something else than a case", ""});
      ::_exit(1);
    }
    try {
      CaseReply reply = run(*order);
      // It is known to be as it was from here on; what the machine refuses then, it refuses the case by itself, too.
      room_ = Room::kFound;
      reply.spoiled = left_by(reply, std::filesystem::path(order->request.temporary).parent_path());
      if (!link_.send(std::move(reply))) {
        ::_exit(model::kChannelLost);
      }
    } catch (const std::bad_alloc&) {
      ::_exit(model::kNoMemoryToAnswer);
    }
  }
}

CaseReply Series::run(const model::RunCase& order) {
  return answered_by([&] {
    auto prepared = prepare(order);
    return prepared ? run_prepared(**prepared, order.request) : ended_with(Ending::kRaised, prepared.error().message);
  });
}

Result<PreparedBenchmark*> Series::prepare(const model::RunCase& order) {
  if (const auto found = benchmarks_.find(order.benchmark); found != benchmarks_.end()) {
    return &found->second;
  }
  if (!order.request.alone) {
    return fail(ErrorKind::kInternal, "a case came before its benchmark");
  }
  TRY_ASSIGN(auto prepared, prepare_benchmark(context_, *order.request.alone));
  prepared.live.read_ahead();
  return &benchmarks_.emplace(order.benchmark, std::move(prepared)).first->second;
}

/// With an instance of its own, which ends with it.
CaseReply Series::run_prepared(PreparedBenchmark& benchmark, const model::CaseRequest& request) {
  discovery::LiveBenchmark of_all = std::exchange(benchmark.live, benchmark.live.anew());
  // Whose time passes is not said: a case that takes long because it is looked at gets its time by itself.
  CaseReply reply = run_case(
      context_, benchmark, request, cache_, [](Turn) {}, offering_to(link_), [this] { shared_.accept_gains(); }, room_);
  benchmark.live = std::move(of_all);
  return reply;
}

std::string Series::left_by(const CaseReply& reply, const std::filesystem::path& folder) {
  if (!is_orderly(reply.observation.ending)) {
    return "it has not come to its end";
  }
  try {
    interpreter::module("gc").attr("collect")();
    std::string left = traces_.left();
    left = left.empty() ? shared_.put_back() : left;
    return left.empty() && !clear(folder) ? "it has left files that cannot be removed" : left;
  } catch (const std::exception& error) {
    return std::string("its process cannot be looked at any more: ") + error.what();
  }
}

}  // namespace

void serve_series(Context& context, const py::object& cache, SharedObjects& shared, model::SupervisorLink link) {
  keep_memory();
  shared.settle();
  Series(context, cache, shared, std::move(link)).serve();
}

}  // namespace snapshot_test::host::execution
