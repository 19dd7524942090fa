#include "host/execution/timeraw.hpp"

#include <fmt/format.h>

#include <pybind11/stl.h>

#include <string>
#include <tuple>

#include "host/interpreter/interpreter.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

/// One statement as a Python literal, without the indentation that it has in the benchmark's source.
std::string literal(const py::handle code) {
  if (!py::isinstance<py::str>(code)) {
    throw py::type_error("a timeraw benchmark has to return a str, or a pair of them (statement, set-up)");
  }
  return py::repr(interpreter::module("textwrap").attr("dedent")(code)).cast<std::string>();
}

/// The code runs before anything is imported that it has not imported itself.
constexpr const char* kProgram = R"(
def __run(setup, statement, path):
    import sys
    names = sys.modules["__main__"].__dict__
    exec(compile(setup, "<timeraw setup>", "exec"), names)
    exec(compile(statement, "<timeraw>", "exec"), names)
    import pickle, types
    code = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)
    values = []
    for name, value in sorted(names.items()):
        if name.startswith("__") or isinstance(value, code):
            continue
        try:
            values.append((name, pickle.dumps(value, 5), ""))
        except Exception as error:
            values.append((name, b"", "%s: %s" % (type(error).__name__, error)))
    with open(path, "wb") as file:
        pickle.dump(values, file, 5)
)";

std::string program_for(const py::object& code, const std::string& path) {
  std::string statement;
  std::string setup = "''";
  if (py::isinstance<py::tuple>(code) && py::len(code) == 2) {
    const auto pair = code.cast<py::tuple>();
    statement = literal(pair[0]);
    setup = literal(pair[1]);
  } else {
    statement = literal(code);
  }
  return fmt::format("{}__run({}, {}, {})", kProgram, setup, statement, py::repr(py::str(path)).cast<std::string>());
}

TimerawVariables read_variables(const std::string& path) {
  const py::object loads = interpreter::module("pickle").attr("loads");
  const py::object file = interpreter::module("io").attr("open")(path, "rb");
  const auto all = loads(file.attr("read")()).cast<py::list>();
  file.attr("close")();
  TimerawVariables variables;
  for (const py::handle each : all) {
    const auto [name, pickle, error] = each.cast<std::tuple<py::str, py::bytes, std::string>>();
    std::string problem = error;
    try {
      if (problem.empty()) {
        variables.values[name] = loads(pickle);
      }
    } catch (const py::error_already_set& failure) {
      problem = failure.what();
      problem = problem.substr(0, problem.find('\n'));
    }
    if (!problem.empty()) {
      variables.notes.push_back(
          fmt::format("timeraw: the variable {} is not observed: {}", name.cast<std::string>(), problem));
    }
  }
  return variables;
}

}  // namespace

TimerawVariables run_timeraw(const discovery::LiveBenchmark& benchmark, const py::tuple& args,
                             const std::filesystem::path& folder) {
  const std::string path = folder / "timeraw-variables";
  const std::string program = program_for(benchmark.function()(*args), path);
  const py::dict environment(interpreter::module("os").attr("environ").attr("copy")().attr("items")());
  environment["PYTHONHASHSEED"] = "0";
  if (const py::object added = benchmark.attribute("env"); !added.is_none()) {
    environment.attr("update")(added);
  }
  const py::module_ subprocess = interpreter::module("subprocess");
  py::list command;
  command.append(interpreter::module("sys").attr("executable"));
  command.append("-c");
  command.append(program);
  const py::object done =
      subprocess.attr("run")(command, py::arg("env") = environment, py::arg("stdin") = subprocess.attr("DEVNULL"));
  if (const int status = done.attr("returncode").cast<int>(); status != 0) {
    PyErr_SetString(PyExc_RuntimeError, fmt::format("its code ended with status {}", status).c_str());
    throw py::error_already_set();
  }
  if (!std::filesystem::exists(path)) {
    return {{}, {"timeraw: its code ended the interpreter, so that its variables are not observed"}};
  }
  return read_variables(path);
}

}  // namespace snapshot_test::host::execution
