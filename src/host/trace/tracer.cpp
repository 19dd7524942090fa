#include "host/trace/tracer.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <utility>

#include "host/trace/frame_hook.h"
#include "host/trace/function_names.hpp"
#include "util/stack.hpp"

namespace snapshot_test::host::trace {
namespace py = pybind11;
namespace {

st_frame_kind classify(const void* eligibility, PyCodeObject* code) {
  return static_cast<const Eligibility*>(eligibility)->classify(code);
}

// Half of what this thread's stack has left is for the program's own C code. nullptr where the bounds are not known.
const char* stack_floor() {
  const auto stack = util::stack_of_this_thread();
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  if (!stack || here < stack->lowest) return nullptr;
  return reinterpret_cast<const char*>(here - (here - stack->lowest) / 2);
}

// Takes over the references of a hit.
TracedCall traced_call(const st_hit& hit, FunctionNames& names) {
  const auto code = py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(hit.code));
  const auto globals = py::reinterpret_steal<py::object>(hit.globals);
  TracedCall call;
  call.value = py::reinterpret_steal<py::object>(hit.value);
  call.function = names.name(code, globals);
  call.depth = hit.depth;
  call.meaningful = st_is_meaningful(call.value.ptr()) != 0;
  return call;
}

}  // namespace

Tracer::Tracer(const Eligibility& eligibility, Options options) : eligibility_(eligibility), options_(options) {
  options_.depth_limit = std::max(options_.depth_limit, 0);
  options_.quiet_calls = std::max(options_.quiet_calls, 0);
}

Mechanism Tracer::begin(int depth) {
  st_hook_settings settings{};
  settings.depth = depth;
  settings.depth_limit = options_.depth_limit;
  settings.quiet_calls = options_.quiet_calls;
  settings.classify = classify;
  settings.classify_context = &eligibility_;
  settings.code_extra_index = eligibility_.code_extra_index();
  settings.stack_floor = stack_floor();
  st_begin begun = ST_BEGIN_SLOT_TAKEN;
  if (options_.mechanism != Mechanism::kProfile) {
    settings.mechanism = ST_MECHANISM_EVALUATOR;
    begun = st_hook_begin(&settings);
    if (begun == ST_BEGIN_OK) return Mechanism::kFrameEvaluator;
    if (begun == ST_BEGIN_SLOT_TAKEN) {
      trace_.notes.emplace_back("trace: another frame evaluator is installed; using the slower profile function");
    }
  }
  if (begun != ST_BEGIN_BUSY) {
    settings.mechanism = ST_MECHANISM_PROFILE;
    begun = st_hook_begin(&settings);
    if (begun == ST_BEGIN_OK) return Mechanism::kProfile;
  }
  trace_.notes.emplace_back("trace: another trace is under way in this process; nothing was observed");
  return Mechanism::kNone;
}

void Tracer::end() {
  st_hook_result seen{};
  st_hook_end(&seen);
  FunctionNames names;
  if (seen.deepest.value) trace_.deepest = traced_call(seen.deepest, names);
  for (std::size_t i = seen.path_size; i > 0; --i) trace_.path.push_back(traced_call(seen.path[i - 1], names));
  PyMem_RawFree(seen.path);
  for (std::size_t i = 0; i < seen.workers_size; ++i) trace_.workers.push_back(traced_call(seen.workers[i], names));
  PyMem_RawFree(seen.workers);
  if (seen.workers_lost) {
    trace_.workers.clear();
    trace_.notes.emplace_back("trace: other threads made too many calls to look at them; they were not observed");
  }
  trace_.max_depth = seen.max_depth;
  trace_.paused = seen.paused != 0;
  if (seen.stack_floor_reached) {
    trace_.notes.emplace_back(
        "trace: half of the C stack was in use; deeper calls were not observed. A larger stack (ulimit -s) shows more");
  }
  if (seen.replaced) {
    trace_.notes.emplace_back(
        "trace: the benchmark installed a profile function or frame evaluator of its own; calls after that were not "
        "observed");
  }
  if (seen.failed) trace_.notes.emplace_back("trace: out of memory; calls after that were not observed");
}

py::object Tracer::call(py::handle function, const py::tuple& args) {
  trace_ = Trace{};
  trace_.used = begin(-1);
  auto value = py::reinterpret_steal<py::object>(PyObject_Call(function.ptr(), args.ptr(), nullptr));
  if (trace_.used != Mechanism::kNone) {
    const py::error_scope keep_error;
    end();
  }
  if (!value) {
    trace_.had_exception = true;
    throw py::error_already_set();
  }
  return value;
}

bool Tracer::start() {
  trace_ = Trace{};
  trace_.used = begin(0);
  return trace_.used != Mechanism::kNone;
}

void Tracer::stop() {
  if (trace_.used != Mechanism::kNone) {
    end();
  }
}

Trace Tracer::take() { return std::exchange(trace_, Trace{}); }

}  // namespace snapshot_test::host::trace
