// Calls observed in the calling process.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <optional>

#include "bindings/parts.hpp"
#include "host/trace/tracer.hpp"

namespace snapshot_test::bindings {

namespace py = pybind11;
namespace trace = host::trace;

namespace {

/// (value, "module.qualname", depth)
py::tuple as_tuple(const trace::TracedCall& call) { return py::make_tuple(call.value, call.function, call.depth); }

/// What the Python class makes its results of.
py::dict describe(trace::Trace trace) {
  py::list path;
  for (const trace::TracedCall& each : trace.path) {
    path.append(as_tuple(each));
  }
  py::dict seen;
  seen["deepest"] = trace.deepest ? py::object(as_tuple(*trace.deepest)) : py::none();
  seen["path"] = path;
  seen["max_depth"] = trace.max_depth;
  seen["observed"] = trace.used != trace::Mechanism::kNone;
  seen["notes"] = trace.notes;
  return seen;
}

/// Owned by one Python object. An observation that is under way when it goes ends.
class Tracer {
 public:
  Tracer(const std::shared_ptr<trace::Eligibility>& eligibility, int depth_limit)
      : eligibility_(eligibility), tracer_(*eligibility, {.depth_limit = depth_limit}) {}
  ~Tracer() { stop(); }
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  /// (value, error, seen): one of the first two is None, unless the value is.
  py::tuple call(const py::object& function, const py::tuple& args) {
    py::object value = py::none();
    py::object error = py::none();
    try {
      value = tracer_.call(function, args);
    } catch (py::error_already_set& raised) {
      error = raised.value();
    }
    return py::make_tuple(value, error, describe(tracer_.take()));
  }

  bool start() {
    running_ = tracer_.start();
    return running_;
  }
  std::optional<py::dict> stop() {
    if (!running_) {
      return std::nullopt;
    }
    running_ = false;
    tracer_.stop();
    return describe(tracer_.take());
  }

 private:
  std::shared_ptr<trace::Eligibility> eligibility_;
  trace::Tracer tracer_;
  bool running_ = false;
};

}  // namespace

void add_tracer(py::module_& module) {
  // Made once by the Python side and handed to all: code objects have few slots for what it caches.
  py::class_<trace::Eligibility, std::shared_ptr<trace::Eligibility>>(module, "Eligibility").def(py::init([] {
    return std::make_shared<trace::Eligibility>(trace::Folders::of_interpreter());
  }));
  py::class_<Tracer>(module, "Tracer")
      .def(py::init<const std::shared_ptr<trace::Eligibility>&, int>(), py::arg("eligibility"), py::arg("depth_limit"))
      .def("call", &Tracer::call, py::arg("function"), py::arg("args"))
      .def("start", &Tracer::start)
      .def("stop", &Tracer::stop);
}

}  // namespace snapshot_test::bindings
