#include "host/execution/surroundings.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "host/interpreter/interpreter.hpp"
#include "util/fd.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

constexpr std::array kNames{"open files (RLIMIT_NOFILE)", "file size (RLIMIT_FSIZE)", "memory (RLIMIT_AS)",
                            "memory (RLIMIT_DATA)"};

bool can_open_files() { return util::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)) || errno != EMFILE; }

void restore_builtins(const py::dict& saved) {
  PyObject* now = PyEval_GetBuiltins();  // borrowed
  PyObject* name = nullptr;
  PyObject* value = nullptr;
  for (Py_ssize_t at = 0; PyDict_Next(saved.ptr(), &at, &name, &value) != 0;) {
    if (PyDict_GetItem(now, name) != value && PyDict_SetItem(now, name, value) != 0) {
      PyErr_Clear();
    }
  }
}

}  // namespace

void set_temporary_folder(const std::string& folder) {
  interpreter::module("os").attr("environ")["TMPDIR"] = folder;
  const py::dict modules = interpreter::module("sys").attr("modules");
  if (modules.contains("tempfile")) {
    modules["tempfile"].attr("tempdir") = py::none();
    modules["tempfile"].attr("_name_sequence") = py::none();
  }
}

Surroundings::Surroundings(py::dict builtins) : builtins_(std::move(builtins)) {
  for (std::size_t i = 0; i < kLimits.size(); ++i) {
    ::getrlimit(kLimits[i], &before_[i]);
  }
}

void Surroundings::restore() {
  for (std::size_t i = 0; i < kLimits.size(); ++i) {
    rlimit now{};
    ::getrlimit(kLimits[i], &now);
    if (now.rlim_cur < before_[i].rlim_cur && ::setrlimit(kLimits[i], &before_[i]) != 0) {
      now.rlim_cur = std::min(before_[i].rlim_cur, now.rlim_max);  // what one may without being root
      ::setrlimit(kLimits[i], &now);
    }
  }
  rlimit files{};
  if (!can_open_files() && ::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  restore_builtins(builtins_);
}

std::optional<std::string> Surroundings::lowered() const {
  for (std::size_t i = 0; i < kLimits.size(); ++i) {
    rlimit now{};
    if (::getrlimit(kLimits[i], &now) == 0 && now.rlim_cur < before_[i].rlim_cur) {
      return std::string("it has lowered its own limit of ") + kNames[i];
    }
  }
  return can_open_files() ? std::nullopt : std::optional<std::string>("it has used up the limit of open files");
}

}  // namespace snapshot_test::host::execution
