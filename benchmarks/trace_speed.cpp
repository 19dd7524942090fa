// What observing calls and statements costs: runs trace_speed.py with a module `tracing` whose call(function, mechanism)
// runs a function as a benchmark is run, and whose observe(function) has its statements observed until restore(). See
// there for the rest.
//
//   trace_speed TRACE_SPEED_PY PYTHON [ROUNDS]
#include <fmt/format.h>
#include <pybind11/embed.h>

#include "host/interpreter/interpreter.hpp"
#include "host/trace/body_rewriter.hpp"
#include "host/trace/tracer.hpp"

namespace {

namespace py = pybind11;
namespace trace = snapshot_test::host::trace;

/// Returns the function's value and a text that names what was seen: what is traced must also be right.
py::tuple traced_call(const trace::Eligibility& eligibility, const py::object& function, const std::string& mechanism) {
  trace::Options options;
  options.mechanism = mechanism == "profile" ? trace::Mechanism::kProfile : trace::Mechanism::kFrameEvaluator;
  if (mechanism == "unpaused") options.quiet_calls = 0;
  trace::Tracer tracer(eligibility, options);
  py::object value = tracer.call(function, py::tuple());
  const trace::Trace seen = tracer.take();
  if (seen.used != options.mechanism) throw std::runtime_error("the mechanism is not available");
  return py::make_tuple(value, seen.deepest ? fmt::format("{}@{}", seen.deepest->function, seen.deepest->depth) : "-");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: trace_speed TRACE_SPEED_PY PYTHON [ROUNDS]\n");
    return 2;
  }
  if (const auto started = snapshot_test::host::interpreter::Interpreter::start(argv[2]); !started) {
    fmt::print(stderr, "trace_speed: {}\n", started.error().message);
    return 2;
  }
  try {
    const trace::Eligibility eligibility(trace::Folders::of_interpreter());
    const py::module_ sys = py::module_::import("sys");
    py::module_ tracing = py::reinterpret_steal<py::module_>(PyModule_New("tracing"));
    tracing.def("call", [&](const py::object& function, const std::string& mechanism) {
      return traced_call(eligibility, function, mechanism);
    });
    trace::BodyRewriter rewriter;
    std::optional<trace::RewrittenBody> body;
    tracing.def("observe", [&](const py::object& function) {
      auto prepared = rewriter.prepare(function);
      if (!prepared) throw std::runtime_error(prepared.error().message);
      body.emplace(std::move(*prepared));
      body->install();
    });
    tracing.def("restore", [&] {
      py::dict seen;
      for (const trace::BodyValue& each : body->take_values()) seen[py::str(each.source)] = each.count;
      body.reset();
      return seen;
    });
    sys.attr("modules")["tracing"] = tracing;
    py::list arguments;
    for (int i = 1; i < argc; ++i) {
      if (i != 2) arguments.append(argv[i]);
    }
    sys.attr("argv") = arguments;
    py::module_::import("runpy").attr("run_path")(argv[1], py::arg("run_name") = "__main__");
  } catch (const py::error_already_set& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
