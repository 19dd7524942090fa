// Which Python a host runs as, and how: embedded in this program, or as that interpreter's own process.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "snapshot_test/util/result.hpp"
#include "util/process.hpp"

namespace snapshot_test::runner {

enum class HostKind {
  kEmbedded,  ///< this program with that interpreter's libpython
  kModule,    ///< that interpreter's own process, with the extension of its Python package: `diff_tester.host`
};

/// What an interpreter says about itself.
struct PythonEnvironment {
  std::string executable;      ///< absolute; in a virtual environment, the environment's own
  std::string version;         ///< "3.11.7"
  std::string implementation;  ///< "cpython"
  HostKind host = HostKind::kEmbedded;
  std::string why_module;               ///< why it is not embedded; empty if it is
  std::filesystem::path library;        ///< its shared libpython; empty if there is none
  std::filesystem::path clock_library;  ///< kModule: what --freeze-time preloads
};

/// The name by which the Python package tells the program that it brings who is calling; benchmarks do not see it.
inline constexpr const char* kDefaultPythonVariable = "SNAPSHOT_TEST_DEFAULT_PYTHON";

/// Chooses the interpreter (`requested`, else the one whose package started this program, else $VIRTUAL_ENV, else
/// python3 on PATH), asks it who it is, and how it can be a host. One of this program's X.Y with a shared libpython is
/// embedded; any other has to have the Python package of this program's version. kUsage where there is no such
/// interpreter; kUnsupported where it is not CPython, free-threaded, or lacks the package; the message says what would
/// work. `before` is called in the process that is asked.
[[nodiscard]] Result<PythonEnvironment> find_python(const std::optional<std::string>& requested,
                                                    const util::BeforeExec& before = nullptr);

/// "Python 3.12.1 at /usr/bin/python3, embedded with …": one line for --verbose.
[[nodiscard]] std::string describe(const PythonEnvironment& python);

}  // namespace snapshot_test::runner
