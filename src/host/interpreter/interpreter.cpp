#include "host/interpreter/interpreter.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <pybind11/pybind11.h>
#include <unistd.h>

#include <cerrno>

namespace snapshot_test::host::interpreter {

namespace py = pybind11;

namespace {

/// PyConfig, cleared whatever happens.
struct Config {
  Config() { PyConfig_InitPythonConfig(&raw); }
  ~Config() { PyConfig_Clear(&raw); }
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;
  PyConfig raw;
};

std::string reason(const PyStatus& status) { return status.err_msg != nullptr ? status.err_msg : "unknown reason"; }

}  // namespace

Result<void> Interpreter::start(const std::string& executable) {
  Config config;
  config.raw.parse_argv = 0;
  config.raw.use_hash_seed = 1;
  config.raw.hash_seed = 0;
  config.raw.faulthandler = 1;
  // Nothing is written into the user's folders, and no stale .pyc of an edit within the same second is ever left
  // behind.
  config.raw.write_bytecode = 0;
  // What a benchmark prints must reach the pipe before the process ends, whatever ends it.
  config.raw.buffered_stdio = 0;
  char program[] = "snapshot_test";
  char* argv[] = {program};
  PyStatus status = PyConfig_SetBytesString(&config.raw, &config.raw.program_name, executable.c_str());
  if (!PyStatus_Exception(status)) {
    status = PyConfig_SetBytesArgv(&config.raw, 1, argv);
  }
  if (!PyStatus_Exception(status)) {
    status = Py_InitializeFromConfig(&config.raw);
  }
  if (PyStatus_Exception(status)) {
    return fail(ErrorKind::kPython, fmt::format("Python does not start as '{}': {}", executable, reason(status)));
  }
  return {};
}

void prepend_import_path(const std::string& folder) { module("sys").attr("path").attr("insert")(0, py::str(folder)); }

py::module_ module(const char* name) {
  const py::str key(name);
  PyObject* found = PyImport_GetModule(key.ptr());
  if (found == nullptr && PyErr_Occurred() == nullptr) {
    found = PyImport_ImportModuleLevel(name, nullptr, nullptr, py::make_tuple("*").ptr(), 0);
  }
  if (found == nullptr) {
    throw py::error_already_set();
  }
  return py::reinterpret_steal<py::module_>(found);
}

pid_t fork_interpreter() {
  PyOS_BeforeFork();
  const pid_t pid = ::fork();
  if (pid == 0) {
    PyOS_AfterFork_Child();
  } else {
    const int saved = errno;
    PyOS_AfterFork_Parent();
    errno = saved;
  }
  return pid;
}

void flush_standard_streams() {
  const py::module_ sys = module("sys");
  for (const char* name : {"stdout", "stderr"}) {
    try {
      sys.attr(name).attr("flush")();
    } catch (const py::error_already_set&) {
      // Closed, None, or not a stream any more: there is nothing left to flush.
    }
  }
}

void freeze_heap() {
  const py::module_ gc = module("gc");
  gc.attr("collect")();
  gc.attr("freeze")();
  // Or every child would merge what small blocks are free, all over the heap, at its first large allocation.
  ::malloc_trim(0);
}

}  // namespace snapshot_test::host::interpreter
