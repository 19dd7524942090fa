// Starting a host: this program again, with the hidden subcommand `host`, in the environment that Python code gets.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "session/python_environment.hpp"
#include "util/channel.hpp"
#include "util/fd.hpp"

namespace snapshot_test::session {

/// The base process of a host, our direct child.
struct HostProcess {
  pid_t pid = -1;
  util::Channel channel;
  util::Fd output;  ///< read end, non-blocking, of what it writes to stdout and stderr
};

/// What malloc() hands out.
enum class FreshMemory {
  kAsItComes,
  /// Filled with a pattern (glibc's MALLOC_PERTURB_): a value that was never computed (numpy.empty) then cannot be the
  /// same by chance in a run with this and one without.
  kFilled,
};

/// Starts a base. It gets the chosen libpython (through a folder in `scratch` that holds a link to nothing else), one
/// thread per numeric library unless the user set otherwise, PYTHONHASHSEED=0, empty stdin, a large stack, and dies
/// with this process. Where an interpreter is already running, `python` was checked by find_python().
[[nodiscard]] Result<HostProcess> start_host(const PythonEnvironment& python, const std::filesystem::path& scratch,
                                             FreshMemory memory);

/// A non-blocking, close-on-exec read end and a blocking write end.
[[nodiscard]] Result<std::pair<util::Fd, util::Fd>> make_output_pipe();

}  // namespace snapshot_test::session
