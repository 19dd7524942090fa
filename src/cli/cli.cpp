#include "cli/cli.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>
#include <new>
#include <string_view>
#include <type_traits>

#include "cli/outcome.hpp"
#include "cli/parse.hpp"
#include "cli/subcommands.hpp"
#include "cli/visible_stream.hpp"

namespace snapshot_test::cli {

namespace {

/// Has the output of these colours of our own, or a live display?
template <class Args>
constexpr bool kHasColours = std::is_same_v<Args, ListArgs> || std::is_same_v<Args, CaptureArgs> ||
                             std::is_same_v<Args, VerifyArgs> || std::is_same_v<Args, DiffArgs>;

util::Keep keep_for(When color, int fd) {
  return color == When::kAlways || is_terminal(fd) ? util::Keep::kControls : util::Keep::kLines;
}

struct Keeps {
  util::Keep out = util::Keep::kLines;
  util::Keep err = util::Keep::kLines;
};

/// What may pass the last filter: colours are for terminals, or where they are asked for.
Keeps keeps_for(const Command& command) {
  return std::visit(
      [](const auto& args) -> Keeps {
        using Args = std::decay_t<decltype(args)>;
        if constexpr (std::is_same_v<Args, Message>) {
          return {};
        } else {
          const When color = args.shared.color;
          return {kHasColours<Args> ? keep_for(color, STDOUT_FILENO) : util::Keep::kLines,
                  keep_for(color, STDERR_FILENO)};
        }
      },
      command);
}

model::ExitStatus run_command(const Command& command, const Streams& streams) {
  return std::visit(
      [&](const auto& args) {
        if constexpr (std::is_same_v<std::decay_t<decltype(args)>, Message>) {
          const bool asked_for = args.status == model::ExitStatus::kSuccess;
          (asked_for ? streams.out : streams.err) << args.text << (args.text.ends_with('\n') ? "" : "\n");
          return args.status;
        } else {
          return run(args, streams);
        }
      },
      command);
}

/// Files that are opened later must not become what the program reads from or writes its report to.
bool open_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) != fd) {
      return false;
    }
  }
  return true;
}

}  // namespace

int run(int argc, char** argv, HostEntry host) {
  if (!open_standard_descriptors()) {
    return static_cast<int>(model::ExitStatus::kInternal);
  }
  if (host != nullptr && argc > 1 && std::string_view(argv[1]) == "host") {
    return host(argc, argv);
  }
  std::signal(SIGXFSZ, SIG_IGN);  // a write over the limit on file sizes is an error with a message, not our end
  // The C library would send a terminal each line by itself, and the live display would flicker.
  std::ios::sync_with_stdio(false);
  try {
    const Command command = parse({argv + std::min(argc, 1), argv + argc});
    const Keeps keeps = keeps_for(command);
    VisibleBuffer out_buffer(*std::cout.rdbuf(), keeps.out);
    VisibleBuffer err_buffer(*std::cerr.rdbuf(), keeps.err);
    std::ostream out(&out_buffer);
    std::ostream err(&err_buffer);
    const Streams streams{out, err, STDOUT_FILENO, STDERR_FILENO};
    model::ExitStatus status = run_command(command, streams);
    if ((!out.flush() || !std::cout.flush()) && status == model::ExitStatus::kSuccess) {
      status = complain({ErrorKind::kIo, "cannot write to standard output"}, streams, When::kNever);
    }
    return static_cast<int>(status);
  } catch (const std::bad_alloc&) {
    std::cerr << "error: out of memory; free some, or raise its limit (ulimit -v)" << std::endl;
    return static_cast<int>(model::ExitStatus::kInternal);
  } catch (const std::exception& error) {
    std::cerr << "internal error: " << util::visible(error.what(), util::Keep::kLines) << std::endl;
    return static_cast<int>(model::ExitStatus::kInternal);
  }
}

}  // namespace snapshot_test::cli
