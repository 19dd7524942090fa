#include "util/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "util/fd.hpp"

extern char** environ;

namespace snapshot_test::util {

namespace {

using Clock = std::chrono::steady_clock;

/// Reads both pipes until both are closed or the deadline has passed; false if it has.
bool drain(const Fd& out, const Fd& err, std::string* texts, Clock::time_point deadline) {
  pollfd waits[] = {{out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}};
  while (waits[0].fd >= 0 || waits[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      return false;
    }
    ::poll(waits, 2, static_cast<int>(left));
    for (int i = 0; i < 2; ++i) {
      char chunk[4096];
      if (waits[i].fd < 0 || waits[i].revents == 0) {
        continue;
      }
      const ssize_t got = ::read(waits[i].fd, chunk, sizeof chunk);
      if (got > 0) {
        texts[i].append(chunk, static_cast<std::size_t>(got));
      } else if (got == 0 || errno != EINTR) {
        waits[i].fd = -1;
      }
    }
  }
  return true;
}

/// Where the kernel does not list a task's children (CONFIG_PROC_CHILDREN): every process, asked for its parent.
std::vector<pid_t> children_by_scanning() {
  namespace fs = std::filesystem;
  std::vector<pid_t> children;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    std::ifstream file(entry.path() / "stat");
    const std::string stat{std::istreambuf_iterator<char>(file), {}};
    const std::size_t behind_name = stat.rfind(')');  // "pid (name) state ppid ..."; the name may hold anything
    char state = 0;
    pid_t parent = 0;
    if (behind_name != std::string::npos) {
      std::istringstream(stat.substr(behind_name + 1)) >> state >> parent;
    }
    if (parent == ::getpid()) {
      children.push_back(static_cast<pid_t>(std::stol(name)));
    }
  }
  return children;
}

}  // namespace

Result<std::string> run_and_read(const std::vector<std::string>& argv, double seconds) {
  int out_pipe[2];
  int err_pipe[2];
  if (::pipe2(out_pipe, O_CLOEXEC) != 0) {
    return fail(ErrorKind::kIo, fmt::format("cannot create a pipe: {}", std::strerror(errno)));
  }
  const Fd out_read(out_pipe[0]);
  Fd out_write(out_pipe[1]);
  if (::pipe2(err_pipe, O_CLOEXEC) != 0) {
    return fail(ErrorKind::kIo, fmt::format("cannot create a pipe: {}", std::strerror(errno)));
  }
  const Fd err_read(err_pipe[0]);
  Fd err_write(err_pipe[1]);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out_write.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err_write.get(), STDERR_FILENO);
  std::vector<char*> raw;
  for (const std::string& word : argv) {
    raw.push_back(const_cast<char*>(word.c_str()));
  }
  raw.push_back(nullptr);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, raw[0], &actions, nullptr, raw.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return fail(ErrorKind::kIo, fmt::format("cannot start '{}': {}", argv[0], std::strerror(error)));
  }
  out_write.reset();
  err_write.reset();

  std::string texts[2];
  const auto deadline =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  const bool finished = drain(out_read, err_read, texts, deadline);
  if (!finished) {
    ::kill(pid, SIGKILL);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!finished) {
    return fail(ErrorKind::kIo, fmt::format("'{}' did not answer within {} s", argv[0], seconds));
  }
  if (status != 0) {
    return fail(ErrorKind::kIo, fmt::format("{}: {}", describe_wait_status(status), texts[1]));
  }
  return texts[0];
}

std::vector<pid_t> child_processes() {
  namespace fs = std::filesystem;
  std::vector<pid_t> children;
  std::error_code error;
  for (const fs::directory_entry& task : fs::directory_iterator("/proc/self/task", error)) {
    std::ifstream file(task.path() / "children");
    if (!file) {
      return children_by_scanning();
    }
    for (pid_t pid = 0; file >> pid;) {
      children.push_back(pid);
    }
  }
  return children;
}

std::string command_line(pid_t pid, std::size_t length) {
  std::ifstream file(fmt::format("/proc/{}/cmdline", pid));
  std::string text(length, '\0');
  file.read(text.data(), static_cast<std::streamsize>(length));
  text.resize(static_cast<std::size_t>(file.gcount()));
  while (!text.empty() && text.back() == '\0') {
    text.pop_back();
  }
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

void kill_children() {
  for (;;) {
    for (const pid_t pid : child_processes()) {
      ::kill(pid, SIGKILL);
    }
    if (::waitpid(-1, nullptr, 0) < 0 && errno == ECHILD) {
      return;
    }
  }
}

std::string describe_wait_status(int status) {
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    const char* name = ::sigabbrev_np(number);
    return name != nullptr ? fmt::format("killed by SIG{}", name) : fmt::format("killed by signal {}", number);
  }
  return fmt::format("exit status {}", WEXITSTATUS(status));
}

}  // namespace snapshot_test::util
