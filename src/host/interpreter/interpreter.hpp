// Starting CPython as a given environment would, and forking it.
#pragma once

#include <pybind11/pybind11.h>
#include <sys/types.h>

#include <memory>
#include <string>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::host::interpreter {

/// The one interpreter of this process. The thread that starts it holds the GIL from then on. Processes of a host leave
/// through _exit(), so it is never finalised while benchmarks' threads may run.
class Interpreter {
 public:
  /// Starts Python as `executable` (an absolute path; a virtual environment's python is fine) would start: its prefix,
  /// site-packages and pyvenv.cfg, with a fixed hash seed, faulthandler on, and no .pyc files written.
  /// kPython where Python refuses to start; kUnsupported for free-threaded builds.
  [[nodiscard]] static Result<void> start(const std::string& executable);
};

/// Puts `folder` first on sys.path. GIL held.
void prepend_import_path(const std::string& folder);

/// A module by its full name, whatever a benchmark has put in the place of builtins.__import__; imported if it is not
/// there yet. GIL held; throws error_already_set.
[[nodiscard]] pybind11::module_ module(const char* name);

/// fork() with CPython's own hooks on both sides. 0 in the child, -1 with errno set on failure. GIL held, and held in
/// the child.
[[nodiscard]] pid_t fork_interpreter();

/// Writes what sys.stdout and sys.stderr still buffer. Ignores streams that a benchmark has closed or replaced with
/// something broken. GIL held.
void flush_standard_streams();

/// Runs the collector once and moves all that is alive out of its sight, and tidies up the heap, so that children do
/// not copy those pages by looking at them. GIL held.
void freeze_heap();

}  // namespace snapshot_test::host::interpreter
