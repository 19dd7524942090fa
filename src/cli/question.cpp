#include "cli/question.hpp"

#include <poll.h>
#include <unistd.h>

#include <string>

namespace snapshot_test::cli {

namespace {

constexpr int kAnswerPoll = 100;  // milliseconds

}  // namespace

bool can_ask(const Streams& streams) { return is_terminal(streams.out_fd) && ::isatty(STDIN_FILENO) == 1; }

bool can_converse(const Streams& streams) { return ::isatty(streams.out_fd) == 1 && ::isatty(STDIN_FILENO) == 1; }

bool ask(std::string_view question, const Streams& streams, const std::function<bool()>& interrupted) {
  streams.out << question << " [y/N] " << std::flush;
  std::string answer;
  for (char letter = 0; letter != '\n' && !interrupted();) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::poll(&input, 1, kAnswerPoll) <= 0) {
      continue;
    }
    if (::read(STDIN_FILENO, &letter, 1) != 1) {
      streams.out << '\n';
      return false;
    }
    answer += letter;
  }
  return answer == "y\n" || answer == "Y\n" || answer == "yes\n";
}

}  // namespace snapshot_test::cli
