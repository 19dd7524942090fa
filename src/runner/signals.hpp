// Ctrl-C, SIGTERM and the ends of our children as something to poll.
#pragma once

#include <csignal>

#include "snapshot_test/util/result.hpp"
#include "util/fd.hpp"

namespace snapshot_test::runner {

/// Until it is destroyed, SIGINT and SIGTERM make fd() readable instead of ending the program, and so does SIGCHLD. One
/// at a time.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// kIo where there is no descriptor to be had for it.
  [[nodiscard]] Result<void> ready() const;
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Takes what is pending; to be called when fd() is readable.
  void read_pending();
  [[nodiscard]] bool interrupted() const { return interrupted_; }

 private:
  util::Fd fd_;
  sigset_t before_{};
  bool interrupted_ = false;
  int error_ = 0;  ///< why there is no fd_
};

}  // namespace snapshot_test::runner
