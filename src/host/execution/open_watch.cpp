#include "host/execution/open_watch.hpp"

#include <pybind11/pybind11.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

namespace snapshot_test::host::execution {

namespace py = pybind11;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostOpenings = 20;
constexpr std::array<std::string_view, 10> kOpeningEvents = {"open",      "os.listdir", "os.scandir", "os.rename",
                                                             "os.remove", "os.link",    "os.symlink", "os.truncate",
                                                             "os.rmdir",  "os.chmod"};

struct Openings {
  std::vector<fs::path> folders;
  std::vector<std::string> lines;
};

/// Hooks are told of nothing else than what they have been given when they were set, which is never taken back.
Openings& openings() {
  static Openings& instance = *new Openings;
  return instance;
}

void note_opening(std::string line) {
  std::vector<std::string>& lines = openings().lines;
  if (lines.size() < kMostOpenings && std::find(lines.begin(), lines.end(), line) == lines.end()) {
    lines.push_back(std::move(line));
  }
}

/// A str or bytes; nothing for descriptors and what only has __fspath__, which Python has asked for it before.
std::optional<fs::path> path_in_event(PyObject* value) {
  if (PyBytes_Check(value) != 0) {
    return fs::path(std::string(PyBytes_AS_STRING(value), static_cast<std::size_t>(PyBytes_GET_SIZE(value))));
  }
  if (PyUnicode_Check(value) == 0) {
    return std::nullopt;
  }
  PyObject* bytes = PyUnicode_EncodeFSDefault(value);
  if (bytes == nullptr) {
    PyErr_Clear();
    return std::nullopt;
  }
  fs::path path(std::string(PyBytes_AS_STRING(bytes), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes))));
  Py_DECREF(bytes);
  return path;
}

/// Relative to the watched folder that it lies in; nothing where it lies in none.
std::optional<std::string> place_in_baseline(const fs::path& path) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(fs::absolute(path, error), error);
  if (error) {
    return std::nullopt;
  }
  for (const fs::path& folder : openings().folders) {
    if (std::mismatch(folder.begin(), folder.end(), real.begin(), real.end()).first == folder.end()) {
      return real.lexically_relative(folder).string();
    }
  }
  return std::nullopt;
}

int on_audit_event(const char* event, PyObject* args, void* /*data*/) {
  if (event[0] != 'o' || args == nullptr || PyTuple_Check(args) == 0) {
    return 0;
  }
  const std::string_view name = event;
  if (std::find(kOpeningEvents.begin(), kOpeningEvents.end(), name) == kOpeningEvents.end()) {
    return 0;
  }
  // An exception that is on its way must not be lost to what is asked here.
  PyObject* type = nullptr;
  PyObject* value = nullptr;
  PyObject* trace = nullptr;
  PyErr_Fetch(&type, &value, &trace);
  try {
    const Py_ssize_t paths = std::min<Py_ssize_t>(PyTuple_GET_SIZE(args), name == "open" ? 1 : 2);
    for (Py_ssize_t i = 0; i < paths; ++i) {
      const auto path = path_in_event(PyTuple_GET_ITEM(args, i));
      const auto found = path ? place_in_baseline(*path) : std::nullopt;
      if (found) {
        note_opening(std::string(name) + " " + *found);
      }
    }
  } catch (const std::exception&) {
    // No memory to note it in: then the case has ended, too.
  }
  PyErr_Restore(type, value, trace);
  return 0;
}

}  // namespace

void watch_opening(const std::vector<std::string>& folders) {
  if (folders.empty()) {
    return;
  }
  for (const std::string& each : folders) {
    std::error_code error;
    const fs::path real = fs::weakly_canonical(each, error);
    fs::path folder = error ? fs::path(each) : real;
    openings().folders.push_back(folder.has_filename() ? folder : folder.parent_path());
  }
  if (PySys_AddAuditHook(on_audit_event, nullptr) != 0) {
    throw py::error_already_set();
  }
}

std::vector<std::string> opened() { return openings().lines; }

void add_opened(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    note_opening(line);
  }
}

void forget_opened() { openings().lines.clear(); }

}  // namespace snapshot_test::host::execution
