#include "runner/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

#include "util/refusal.hpp"

namespace snapshot_test::runner {

Signals::Signals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGHUP);
  ::sigaddset(&set, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &set, &before_);
  fd_ = util::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  error_ = fd_ ? 0 : errno;
}

Result<void> Signals::ready() const {
  return fd_ ? Result<void>() : tl::unexpected(util::refusal("watch for signals", error_));
}

Signals::~Signals() {
  read_pending();  // what has come in the meantime has been obeyed: the run is over
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

void Signals::read_pending() {
  signalfd_siginfo info;
  while (::read(fd_.get(), &info, sizeof info) == sizeof info) {
    interrupted_ = interrupted_ || info.ssi_signo != SIGCHLD;
  }
}

}  // namespace snapshot_test::runner
