// A test that runs a program on both mechanisms of the hook.
#pragma once

#include <gmock/gmock.h>
#include <pybind11/embed.h>

#include <algorithm>
#include <string>

#include "host/python_program.hpp"
#include "host/trace/tracer.hpp"

namespace snapshot_test::host::trace {
namespace py = pybind11;

inline std::string text(const TracedCall& call) {
  return call.function + "@" + std::to_string(call.depth) + "=" +
         py::repr(call.value).cast<std::string>().substr(0, 60);
}

/// "deepest | outermost path ... innermost path", "-" where there is no deepest.
inline std::string text(const Trace& trace) {
  std::string line = trace.deepest ? text(*trace.deepest) : "-";
  for (const TracedCall& call : trace.path) line += " | " + text(call);
  return line;
}

/// Derive from it, and instantiate with kBothMechanisms.
class TracerTest : public ::testing::TestWithParam<Mechanism> {
 protected:
  Trace trace(const py::object& function, Options options = {}) {
    options.mechanism = GetParam();
    Tracer tracer(eligibility_, options);
    try {
      result_ = tracer.call(function, py::tuple());
    } catch (const py::error_already_set& error) {
      exception_ = error.what();
      exception_.resize(std::min(exception_.size(), exception_.find("\n\nAt:")));
    }
    Trace trace = tracer.take();
    EXPECT_EQ(trace.used, GetParam());
    return trace;
  }
  Trace trace(const char* source, Options options = {}) {
    return trace(folder_.import("project", source).attr("bench"), options);
  }

  test::PythonFolder folder_;
  Eligibility eligibility_{Folders::of_interpreter()};
  py::object result_;
  std::string exception_;
};

inline const auto kBothMechanisms = ::testing::Values(Mechanism::kFrameEvaluator, Mechanism::kProfile);

inline std::string mechanism_name(const ::testing::TestParamInfo<Mechanism>& instance) {
  return instance.param == Mechanism::kProfile ? "Profile" : "FrameEvaluator";
}

}  // namespace snapshot_test::host::trace
