#include "support/pseudo_terminal.hpp"

#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <string_view>

namespace snapshot_test::support {

namespace {

constexpr std::chrono::seconds kPatience{20};

}  // namespace

PseudoTerminal::PseudoTerminal(std::vector<std::string> command, const ProgramOptions& options) {
  std::vector<std::string> environment;
  for (const auto& [name, value] : options.environment) {
    environment.push_back(name + "=" + value);
  }
  const std::vector<char*> arguments = pointers(command);
  const std::vector<char*> variables = pointers(environment);
  const std::string folder = options.folder.string();
  winsize size{50, 200, 0, 0};
  int terminal = -1;
  pid_ = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (pid_ == 0) {
    if (::chdir(folder.c_str()) == 0) {
      ::execve(arguments[0], arguments.data(), variables.data());
    }
    ::_exit(127);
  }
  if (pid_ < 0) {
    throw std::runtime_error("no pseudo-terminal");
  }
  terminal_.reset(terminal);
}

PseudoTerminal::~PseudoTerminal() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

bool PseudoTerminal::read_some(std::chrono::milliseconds patience) {
  pollfd input{terminal_.get(), POLLIN, 0};
  if (::poll(&input, 1, static_cast<int>(patience.count())) <= 0) {
    return true;
  }
  std::array<char, 4096> buffer{};
  const ssize_t got = ::read(terminal_.get(), buffer.data(), buffer.size());
  if (got <= 0) {
    return false;
  }
  screen_.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

bool PseudoTerminal::shows(const std::string& text) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  bool goes_on = true;
  for (;;) {
    if (const std::size_t at = screen_.find(text, seen_); at != std::string::npos) {
      seen_ = at + text.size();
      return true;
    }
    if (!goes_on || std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    goes_on = read_some(std::chrono::milliseconds(100));
  }
}

void PseudoTerminal::type(const std::string& keys) {
  for (std::string_view left = keys; !left.empty();) {
    const ssize_t written = ::write(terminal_.get(), left.data(), left.size());
    if (written <= 0) {
      throw std::runtime_error("the terminal is gone");
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
}

void PseudoTerminal::send(int signal) const { ::kill(pid_, signal); }

void PseudoTerminal::hang_up() { terminal_.reset(); }

int PseudoTerminal::wait() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (terminal_ && std::chrono::steady_clock::now() < deadline && read_some(std::chrono::milliseconds(100))) {
  }
  if (std::chrono::steady_clock::now() >= deadline) {
    ::kill(pid_, SIGKILL);
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace snapshot_test::support
