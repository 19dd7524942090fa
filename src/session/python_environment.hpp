// Which Python a host runs as, and whether this binary can embed it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::session {

/// What an interpreter says about itself.
struct PythonEnvironment {
  std::string executable;         ///< absolute; in a virtual environment, the environment's own
  std::string version;            ///< "3.11.7"
  std::string implementation;     ///< "cpython"
  std::filesystem::path library;  ///< its shared libpython
};

/// Chooses the interpreter (`requested`, else $VIRTUAL_ENV, else python3 on PATH), asks it who it is, and checks that
/// this binary can run it. kUsage where there is none; kUnsupported where it is of another X.Y than this binary was
/// built for, not CPython, free-threaded, or has no shared libpython; the message says what would work.
[[nodiscard]] Result<PythonEnvironment> find_python(const std::optional<std::string>& requested);

/// "3.11": the CPython that this binary embeds.
[[nodiscard]] std::string built_for_python();

}  // namespace snapshot_test::session
