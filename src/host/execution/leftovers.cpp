#include "host/execution/leftovers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pybind11/pybind11.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "host/interpreter/interpreter.hpp"
#include "util/process.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

constexpr std::size_t kNameBytes = 80;
constexpr std::size_t kNamed = 5;  // of each kind
constexpr int kThreadEndMilliseconds = 20;

bool is_in(const std::vector<pid_t>& ids, pid_t id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

/// Are there children, ended ones that nobody waited for not counted? Asks the kernel before it reads all of /proc.
bool has_running_children() {
  for (;;) {
    siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG) != 0) {
      return false;
    }
    if (ended.si_pid == 0) {
      return true;
    }
  }
}

/// Python's names of those of `ids` that threading knows.
std::vector<std::string> python_names(const std::vector<pid_t>& ids) {
  std::vector<std::string> names;
  try {
    const py::object threading = interpreter::module("threading");
    for (const py::handle thread : threading.attr("enumerate")()) {
      const py::object id = py::getattr(thread, "native_id", py::none());
      if (!id.is_none() && is_in(ids, id.cast<pid_t>())) {
        names.push_back(py::str(py::getattr(thread, "name", py::none())).cast<std::string>());
      }
    }
  } catch (const std::exception&) {
    // The benchmark has put something else in its place: the threads are counted all the same.
  }
  return names;
}

std::string note(std::size_t count, const char* one, const char* many, std::vector<std::string> names) {
  const bool more = names.size() > kNamed;
  names.resize(std::min(names.size(), kNamed));
  std::string text = fmt::format("left {} {} running", count, count == 1 ? one : many);
  if (!names.empty()) {
    text += fmt::format(": {}{}", fmt::join(names, "; "), more ? "; ..." : "");
  }
  return text;
}

}  // namespace

Leftovers::Leftovers() : threads_(util::threads()) { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

std::vector<pid_t> Leftovers::new_threads() const {
  std::vector<pid_t> ids = util::threads();
  std::erase_if(ids, [&](pid_t id) { return is_in(threads_, id); });
  return ids;
}

std::vector<std::string> Leftovers::clear() const {
  std::vector<std::string> notes;
  if (has_running_children()) {
    std::vector<std::string> names;
    for (const pid_t pid : util::child_processes()) {
      names.push_back(util::command_line(pid, kNameBytes));
    }
    util::kill_children();
    const std::size_t count = names.size();
    notes.push_back(note(count, "process", "processes", std::move(names)));
  }
  std::vector<pid_t> threads = new_threads();
  std::vector<std::string> names = python_names(threads);
  // One that has been joined may not be quite gone yet, and may want the GIL for that.
  for (int waited = 0; threads.size() > names.size() && waited < kThreadEndMilliseconds; ++waited) {
    const py::gil_scoped_release released;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    threads = new_threads();
  }
  if (!threads.empty()) {
    notes.push_back(note(threads.size(), "thread", "threads", std::move(names)));
  }
  return notes;
}

}  // namespace snapshot_test::host::execution
