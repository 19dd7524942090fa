#include "cli/cli.hpp"

#include <unistd.h>

#include <exception>
#include <iostream>
#include <string_view>
#include <type_traits>

#include "cli/outcome.hpp"
#include "cli/parse.hpp"
#include "cli/subcommands.hpp"

namespace snapshot_test::cli {

namespace {

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

}  // namespace

int run(int argc, char** argv, HostEntry host) {
  if (host != nullptr && argc > 1 && std::string_view(argv[1]) == "host") {
    return host(argc, argv);
  }
  // The C library would send a terminal each line by itself, and the live display would flicker.
  std::ios::sync_with_stdio(false);
  try {
    const Streams streams{std::cout, std::cerr, STDOUT_FILENO, STDERR_FILENO};
    model::ExitStatus status = run_command(parse({argv + std::min(argc, 1), argv + argc}), streams);
    if (!std::cout.flush() && status == model::ExitStatus::kSuccess) {
      status = complain({ErrorKind::kIo, "cannot write to standard output"}, streams, When::kNever);
    }
    return static_cast<int>(status);
  } catch (const std::exception& error) {
    std::cerr << "internal error: " << error.what() << std::endl;
    return static_cast<int>(model::ExitStatus::kInternal);
  }
}

}  // namespace snapshot_test::cli
