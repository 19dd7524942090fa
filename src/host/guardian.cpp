#include "host/guardian.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "model/link.hpp"
#include "util/process.hpp"
#include "util/refusal.hpp"

namespace snapshot_test::host {

namespace {

sigset_t guarded_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int each : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGABRT}) {
    ::sigaddset(&set, each);
  }
  return set;
}

/// Ends with the wait status that another process ended with.
[[noreturn]] void end_like(int status) {
  if (WIFSIGNALED(status)) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::signal(WTERMSIG(status), SIG_DFL);
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_UNBLOCK, &all, nullptr);
    ::raise(WTERMSIG(status));
  }
  ::_exit(WEXITSTATUS(status));
}

/// Reaps what has ended; if the base is among it, kills the rest and ends.
void reap(pid_t base) {
  int status = 0;
  for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (ended == base) {
      util::kill_children();
      end_like(status);
    }
  }
}

[[noreturn]] void guard(pid_t base) {
  // The ends of the base's channel and pipe must be the base's alone, or nobody would see them closed.
  for (int fd = 0; fd <= util::kChannelFd; ++fd) {
    ::close(fd);
  }
  const sigset_t set = guarded_signals();
  for (;;) {
    const int signal = ::sigwaitinfo(&set, nullptr);
    if (signal == SIGCHLD) {
      reap(base);
    } else if (signal == SIGABRT) {
      ::kill(base, SIGABRT);
    } else if (signal > 0) {
      util::kill_children();
      ::_exit(1);
    }
  }
}

}  // namespace

void stand_guard(pid_t supervisor) {
  const sigset_t set = guarded_signals();
  sigset_t before;
  ::sigprocmask(SIG_BLOCK, &set, &before);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != supervisor) {
    ::_exit(1);  // it died before the line above took effect
  }
  const pid_t self = ::getpid();
  const pid_t base = ::fork();
  if (base < 0) {
    const std::string why = util::refusal("fork a host", errno).message;
    (void)model::SupervisorLink(util::Channel(util::Fd(util::kChannelFd)))
        .send(model::BranchFailure{model::Ending::kRefused, why, ""});
    ::_exit(1);
  }
  if (base > 0) {
    guard(base);
  }
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != self) {
    ::_exit(1);
  }
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace snapshot_test::host
