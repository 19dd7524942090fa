#include "runner/host_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "util/process.hpp"
#include "util/refusal.hpp"
#include "util/try.hpp"

extern char** environ;

namespace snapshot_test::runner {

namespace fs = std::filesystem;

namespace {

/// With a frame evaluator installed, Python-to-Python calls use the C stack: deep recursion needs room.
constexpr rlim_t kStackBytes = rlim_t{512} << 20;

/// Libraries that start a thread per core by themselves. One thread each makes sums come out the same every time, and
/// cases run side by side instead.
constexpr std::array kThreadVariables{"OMP_NUM_THREADS",     "OPENBLAS_NUM_THREADS",   "MKL_NUM_THREADS",
                                      "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "BLIS_NUM_THREADS",
                                      "NUMBA_NUM_THREADS",   "POLARS_MAX_THREADS",     "RAYON_NUM_THREADS"};

/// Raises the soft stack limit for the processes started until it is destroyed: the kernel reads it at exec.
class StackLimit {
 public:
  StackLimit() {
    ::getrlimit(RLIMIT_STACK, &before_);
    rlimit raised = before_;
    raised.rlim_cur = before_.rlim_max == RLIM_INFINITY ? kStackBytes : std::min(kStackBytes, before_.rlim_max);
    ::setrlimit(RLIMIT_STACK, &raised);
  }
  ~StackLimit() { ::setrlimit(RLIMIT_STACK, &before_); }
  StackLimit(const StackLimit&) = delete;
  StackLimit& operator=(const StackLimit&) = delete;

 private:
  rlimit before_{};
};

using Variables = std::map<std::string, std::string>;

Variables current_environment() {
  Variables variables;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view text = *each;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) {
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return variables;
}

/// A folder that holds a link to the chosen libpython under the name that this binary asks the dynamic linker for. Its
/// own folder would bring its neighbours (a conda environment's libstdc++, say) along.
Result<fs::path> library_folder(const PythonEnvironment& python, const fs::path& scratch) {
  const fs::path folder = scratch / "libpython";
  const fs::path link = folder / ST_LIBPYTHON_SONAME;
  std::error_code error;
  fs::create_directories(folder, error);
  if (!fs::exists(link, error)) {
    fs::create_symlink(python.library, link, error);
  }
  if (error) {
    return tl::unexpected(util::refusal(fmt::format("create '{}'", link.string()), error.value()));
  }
  return folder;
}

/// Puts `entry` in front of what the user has in a path variable of the dynamic linker, for the host's own start only:
/// the host puts the user's value, which it finds under our name, back.
void prepend(Variables& variables, const std::string& name, const std::string& entry) {
  const std::string before = variables[name];
  variables["SNAPSHOT_TEST_" + name] = before;
  variables[name] = before.empty() ? entry : entry + ":" + before;
}

/// The host and the cases have other current folders than this process.
std::string absolute_entries(const std::string& path) {
  std::string entries;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::string entry = path.substr(begin, end - begin);
    entries += (begin == 0 ? "" : ":") +
               fs::absolute(entry.empty() ? fs::path(".") : fs::path(entry)).lexically_normal().string();
    begin = end + 1;
  }
  return entries;
}

Variables host_environment(FreshMemory memory) {
  Variables variables = current_environment();
  if (const auto path = variables.find("PYTHONPATH"); path != variables.end() && !path->second.empty()) {
    path->second = absolute_entries(path->second);
  }
  variables.erase(kDefaultPythonVariable);
  variables["PYTHONHASHSEED"] = "0";
  for (const char* name : kThreadVariables) {
    variables.try_emplace(name, "1");
  }
  if (memory == FreshMemory::kFilled) {
    // Not what the user has set, which the first run had, too.
    std::string& pattern = variables["MALLOC_PERTURB_"];
    pattern = pattern == "165" ? "90" : "165";
    // What malloc() keeps for each thread it hands out as it is (malloc.c, tcache_get), so nothing is kept.
    std::string& tunables = variables["GLIBC_TUNABLES"];
    tunables += (tunables.empty() ? "" : ":") + std::string("glibc.malloc.tcache_count=0");
  }
  return variables;
}

std::vector<std::string> lines_of(const Variables& variables) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : variables) {
    lines.push_back(name + "=" + value);
  }
  return lines;
}

/// -c puts '' on sys.path: the current folder, which is no place for modules. With -m it would be searched for ours.
constexpr const char* kModuleHost =
    "import sys; sys.path[:1] == [''] and sys.path.pop(0); from diff_tester.host import main; main()";

/// What is to be executed: words, and changes to the environment.
Result<std::vector<std::string>> host_words(const PythonEnvironment& python, const fs::path& scratch, TimeOfDay clock,
                                            Variables& variables) {
  const std::string supervisor = std::to_string(::getpid());
  if (python.host == HostKind::kModule) {
    if (clock == TimeOfDay::kOurs) {
      prepend(variables, "LD_PRELOAD", python.clock_library.string());
    }
    // As an embedded interpreter is configured: no .pyc files, unbuffered streams, faulthandler.
    return std::vector<std::string>{python.executable, "-B", "-u", "-X", "faulthandler", "-c", kModuleHost, supervisor};
  }
  TRY_ASSIGN(const auto library, library_folder(python, scratch));
  prepend(variables, "LD_LIBRARY_PATH", library.string());
  return std::vector<std::string>{fs::read_symlink("/proc/self/exe").string(), "host", supervisor};
}

}  // namespace

Result<util::Pipe> make_output_pipe() {
  TRY_ASSIGN(util::Pipe pipe, util::make_pipe());
  ::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

Result<HostProcess> start_host(const PythonEnvironment& python, const fs::path& scratch, FreshMemory memory,
                               TimeOfDay clock, const seal::Prepared* sealed) {
  Variables variables = host_environment(memory);
  TRY_ASSIGN(auto words, host_words(python, scratch, clock, variables));
  TRY_ASSIGN(auto channels, util::Channel::make_pair());
  TRY_ASSIGN(auto output, make_output_pipe());
  // dup2 onto the same number would leave close-on-exec set; move the channel out of the way of 0 to kChannelFd first.
  const util::Fd theirs(::fcntl(channels.second.fd(), F_DUPFD_CLOEXEC, 10));
  if (!theirs) {
    return tl::unexpected(util::refusal("duplicate a descriptor", errno));
  }

  if (sealed != nullptr) {
    const util::Fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    util::ForkedStart start;
    start.argv = std::move(words);
    start.environment = lines_of(variables);
    start.descriptors = {{nothing.get(), STDIN_FILENO},
                         {output.write.get(), STDOUT_FILENO},
                         {output.write.get(), STDERR_FILENO},
                         {theirs.get(), util::kChannelFd}};
    start.own_group = true;
    start.before = [sealed] { return sealed->apply(); };
    const StackLimit raised;
    TRY_ASSIGN(const pid_t started, util::fork_and_execute(std::move(start)));
    return HostProcess{started, std::move(channels.first), std::move(output.read)};
  }

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output.write.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output.write.get(), STDERR_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), util::kChannelFd);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t ignored_here;
  ::sigemptyset(&ignored_here);
  ::sigaddset(&ignored_here, SIGXFSZ);
  ::posix_spawnattr_setsigdefault(&attributes, &ignored_here);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);

  std::vector<std::string> lines = lines_of(variables);
  const std::vector<char*> argv = util::c_strings(words);
  const std::vector<char*> envp = util::c_strings(lines);
  pid_t pid = -1;
  int error = 0;
  {
    const StackLimit raised;
    error = ::posix_spawn(&pid, argv[0], &actions, &attributes, argv.data(), envp.data());
  }
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return tl::unexpected(util::refusal(fmt::format("start '{}'", words.front()), error));
  }
  return HostProcess{pid, std::move(channels.first), std::move(output.read)};
}

}  // namespace snapshot_test::runner
