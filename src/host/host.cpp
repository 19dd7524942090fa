#include "host/host.hpp"

#include <pthread.h>
#include <pybind11/pybind11.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "host/discovery/discovery.hpp"
#include "host/execution/child_processes.hpp"
#include "host/execution/endings.hpp"
#include "host/execution/roles.hpp"
#include "host/guardian.hpp"
#include "host/interpreter/determinism.hpp"
#include "host/interpreter/fresh_memory.hpp"
#include "host/interpreter/frozen_clock.hpp"
#include "host/interpreter/interpreter.hpp"
#include "host/interpreter/listings.hpp"
#include "host/pickling/reducers_file.hpp"
#include "host/pickling/standard_reducers.hpp"
#include "util/folder_names.hpp"
#include "util/stack.hpp"

namespace snapshot_test::host {

namespace py = pybind11;

namespace {

/// What threads of a benchmark get, as in any other process: glibc would give them the main thread's large stack.
constexpr std::size_t kThreadStackBytes = std::size_t{8} << 20;

/// The supervisor put its own folder in front of the user's library path, for this program's start only.
void restore_library_path() {
  const char* before = std::getenv("SNAPSHOT_TEST_LD_LIBRARY_PATH");
  if (before != nullptr && *before != '\0') {
    ::setenv("LD_LIBRARY_PATH", before, 1);
  } else {
    ::unsetenv("LD_LIBRARY_PATH");
  }
  ::unsetenv("SNAPSHOT_TEST_LD_LIBRARY_PATH");
}

void set_thread_stack() {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kThreadStackBytes);
  ::pthread_setattr_default_np(&attributes);
  ::pthread_attr_destroy(&attributes);
}

int refuse(model::SupervisorLink& link, const std::string& why) {
  (void)link.send(model::BranchFailure{model::Ending::kImportFailed, why, ""});
  return 1;
}

/// What the supervisor wants of this base, once the process is as it has to be; none where that could not be done,
/// which the supervisor has been told.
std::optional<model::HostStart> prepare(model::SupervisorLink& link) {
  auto message = link.receive();
  auto* command = message && *message ? std::get_if<model::HostStart>(&(*message)->body) : nullptr;
  if (command == nullptr) {
    refuse(link, message ? "a host must be told first how to start" : message.error().message);
    return std::nullopt;
  }
  set_thread_stack();
  model::HostStart start = std::move(*command);
  if (start.frozen_time >= 0 && !interpreter::freeze_clock(start.frozen_time)) {
    refuse(link, "the clock cannot be made to stand still in this process");
    return std::nullopt;
  }
  if (start.clock_shift != 0 && !interpreter::shift_clock(start.clock_shift)) {
    refuse(link, "the clock cannot be made to say another time in this process");
    return std::nullopt;
  }
  if (::chdir(start.workdir.c_str()) != 0) {
    refuse(link, "cannot enter '" + start.workdir + "'");
    return std::nullopt;
  }
  return start;
}

/// What text must not depend on: where the run has its folders, and where the folders of the project and of its user
/// are.
void name_folders(const model::HostStart& start) {
  util::FolderNames& names = util::folder_names();
  names.add_scratch(std::filesystem::path(start.workdir).parent_path().parent_path().string());
  names.add(start.benchmark_dir, "<benchmarks>");
  names.add(start.project_dir, "<project>");
  if (const char* home = std::getenv("HOME"); home != nullptr) {
    names.add(home, "<home>");
  }
}

/// Everything after the interpreter has started; leaves only through _exit().
[[noreturn]] void serve(const model::HostStart& start, model::SupervisorLink link) {
  try {
    name_folders(start);
    interpreter::answer_listings(start.listings);
    interpreter::fill_small_blocks();
    interpreter::replace_entropy(start.seed);
    interpreter::reseed(start.seed);
    if (!start.project_dir.empty()) {
      interpreter::prepend_import_path(start.project_dir);
    }
    // Never destroyed: see Context.
    auto* context = new execution::Context{start,
                                           trace::Eligibility(trace::Folders::of_interpreter()),
                                           pickling::standard_reducers(),
                                           {},
                                           py::reinterpret_steal<py::dict>(PyDict_Copy(PyEval_GetBuiltins()))};
    for (const std::string& file : start.reducers) {
      if (const auto loaded = pickling::load_reducers(context->reducers, file); !loaded) {
        ::_exit(refuse(link, loaded.error().message));
      }
    }
    (void)util::stack_of_this_thread();  // asked once here, not in every process below
    // What is wrong with the folder, discovery says; here it saves every process below the same work.
    (void)discovery::install_root(start.benchmark_dir);
    execution::prepare_for_children(start);
    execution::serve_base(*context, std::move(link));
  } catch (const py::error_already_set& error) {
    std::fprintf(stderr, "%s\n", execution::ended_by(error).traceback.c_str());
    ::_exit(1);
  }
  ::_exit(0);
}

}  // namespace

int run(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "snapshot_test host is started by snapshot_test itself\n");
    return 2;
  }
  stand_guard(static_cast<pid_t>(std::strtol(argv[2], nullptr, 10)));
  restore_library_path();
  model::SupervisorLink link(util::Channel{util::Fd(util::kChannelFd)});
  const auto start = prepare(link);
  if (!start) {
    return 1;
  }
  if (const auto started = interpreter::Interpreter::start(start->executable); !started) {
    return refuse(link, started.error().message);
  }
  serve(*start, std::move(link));
}

void run_in_interpreter(pid_t supervisor) {
  PyOS_BeforeFork();
  stand_guard(supervisor);
  PyOS_AfterFork_Child();
  model::SupervisorLink link(util::Channel{util::Fd(util::kChannelFd)});
  const auto start = prepare(link);
  if (!start) {
    ::_exit(1);
  }
  serve(*start, std::move(link));
}

}  // namespace snapshot_test::host
