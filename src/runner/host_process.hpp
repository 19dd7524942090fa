// Starting a host: this program again, with the hidden subcommand `host`, or the chosen Python with the package that
// holds the same code; either way in the environment that Python code gets.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "runner/python_environment.hpp"
#include "seal/seal.hpp"
#include "util/channel.hpp"
#include "util/process.hpp"

namespace snapshot_test::runner {

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

/// Whose time of day the host sees: for kOurs it can be told another, or that it stands still.
enum class TimeOfDay { kTheSystems, kOurs };

/// Starts a base. It gets the chosen libpython, if it embeds one (through a folder in `scratch` that holds a link to
/// nothing else), one thread per numeric library unless the user set otherwise, PYTHONHASHSEED=0, empty stdin, a large
/// stack, and ends with this process. `python` is what find_python() answered. With `sealed`, it is sealed before it is
/// executed, and has no descriptor but these.
[[nodiscard]] Result<HostProcess> start_host(const PythonEnvironment& python, const std::filesystem::path& scratch,
                                             FreshMemory memory, TimeOfDay clock, const seal::Prepared* sealed);

/// A non-blocking, close-on-exec read end and a blocking write end.
[[nodiscard]] Result<util::Pipe> make_output_pipe();

}  // namespace snapshot_test::runner
