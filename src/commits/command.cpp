#include "commits/command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>

#include "runner/signals.hpp"
#include "util/file.hpp"
#include "util/process.hpp"
#include "util/program_path.hpp"
#include "util/refusal.hpp"
#include "util/try.hpp"

extern char** environ;

namespace snapshot_test::commits {

namespace {

using Clock = std::chrono::steady_clock;

std::vector<std::string> environment_of(const Environment& changes) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!changes.contains(text.substr(0, text.find('=')))) {
      all.push_back(text);
    }
  }
  for (const auto& [name, value] : changes) {
    if (value) {
      all.push_back(name + "=" + *value);
    }
  }
  return all;
}

/// What the child needs, made before it is forked: there only system calls are made.
struct Prepared {
  std::vector<std::string> argv;
  std::vector<std::string> environment;
  std::vector<char*> argv_raw;
  std::vector<char*> environment_raw;
  std::vector<std::string> candidates;  ///< files that may be the program
};

Prepared prepare(const Command& command) {
  Prepared prepared;
  prepared.argv = command.argv;
  prepared.environment = environment_of(command.environment);
  prepared.argv_raw = util::c_strings(prepared.argv);
  prepared.environment_raw = util::c_strings(prepared.environment);
  const char* path = nullptr;
  for (const std::string& entry : prepared.environment) {
    path = entry.starts_with("PATH=") ? entry.c_str() + 5 : path;
  }
  prepared.candidates = util::program_candidates(command.argv.front(), path);
  return prepared;
}

struct Ends {
  util::Pipe out;
  util::Pipe err;
  util::Pipe failure;  ///< what kept the program from being started
};

[[noreturn]] void be_program(const Prepared& prepared, const Command& command, const Ends& ends, int log) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  int error = 0;
  if (!command.folder.empty() && ::chdir(command.folder.c_str()) != 0) {
    error = errno;
  } else {
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(log >= 0 ? log : ends.out.write.get(), STDOUT_FILENO);
    ::dup2(log >= 0 ? log : ends.err.write.get(), STDERR_FILENO);
    error = ENOENT;
    for (const std::string& candidate : prepared.candidates) {
      ::execve(candidate.c_str(), prepared.argv_raw.data(), prepared.environment_raw.data());
      error = errno == ENOENT || errno == ENOTDIR ? error : errno;
    }
  }
  (void)!::write(ends.failure.write.get(), &error, sizeof error);
  ::_exit(127);
}

/// Takes what there is to read; false at the end.
bool take(const util::Fd& fd, std::string& text) {
  char chunk[8192];
  for (;;) {
    const ssize_t got = ::read(fd.get(), chunk, sizeof chunk);
    if (got > 0) {
      text.append(chunk, static_cast<std::size_t>(got));
    } else if (got == 0) {
      return false;
    } else if (errno != EINTR) {
      return errno == EAGAIN;
    }
  }
}

enum class Stop { kEnded, kDeadline, kInterrupt };

/// Until it has ended, its time is up, or a signal has come. It is not reaped: its pid stays its own.
Stop watch(pid_t pid, const Ends& ends, double seconds, runner::Signals& signals, CommandEnd& end) {
  const auto deadline =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  for (const int fd : {ends.out.read.get(), ends.err.read.get()}) {
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
  }
  bool out = true;
  bool err = true;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      return Stop::kDeadline;
    }
    pollfd waits[] = {{out ? ends.out.read.get() : -1, POLLIN, 0},
                      {err ? ends.err.read.get() : -1, POLLIN, 0},
                      {signals.fd(), POLLIN, 0}};
    ::poll(waits, 3, static_cast<int>(std::min<long long>(left, 60'000)));
    out = out && take(ends.out.read, end.out);
    err = err && take(ends.err.read, end.err);
    signals.read_pending();
    if (signals.interrupted()) {
      return Stop::kInterrupt;
    }
    siginfo_t ended{};
    if (::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == pid) {
      // What it left running may hold the pipes open: what it said itself is there already.
      take(ends.out.read, end.out);
      take(ends.err.read, end.err);
      return Stop::kEnded;
    }
  }
}

}  // namespace

Result<CommandEnd> run_command(const Command& command) {
  const Prepared prepared = prepare(command);
  Ends ends;
  TRY_ASSIGN(ends.out, util::make_pipe());
  TRY_ASSIGN(ends.err, util::make_pipe());
  TRY_ASSIGN(ends.failure, util::make_pipe());
  util::Fd log;
  if (!command.log.empty()) {
    log = util::Fd(::open(command.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    if (!log) {
      return tl::unexpected(util::io_error("open the log", command.log));
    }
  }
  runner::Signals signals;
  TRY(signals.ready());
  const pid_t pid = ::fork();
  if (pid < 0) {
    return tl::unexpected(util::refusal(fmt::format("start '{}'", command.argv.front()), errno));
  }
  if (pid == 0) {
    be_program(prepared, command, ends, log.get());
  }
  ::setpgid(pid, pid);  // in both: whoever comes first
  ends.out.write.reset();
  ends.err.write.reset();
  ends.failure.write.reset();
  CommandEnd end;
  const Stop stop = watch(pid, ends, command.seconds, signals, end);
  end.status = util::kill_group_and_reap(pid);  // with what it has left behind
  if (int error = 0; ::read(ends.failure.read.get(), &error, sizeof error) == sizeof error) {
    if (error == ENOENT) {
      return fail(ErrorKind::kUsage,
                  fmt::format("there is no program '{}' on PATH, and it is needed", command.argv.front()));
    }
    return tl::unexpected(util::refusal(fmt::format("start '{}'", command.argv.front()), error));
  }
  if (stop == Stop::kInterrupt) {
    return fail(ErrorKind::kInterrupted, fmt::format("interrupted while '{}' ran", command.argv.front()));
  }
  end.timed_out = stop == Stop::kDeadline;
  return end;
}

}  // namespace snapshot_test::commits
