#include "host/execution/traces.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cfenv>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "host/execution/surroundings.hpp"
#include "host/interpreter/interpreter.hpp"
#include "util/fd.hpp"

extern char** environ;

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

/// So much more memory of its own may a series have than it began with.
constexpr std::uint64_t kMostGrowth = std::uint64_t{256} << 20;

/// Of /proc/self/status: what a case changes by changing its process.
constexpr std::array<std::string_view, 5> kLines{"Umask:", "Threads:", "SigBlk:", "SigIgn:", "SigCgt:"};

std::string read_status() {
  char text[4096];
  const util::Fd file(::open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  const ssize_t got = file ? ::read(file.get(), text, sizeof text) : -1;
  return got > 0 ? std::string(text, static_cast<std::size_t>(got)) : std::string();
}

std::string lines_of(std::string_view status, std::uint64_t& resident) {
  std::string lines;
  for (std::size_t begin = 0; begin < status.size();) {
    const std::size_t end = std::min(status.find('\n', begin), status.size());
    const std::string_view line = status.substr(begin, end - begin);
    if (line.starts_with("RssAnon:")) {
      resident = std::strtoull(line.data() + sizeof "RssAnon:", nullptr, 10) << 10;
    }
    if (std::any_of(kLines.begin(), kLines.end(), [&](std::string_view name) { return line.starts_with(name); })) {
      lines += line;
      lines += '\n';
    }
    begin = end + 1;
  }
  return lines;
}

/// But for $TMPDIR, which each case has its own.
std::uint64_t hash_of_environment() {
  std::uint64_t hash = 0;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    if (std::strncmp(*each, "TMPDIR=", 7) != 0) {
      hash = XXH3_64bits_withSeed(*each, std::strlen(*each), hash);
    }
  }
  return hash;
}

py::object copy_of(const py::object& dict_or_list) { return dict_or_list.attr("copy")(); }

py::object environment_dict() { return interpreter::module("os").attr("environ").attr("_data"); }

/// numpy, if it is there.
py::object numpy() {
  const py::dict modules = interpreter::module("sys").attr("modules");
  return modules.contains("numpy") ? py::object(modules["numpy"]) : py::object();
}

}  // namespace

Traces::Traces() : process_(process_now(resident_)) {
  folder_ = std::filesystem::current_path().string();
  const char* temporary = std::getenv("TMPDIR");
  temporary_ = temporary != nullptr ? temporary : "";
  python_.environment = copy_of(environment_dict());
  python_.filters = copy_of(interpreter::module("warnings").attr("filters"));
  if (const py::object module = numpy()) {
    python_.errors = module.attr("geterr")();
  }
  python_.handlers = handlers_now();
  python_.settings = python_settings();
}

py::object Traces::handlers_now() {
  const py::object getsignal = interpreter::module("_signal").attr("getsignal");
  py::tuple handlers(SIGRTMAX);
  for (int number = 1; number <= SIGRTMAX; ++number) {
    PyObject* handler = PyObject_CallFunction(getsignal.ptr(), "i", number);
    if (handler == nullptr) {
      PyErr_Clear();  // a number that the C library keeps for itself
      handler = py::none().release().ptr();
    }
    PyTuple_SET_ITEM(handlers.ptr(), number - 1, handler);
  }
  return handlers;
}

py::object Traces::python_settings() {
  const py::module_ sys = interpreter::module("sys");
  const py::module_ gc = interpreter::module("gc");
  return py::make_tuple(Py_GetRecursionLimit(), sys.attr("getswitchinterval")(), sys.attr("gettrace")(),
                        sys.attr("getprofile")(), gc.attr("isenabled")(), gc.attr("get_threshold")(),
                        gc.attr("get_debug")(), interpreter::module("atexit").attr("_ncallbacks")());
}

Traces::Process Traces::process_now(std::uint64_t& resident) {
  Process now;
  now.status = lines_of(read_status(), resident);
  if (DIR* folder = ::opendir("/proc/self/fd"); folder != nullptr) {
    while (const dirent* entry = ::readdir(folder)) {
      const int descriptor = std::atoi(entry->d_name);
      struct stat status {};
      if (entry->d_name[0] != '.' && descriptor != ::dirfd(folder) && ::fstat(descriptor, &status) == 0) {
        now.files.push_back({descriptor, status.st_dev, status.st_ino});
      }
    }
    ::closedir(folder);
  }
  for (std::size_t i = 0; i < now.limits.size(); ++i) {
    ::getrlimit(static_cast<__rlimit_resource_t>(i), &now.limits[i]);
  }
  now.environment = hash_of_environment();
  now.language = std::setlocale(LC_ALL, nullptr);
  cpu_set_t processors;
  CPU_ZERO(&processors);
  ::sched_getaffinity(0, sizeof processors, &processors);
  now.others = XXH3_64bits(&processors, sizeof processors);
  for (const auto timer : {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF}) {
    itimerval value{};
    ::getitimer(timer, &value);
    const bool runs = value.it_value.tv_sec != 0 || value.it_value.tv_usec != 0;
    now.others = now.others * 2 + (runs ? 1 : 0);
  }
  now.others = now.others * 31 + static_cast<std::uint64_t>(::getpriority(PRIO_PROCESS, 0));
  now.others = now.others * 31 + static_cast<std::uint64_t>(std::fegetround());
  now.others = now.others * 31 + static_cast<std::uint64_t>(::getpgrp());
  return now;
}

std::string Traces::left() noexcept {
  try {
    put_back();
    std::string what = process_left();
    return what.empty() ? python_left() : what;
  } catch (const std::exception& error) {
    return std::string("its process cannot be looked at any more: ") + error.what();
  }
}

void Traces::put_back() const {
  if (::chdir(folder_.c_str()) != 0) {
    throw std::runtime_error("its folder is gone");
  }
  set_temporary_folder(temporary_);
  const py::module_ warnings = interpreter::module("warnings");
  const py::list filters = warnings.attr("filters");
  if (!filters.equal(python_.filters)) {
    filters.attr("__setitem__")(py::slice(py::none(), py::none(), py::none()), python_.filters);
    warnings.attr("_filters_mutated")();
  }
  if (python_.errors) {
    const py::object module = numpy();
    if (!module || !module.attr("geterr")().equal(python_.errors)) {
      numpy().attr("seterr")(**py::dict(python_.errors));
    }
  }
}

std::string Traces::python_left() const {
  if (!environment_dict().equal(python_.environment)) {
    return "it has changed the environment";
  }
  if (!handlers_now().equal(python_.handlers)) {
    return "it has changed what is done at a signal";
  }
  if (!python_settings().equal(python_.settings)) {
    return "it has changed a setting of the interpreter";
  }
  return "";
}

std::string Traces::process_left() const {
  std::uint64_t resident = 0;
  const Process now = process_now(resident);
  if (now.status != process_.status) {
    return "it has left threads, or changed the process's mask or signals";
  }
  if (now.files != process_.files) {
    return "it has left open files, or closed some";
  }
  const auto same = [](const rlimit& a, const rlimit& b) {
    return a.rlim_cur == b.rlim_cur && a.rlim_max == b.rlim_max;
  };
  if (!std::equal(now.limits.begin(), now.limits.end(), process_.limits.begin(), same)) {
    return "it has changed a limit of its process";
  }
  if (now.environment != process_.environment) {
    return "it has changed the environment";
  }
  if (now.language != process_.language) {
    return "it has changed the locale";
  }
  if (now.others != process_.others) {
    return "it has changed how its process is scheduled, rounds or is timed";
  }
  if (resident > resident_ + kMostGrowth) {
    return "the process has grown";
  }
  return "";
}

}  // namespace snapshot_test::host::execution
