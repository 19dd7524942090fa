// A program in a pseudo-terminal: a test types, and reads the screen.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "support/program.hpp"
#include "util/fd.hpp"

namespace snapshot_test::support {

/// The terminal has 200 columns. The destructor kills the program.
class PseudoTerminal {
 public:
  PseudoTerminal(std::vector<std::string> command, const ProgramOptions& options);
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;
  ~PseudoTerminal();

  /// Waits until `text` is on the screen, behind what the last call waited for. False where the program ends or twenty
  /// seconds pass before.
  [[nodiscard]] bool shows(const std::string& text);
  /// What a keyboard sends: "a\n"; "\x04" is the end of the input, "\x03" an interrupt.
  void type(const std::string& keys);
  void send(int signal) const;
  /// Closes the terminal, as a window that is closed.
  void hang_up();
  /// Waits for the end; as Run::status.
  int wait();

  /// All that the program has written and the terminal has echoed.
  [[nodiscard]] const std::string& screen() const { return screen_; }

 private:
  /// Reads what is there; false at the end.
  bool read_some(std::chrono::milliseconds patience);

  pid_t pid_ = -1;
  util::Fd terminal_;
  std::string screen_;
  std::size_t seen_ = 0;
};

}  // namespace snapshot_test::support
