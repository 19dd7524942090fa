#include "host/execution/state.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>
#include <utility>

#include "host/interpreter/interpreter.hpp"
#include "util/fd.hpp"
#include "util/file.hpp"
#include "util/refusal.hpp"
#include "util/text.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

using Named = std::map<std::string, py::object>;

/// Code, as opposed to data: what a namespace defines rather than holds.
bool is_code(PyObject* value) {
  return PyModule_Check(value) != 0 || PyType_Check(value) != 0 || PyFunction_Check(value) != 0 ||
         PyCFunction_Check(value) != 0 || PyMethod_Check(value) != 0 || Py_TYPE(value) == &PyProperty_Type ||
         Py_TYPE(value) == &PyStaticMethod_Type || Py_TYPE(value) == &PyClassMethod_Type ||
         Py_TYPE(value) == &PyGetSetDescr_Type || Py_TYPE(value) == &PyMemberDescr_Type;
}

/// `names` is a dict or a class's mappingproxy.
void add_namespace(Named& named, const std::string& prefix, const py::handle names) {
  for (const py::handle item : py::list(names.attr("items")())) {
    const auto pair = py::reinterpret_borrow<py::tuple>(item);
    if (!py::isinstance<py::str>(pair[0])) {
      continue;
    }
    const auto name = pair[0].cast<std::string>();
    if (!util::is_dunder(name) && !is_code(py::object(pair[1]).ptr())) {
      named.emplace(prefix + name, pair[1]);
    }
  }
}

/// Made by exec() in a dict of its own, as opposed to a module's function: what it works on is known to it alone.
bool has_own_globals(PyObject* function) {
  if (PyFunction_Check(function) == 0) {
    return false;
  }
  const auto name = py::dict(py::handle(function).attr("__globals__")).attr("get")("__name__");
  return !interpreter::module("sys").attr("modules").attr("__contains__")(name).cast<bool>();
}

void add_instance(Named& named, const py::object& instance) {
  if (PyObject* dict = PyObject_GenericGetDict(instance.ptr(), nullptr); dict != nullptr) {
    const auto attributes = py::reinterpret_steal<py::dict>(dict);
    add_namespace(named, "self.", attributes);
    for (const auto& [name, value] : attributes) {
      if (has_own_globals(value.ptr())) {
        add_namespace(named, fmt::format("self.{}.globals.", py::str(name).cast<std::string>()),
                      value.attr("__globals__"));
      }
    }
  } else {
    PyErr_Clear();  // its class has slots only
  }
  const auto type = py::type::of(instance);
  for (const py::handle base : type.attr("__mro__")) {
    if (base.ptr() == reinterpret_cast<PyObject*>(&PyBaseObject_Type)) {
      continue;
    }
    // The nearest class wins, as in a look-up.
    add_namespace(named, "class.", base.attr("__dict__"));
  }
}

void add_function(Named& named, const py::object& function) {
  if (PyFunction_Check(function.ptr()) == 0) {
    return;
  }
  add_namespace(named, "globals.", function.attr("__globals__"));
  const py::object closure = function.attr("__closure__");
  if (closure.is_none()) {
    return;
  }
  const auto names = function.attr("__code__").attr("co_freevars").cast<py::tuple>();
  const auto cells = closure.cast<py::tuple>();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    PyObject* value = PyCell_Get(py::object(cells[i]).ptr());
    if (value == nullptr) {
      PyErr_Clear();  // a variable that has no value yet
    } else if (const auto held = py::reinterpret_steal<py::object>(value); !is_code(value)) {
      named.emplace("closure." + py::object(names[i]).cast<std::string>(), held);
    }
  }
}

Result<std::string> read_to_end(int fd) {
  std::string text;
  char chunk[4096];
  for (;;) {
    const ssize_t got = ::read(fd, chunk, sizeof chunk);
    if (got > 0) {
      text.append(chunk, static_cast<std::size_t>(got));
    } else if (got == 0) {
      return text;
    } else if (errno != EINTR) {
      return fail(ErrorKind::kInternal, "cannot read what the state was before the call");
    }
  }
}

}  // namespace

StateWatch::StateWatch(const discovery::LiveBenchmark& benchmark, py::tuple args, ValueWriter& writer)
    : benchmark_(benchmark), args_(std::move(args)), writer_(writer) {}

Named StateWatch::reachable() const {
  Named named;
  for (std::size_t i = 0; i < args_.size(); ++i) {
    named.emplace(fmt::format("args[{}]", i), args_[i]);
  }
  if (!benchmark_.instance().is_none()) {
    add_instance(named, benchmark_.instance());
  }
  add_function(named, benchmark_.underlying_function());
  if (const py::object& module = benchmark_.module(); !module.is_none()) {
    add_namespace(named, "globals.", module.attr("__dict__"));
  }
  return named;
}

StateWatch::Digests StateWatch::digests() {
  Digests digests;
  for (const auto& [name, value] : reachable()) {
    digests.emplace(name, writer_.digest(value).value_or(""));
  }
  return digests;
}

Result<void> StateWatch::look_before() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return tl::unexpected(util::refusal("create a pipe to look at the state before the call", errno));
  }
  util::Fd reading(ends[0]);
  util::Fd writing(ends[1]);
  interpreter::flush_standard_streams();
  const pid_t pid = interpreter::fork_interpreter();
  if (pid < 0) {
    return tl::unexpected(util::refusal("fork to look at the state before the call", errno));
  }
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    int status = 1;
    try {
      const std::string text = nlohmann::json(digests()).dump();
      if (util::write_all(writing.get(), std::as_bytes(std::span(text)), "pipe")) {
        status = 0;
      }
    } catch (const std::exception&) {
      // The status says so.
    }
    ::_exit(status);
  }
  writing.reset();
  const auto text = read_to_end(reading.get());
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!text) {
    return tl::unexpected(text.error());
  }
  if (status != 0) {
    return fail(ErrorKind::kInternal, "the process that looked at the state before the call did not get to its end");
  }
  before_ = nlohmann::json::parse(*text).get<Digests>();
  return {};
}

py::dict StateWatch::changes() {
  py::dict changed;
  const Named now = reachable();
  for (const auto& [name, value] : now) {
    const std::string digest = writer_.digest(value).value_or("");
    const auto was = before_.find(name);
    // What has no digest on one side cannot be said to have changed.
    const bool comparable = !digest.empty() && (was == before_.end() || !was->second.empty());
    if (comparable && (was == before_.end() || was->second != digest)) {
      changed[py::str(name)] = value;
    }
  }
  for (const auto& [name, digest] : before_) {
    if (!now.contains(name)) {
      changed[py::str(name + " (deleted)")] = py::none();
    }
  }
  return changed;
}

}  // namespace snapshot_test::host::execution
