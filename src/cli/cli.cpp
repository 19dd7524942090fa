#include "cli/cli.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>
#include <new>
#include <string_view>
#include <variant>

#include "cli/outcome.hpp"
#include "cli/parse.hpp"
#include "cli/visible_stream.hpp"
#include "cluster/agent.hpp"

namespace snapshot_test::cli {

namespace {

util::Keep keep_for(When color, int fd) {
  return color == When::kAlways || is_terminal(fd) ? util::Keep::kControls : util::Keep::kLines;
}

struct Keeps {
  util::Keep out = util::Keep::kLines;
  util::Keep err = util::Keep::kLines;
};

/// What may pass the last filter: colours are for terminals, or where they are asked for.
Keeps keeps_for(const Command& command) {
  const auto* call = std::get_if<Call>(&command);
  if (call == nullptr) {
    return {};
  }
  const When color = call->shared->color;
  const bool coloured = call->output == SubcommandRow::Output::kColoured;
  return {coloured ? keep_for(color, STDOUT_FILENO) : util::Keep::kLines, keep_for(color, STDERR_FILENO)};
}

model::ExitStatus run_command(const Command& command, const Streams& streams) {
  if (const auto* call = std::get_if<Call>(&command)) {
    return call->action(streams);
  }
  const auto& message = std::get<Message>(command);
  const bool asked_for = message.status == model::ExitStatus::kSuccess;
  (asked_for ? streams.out : streams.err) << message.text << (message.text.ends_with('\n') ? "" : "\n");
  return message.status;
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
  if (argc > 1 && std::string_view(argv[1]) == "agent") {
    return cluster::run_agent();
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
