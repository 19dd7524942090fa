// Python code that is part of this program, run by an interpreter that need not have this program's package.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace snapshot_test::util {

/// As embed_modules.cmake makes them of files of python/diff_tester.
struct PythonModule {
  std::string_view name;  ///< "package.module", or that of the package itself
  std::string_view text;
};

/// How they are started: not from a file, since the interpreter must not find another version of them.
struct PythonCommand {
  std::vector<std::string> argv;  ///< argv[0] may be a name to be looked up on $PATH
  std::string preamble;           ///< what its standard input begins with
};

/// Has the last one's main() called. `python`: a path or a name; empty: $SNAPSHOT_TEST_DEFAULT_PYTHON, which is that of
/// the wheel that the program came with, else python3.
[[nodiscard]] PythonCommand command_of(std::span<const PythonModule> modules, const std::string& python);

}  // namespace snapshot_test::util
