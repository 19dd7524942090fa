#include "support/program.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Runs in the child: only calls that are safe after fork.
[[noreturn]] void become(const ProgramOptions& options, const char* out, const char* err, char* const* argv,
                         char* const* envp) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);  // ctest may kill the test
  if (options.privileges == Privileges::kBoundByPermissions) {
    // Root gets its capabilities back at exec, less those that are out of the bounding set.
    for (const int capability : {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER}) {
      ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
  }
  const int in_fd = ::open("/dev/null", O_RDONLY);
  const int out_fd = ::open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int err_fd = ::open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (in_fd < 0 || out_fd < 0 || err_fd < 0 || ::chdir(options.folder.c_str()) != 0) ::_exit(126);
  ::dup2(in_fd, STDIN_FILENO);
  ::dup2(out_fd, STDOUT_FILENO);
  ::dup2(err_fd, STDERR_FILENO);
  for (const int fd : {in_fd, out_fd, err_fd}) ::close(fd);
  ::execve(argv[0], argv, envp);
  ::_exit(127);
}

}  // namespace

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (auto& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

std::string Run::text() const {
  return "exit status " + std::to_string(status) + (killed_at_deadline ? " (killed at the test's deadline)" : "") +
         "\n--- stdout\n" + out + "--- stderr\n" + err + "---\n";
}

Program::Program(const std::vector<std::string>& command, const ProgramOptions& options) {
  static std::atomic<unsigned> count{0};
  const auto stem = "snapshot_test_e2e." + std::to_string(::getpid()) + "." + std::to_string(count++);
  out_ = fs::temp_directory_path() / (stem + ".out");
  err_ = fs::temp_directory_path() / (stem + ".err");

  auto arguments = command;
  std::vector<std::string> environment;
  for (const auto& [name, value] : options.environment) environment.push_back(name + "=" + value);
  const auto argv = pointers(arguments);
  const auto envp = pointers(environment);
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) become(options, out_.c_str(), err_.c_str(), argv.data(), envp.data());
  ::setpgid(pid_, pid_);  // in both: whichever comes first
}

Program::~Program() {
  if (!ended_) {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  fs::remove(out_, ignored);
  fs::remove(err_, ignored);
}

void Program::send(int signal) const { ::kill(pid_, signal); }

Run Program::wait(std::chrono::seconds deadline) {
  Run run;
  const auto end = std::chrono::steady_clock::now() + deadline;
  int state = 0;
  while (::waitpid(pid_, &state, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) {
      ::kill(-pid_, SIGKILL);
      ::waitpid(pid_, &state, 0);
      run.killed_at_deadline = true;
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  ended_ = true;
  run.status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  run.out = read_file(out_);
  run.err = read_file(err_);
  return run;
}

}  // namespace snapshot_test::support
