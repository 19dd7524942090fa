// Where the program writes, and how it ends.
#pragma once

#include <ostream>

#include "cli/command.hpp"
#include "report/style.hpp"
#include "snapshot_test/model/verdict.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::cli {

/// Standard output and standard error. A descriptor of -1 is no terminal.
struct Streams {
  std::ostream& out;
  std::ostream& err;
  int out_fd = -1;
  int err_fd = -1;
};

/// A run that could not start or go on ends with: 2 for wrong usage, configuration, or a Python that cannot be used
/// (kUsage, kConfig, kUnsupported, kPython); 4 where no baseline can be read (kNoBaseline, kCorrupt); 3 where the
/// machine refuses or this program is wrong (kIo, kInternal).
[[nodiscard]] model::ExitStatus exit_status(ErrorKind kind);

/// Prints "error: ..." on standard error; returns the error's exit status.
model::ExitStatus complain(const Error& error, const Streams& streams, When color);

/// Can a line be rewritten in place there?
[[nodiscard]] bool is_terminal(int fd);
/// kAuto: on a terminal, unless NO_COLOR is set (https://no-color.org).
[[nodiscard]] report::Color color_for(When when, int fd);

}  // namespace snapshot_test::cli
