#include "host/execution/timeraw.hpp"

#include <fmt/format.h>

#include <string>

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

/// One statement as a Python literal, without the indentation that it has in the benchmark's source.
std::string literal(const py::handle code) {
  if (!py::isinstance<py::str>(code)) {
    throw py::type_error("a timeraw benchmark has to return a str, or a pair of them (statement, set-up)");
  }
  return py::repr(py::module_::import("textwrap").attr("dedent")(code)).cast<std::string>();
}

std::string program_for(const py::object& code) {
  std::string statement;
  std::string setup = "''";
  if (py::isinstance<py::tuple>(code) && py::len(code) == 2) {
    const auto pair = code.cast<py::tuple>();
    statement = literal(pair[0]);
    setup = literal(pair[1]);
  } else {
    statement = literal(code);
  }
  return fmt::format("import timeit; timeit.timeit(stmt={}, setup={}, number=1)", statement, setup);
}

}  // namespace

void run_timeraw(const discovery::LiveBenchmark& benchmark, const py::tuple& args) {
  const std::string program = program_for(benchmark.function()(*args));
  const py::dict environment(py::module_::import("os").attr("environ").attr("copy")().attr("items")());
  if (const py::object added = benchmark.attribute("env"); !added.is_none()) {
    environment.attr("update")(added);
  }
  const py::module_ subprocess = py::module_::import("subprocess");
  py::list command;
  command.append(py::module_::import("sys").attr("executable"));
  command.append("-c");
  command.append(program);
  const py::object done =
      subprocess.attr("run")(command, py::arg("env") = environment, py::arg("stdin") = subprocess.attr("DEVNULL"));
  if (const int status = done.attr("returncode").cast<int>(); status != 0) {
    PyErr_SetString(PyExc_RuntimeError, fmt::format("its code ended with status {}", status).c_str());
    throw py::error_already_set();
  }
}

}  // namespace snapshot_test::host::execution
