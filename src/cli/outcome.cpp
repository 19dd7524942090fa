#include "cli/outcome.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "util/visible.hpp"

namespace snapshot_test::cli {

model::ExitStatus exit_status(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
    case ErrorKind::kConfig:
    case ErrorKind::kUnsupported:
    case ErrorKind::kPython: return model::ExitStatus::kUsage;
    case ErrorKind::kNoBaseline:
    case ErrorKind::kUnavailable:
    case ErrorKind::kCorrupt: return model::ExitStatus::kNoBaseline;
    case ErrorKind::kInterrupted: return model::ExitStatus::kInterrupted;
    case ErrorKind::kIo:
    case ErrorKind::kInternal: return model::ExitStatus::kInternal;
  }
  return model::ExitStatus::kInternal;
}

model::ExitStatus complain(const Error& error, const Streams& streams, When color) {
  const std::string_view word = error.kind == ErrorKind::kInternal ? "internal error:" : "error:";
  streams.err << report::paint(color_for(color, streams.err_fd), report::Tone::kBad, word) << ' '
              << util::visible(error.message, util::Keep::kLines) << '\n'
              << std::flush;
  return exit_status(error.kind);
}

bool is_terminal(int fd) {
  const char* kind = std::getenv("TERM");
  return fd >= 0 && ::isatty(fd) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

report::Color color_for(When when, int fd) {
  if (when != When::kAuto) {
    return when == When::kAlways ? report::Color::kOn : report::Color::kOff;
  }
  const char* refused = std::getenv("NO_COLOR");
  const bool wanted = refused == nullptr || *refused == '\0';
  return wanted && is_terminal(fd) ? report::Color::kOn : report::Color::kOff;
}

}  // namespace snapshot_test::cli
