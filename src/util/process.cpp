#include "util/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <thread>
#include <utility>

#include "util/fd.hpp"
#include "util/refusal.hpp"
#include "util/try.hpp"

extern char** environ;

namespace snapshot_test::util {

namespace {

using Clock = std::chrono::steady_clock;

/// How long a process may take to start a program.
constexpr int kExecMilliseconds = 20;

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

std::optional<std::string> read_small_file(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char chunk[4096];
  for (ssize_t got = 0; file && (got = ::read(file.get(), chunk, sizeof chunk)) > 0;) {
    text.append(chunk, static_cast<std::size_t>(got));
  }
  return file ? std::optional(std::move(text)) : std::nullopt;
}

/// From /proc/PID/stat, "pid (name) state ppid ..."; the name may hold anything. Zeros if it is not there.
std::pair<char, pid_t> state_and_parent(const std::string& pid) {
  const std::string stat = read_small_file("/proc/" + pid + "/stat").value_or("");
  const std::size_t behind_name = stat.rfind(')');
  std::pair<char, pid_t> found{0, 0};
  if (behind_name != std::string::npos) {
    std::istringstream(stat.substr(behind_name + 1)) >> found.first >> found.second;
  }
  return found;
}

/// Where the kernel does not list a task's children (CONFIG_PROC_CHILDREN): the parent of every process in /proc.
std::vector<pid_t> children_by_scanning() {
  namespace fs = std::filesystem;
  std::vector<pid_t> children;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    const auto [state, parent] = state_and_parent(name);
    if (parent == ::getpid()) {
      children.push_back(static_cast<pid_t>(std::stol(name)));
    }
  }
  return children;
}

/// See KeptChild.
struct KeptChildren {
  std::mutex mutex;
  std::set<pid_t> pids;
};

KeptChildren& kept_children() {
  static KeptChildren kept;
  return kept;
}

std::vector<pid_t> all_child_processes() {
  if (::waitid(P_ALL, 0, nullptr, WEXITED | WNOHANG | WNOWAIT) != 0) {
    return {};
  }
  std::vector<pid_t> children;
  for (const pid_t thread : threads()) {
    const auto listed = read_small_file(fmt::format("/proc/self/task/{}/children", thread));
    if (!listed) {
      return children_by_scanning();
    }
    const char* at = listed->data();
    const char* end = at + listed->size();
    for (pid_t pid = 0; at < end; ++at) {  // "12 34 "
      const auto [stop, wrong] = std::from_chars(at, end, pid);
      if (wrong == std::errc()) {
        children.push_back(pid);
        at = stop;
      }
    }
  }
  return children;
}

}  // namespace

Result<pid_t> spawn_in_own_group(std::vector<std::string> argv, std::string_view what, ErrorKind other, const Fd& input,
                                 const Fd& output, const Fd& errors) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, errors.get(), STDERR_FILENO);
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  const std::vector<char*> raw = c_strings(argv);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, raw[0], &actions, &attributes, raw.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    Error refused = refusal(fmt::format("start {} '{}'", what, argv[0]), error);
    refused.kind = advice(error).empty() ? other : ErrorKind::kIo;
    return tl::unexpected(std::move(refused));
  }
  return pid;
}

std::vector<char*> c_strings(std::vector<std::string>& words) {
  std::vector<char*> raw;
  for (std::string& word : words) {
    raw.push_back(word.data());
  }
  raw.push_back(nullptr);
  return raw;
}

namespace {

/// What the child needs that is not allowed to allocate: made before it is forked.
struct ExecutedForm {
  std::vector<char*> argv;
  std::vector<char*> environment;
  std::vector<std::pair<int, int>> descriptors;
};

[[noreturn]] void execute(const ForkedStart& start, const ExecutedForm& form, int report) {
  constexpr unsigned kCloseOnExec = 1U << 2U;  // CLOSE_RANGE_CLOEXEC
  if (start.own_group) {
    ::setpgid(0, 0);
  }
  ::signal(SIGXFSZ, SIG_DFL);
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  int most = STDERR_FILENO;
  for (const auto& [ours, theirs] : form.descriptors) {
    ::dup2(ours, theirs);
    most = std::max(most, theirs);
  }
  int error =
      ::syscall(SYS_close_range, most + 1, ~0U, kCloseOnExec) == 0 || errno == ENOSYS || errno == EINVAL ? 0 : errno;
  if (error == 0 && ::chdir("/") != 0) {
    error = errno;
  }
  if (error == 0 && start.before) {
    error = start.before();
  }
  if (error == 0) {
    ::execve(form.argv[0], form.argv.data(), form.environment.data());
    error = errno;
  }
  (void)!::write(report, &error, sizeof error);
  ::_exit(127);
}

/// Out of the way of the numbers that they are to have in the child.
Result<std::vector<Fd>> moved_up(std::vector<std::pair<int, int>>& descriptors) {
  constexpr int kAbove = 10;
  std::vector<Fd> copies;
  for (auto& [ours, theirs] : descriptors) {
    copies.emplace_back(::fcntl(ours, F_DUPFD_CLOEXEC, kAbove));
    if (!copies.back()) {
      return tl::unexpected(refusal("duplicate a descriptor", errno));
    }
    ours = copies.back().get();
  }
  return copies;
}

/// The rest of run_and_read(), once it has been started.
Result<std::string> read_to_its_end(pid_t pid, const std::string& name, const Fd& out, const Fd& err, double seconds) {
  std::string texts[2];
  const auto deadline =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  const bool finished = drain(out, err, texts, deadline);
  if (!finished) {
    ::kill(pid, SIGKILL);
  }
  const int status = wait_for(pid);
  if (!finished) {
    return fail(ErrorKind::kPython, fmt::format("'{}' did not answer within {} s", name, seconds));
  }
  if (status != 0) {
    return fail(ErrorKind::kPython, fmt::format("{}: {}", describe_wait_status(status), texts[1]));
  }
  return texts[0];
}

std::vector<std::string> environment_lines() {
  std::vector<std::string> lines;
  for (char** each = environ; *each != nullptr; ++each) {
    lines.emplace_back(*each);
  }
  return lines;
}

}  // namespace

Result<pid_t> fork_and_execute(ForkedStart start) {
  ExecutedForm form{c_strings(start.argv), c_strings(start.environment), start.descriptors};
  TRY_ASSIGN(const auto copies, moved_up(form.descriptors));
  TRY_ASSIGN(Pipe report, make_pipe());
  const pid_t pid = ::fork();
  if (pid < 0) {
    return tl::unexpected(refusal(fmt::format("start '{}'", start.argv[0]), errno));
  }
  if (pid == 0) {
    execute(start, form, report.write.get());
  }
  report.write.reset();
  int error = 0;
  ssize_t got = 0;
  while ((got = ::read(report.read.get(), &error, sizeof error)) < 0 && errno == EINTR) {
  }
  if (got == 0) {
    return pid;
  }
  (void)wait_for(pid);
  Error refused = refusal(fmt::format("start '{}'", start.argv[0]), error);
  refused.kind = advice(error).empty() ? ErrorKind::kPython : ErrorKind::kIo;
  return tl::unexpected(std::move(refused));
}

Result<std::string> run_and_read(std::vector<std::string> argv, const BeforeExec& before, double seconds) {
  if (!before) {
    return run_and_read(std::move(argv), seconds);
  }
  const std::string name = argv[0];
  TRY_ASSIGN(Pipe out, make_pipe());
  TRY_ASSIGN(Pipe err, make_pipe());
  const Fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  ForkedStart start;
  start.argv = std::move(argv);
  start.environment = environment_lines();
  start.descriptors = {
      {nothing.get(), STDIN_FILENO}, {out.write.get(), STDOUT_FILENO}, {err.write.get(), STDERR_FILENO}};
  start.before = before;
  TRY_ASSIGN(const pid_t pid, fork_and_execute(std::move(start)));
  out.write.reset();
  err.write.reset();
  return read_to_its_end(pid, name, out.read, err.read, seconds);
}

Result<std::string> run_and_read(std::vector<std::string> argv, double seconds) {
  TRY_ASSIGN(Pipe out, make_pipe());
  TRY_ASSIGN(Pipe err, make_pipe());

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out.write.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err.write.get(), STDERR_FILENO);
  const std::vector<char*> raw = c_strings(argv);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, raw[0], &actions, nullptr, raw.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    Error refused = refusal(fmt::format("start '{}'", argv[0]), error);
    refused.kind = advice(error).empty() ? ErrorKind::kPython : ErrorKind::kIo;
    return tl::unexpected(std::move(refused));
  }
  out.write.reset();
  err.write.reset();

  return read_to_its_end(pid, argv[0], out.read, err.read, seconds);
}

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return tl::unexpected(refusal("create a pipe", errno));
  }
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::vector<pid_t> child_processes() {
  std::vector<pid_t> children = all_child_processes();
  KeptChildren& kept = kept_children();
  const std::lock_guard lock(kept.mutex);
  std::erase_if(children, [&](pid_t pid) { return kept.pids.contains(pid); });
  return children;
}

std::vector<pid_t> threads() {
  struct stat folder {};
  if (::stat("/proc/self/task", &folder) != 0) {
    return {};
  }
  if (folder.st_nlink == 3) {  // itself, its parent and one thread
    return {static_cast<pid_t>(::gettid())};
  }
  std::vector<pid_t> ids;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
    ids.push_back(static_cast<pid_t>(std::atol(task.path().filename().c_str())));
  }
  return ids;
}

bool is_zombie(pid_t pid) { return state_and_parent(std::to_string(pid)).first == 'Z'; }

std::chrono::nanoseconds waited_for_processor(pid_t pid) {
  const std::string text = read_small_file(fmt::format("/proc/{}/schedstat", pid)).value_or("");
  long long ran = 0;
  long long waited = 0;
  return std::sscanf(text.c_str(), "%lld %lld", &ran, &waited) == 2 ? std::chrono::nanoseconds(waited)
                                                                    : std::chrono::nanoseconds(0);
}

std::string command_line(pid_t pid, std::size_t length) {
  const auto read = [&](const char* name) {
    std::string text = read_small_file(fmt::format("/proc/{}/{}", pid, name)).value_or("");
    text.resize(std::min(text.size(), length));
    while (!text.empty() && (text.back() == '\0' || text.back() == '\n')) {
      text.pop_back();
    }
    std::replace(text.begin(), text.end(), '\0', ' ');
    return text;
  };
  std::string text = read("cmdline");
  // While it starts a program it has none, and its name is still that of its parent.
  for (int waited = 0; text.empty() && waited < kExecMilliseconds && !is_zombie(pid); ++waited) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    text = read("cmdline");
  }
  return text.empty() ? read("comm") : text;
}

void kill_children() {
  for (std::vector<pid_t> children = child_processes(); !children.empty(); children = child_processes()) {
    for (const pid_t pid : children) {
      ::kill(pid, SIGKILL);
    }
    for (const pid_t pid : children) {
      (void)wait_for(pid);
    }
  }
}

KeptChild::KeptChild(pid_t pid) : pid_(pid) {
  KeptChildren& kept = kept_children();
  const std::lock_guard lock(kept.mutex);
  kept.pids.insert(pid);
}

KeptChild::~KeptChild() {
  KeptChildren& kept = kept_children();
  const std::lock_guard lock(kept.mutex);
  kept.pids.erase(pid_);
}

int kill_group_and_reap(pid_t pid) {
  ::kill(-pid, SIGKILL);
  return wait_for(pid);
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
