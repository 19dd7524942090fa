#include "cluster/driver.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <utility>

#include "cluster/driver_sources.hpp"
#include "util/program_path.hpp"
#include "util/refusal.hpp"
#include "util/try.hpp"
#include "util/visible.hpp"

extern char** environ;

namespace snapshot_test::cluster {

namespace {

using namespace std::chrono_literals;

constexpr auto kDriverFarewell = 20s;
constexpr std::size_t kDriverLastWords = 2000;

/// Reads the driver's modules, which follow as one JSON text with its length before it, and runs the last one. Not from
/// a file: the interpreter need not have this program's package, and must not find another version of it.
constexpr std::string_view kDriverBootstrap = R"(import sys
sys.path[:1] == [''] and sys.path.pop(0)
import importlib.util, json, os
def read(size):
    data = b''
    while len(data) < size:
        piece = os.read(0, size - len(data))
        if not piece:
            sys.exit(1)
        data += piece
    return data
modules = json.loads(read(int.from_bytes(read(4), 'little')).decode('utf-8'))
last = modules[-1][0]
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        for known, text in modules:
            if known == name:
                return importlib.util.spec_from_loader(name, Finder, is_package='.' not in name)
    @staticmethod
    def create_module(spec):
        return None
    @staticmethod
    def exec_module(module):
        module.__source__ = dict(modules)[module.__name__]
        exec(compile(module.__source__, '<' + module.__name__ + '>', 'exec'), module.__dict__)
sys.meta_path.insert(0, Finder)
importlib.import_module(last).main()
)";

std::string driver_preamble() {
  nlohmann::json modules = nlohmann::json::array();
  for (const DriverModule& module : kDriverModules) {
    modules.push_back({module.name, module.text});
  }
  const std::string text = modules.dump();
  std::string length(4, '\0');
  for (std::size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<char>((text.size() >> (8 * i)) & 0xff);
  }
  return length + text;
}

Result<std::string> driver_python(const std::string& named) {
  const char* belongs_to = std::getenv("SNAPSHOT_TEST_DEFAULT_PYTHON");
  std::string python = named;
  if (python.empty()) {
    python = belongs_to != nullptr && *belongs_to != '\0' ? belongs_to : "python3";
  }
  for (const std::string& path : util::program_candidates(python, std::getenv("PATH"))) {
    if (::access(path.c_str(), X_OK) == 0) {
      return path;
    }
  }
  return fail(ErrorKind::kUsage, fmt::format("'{}', which is to reach the Dask cluster, is not there or cannot be "
                                             "executed; name a Python that has dask.distributed as dask_python",
                                             python));
}

/// In a process group of its own, so that Ctrl-C reaches this program alone, which then says what is to end.
Result<pid_t> spawn_driver(std::vector<std::string> argv, int input, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  const std::vector<char*> raw = util::c_strings(argv);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, raw[0], &actions, &attributes, raw.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    Error refused = util::refusal(fmt::format("start the Dask client '{}'", argv[0]), error);
    refused.kind = util::advice(error).empty() ? ErrorKind::kUsage : ErrorKind::kIo;
    return tl::unexpected(std::move(refused));
  }
  return pid;
}

Result<void> send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) {
      return fail(ErrorKind::kUnavailable, "the Dask client has ended");
    }
    bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Driver>> Driver::start(const std::string& python) {
  TRY_ASSIGN(std::string path, driver_python(python));
  TRY_ASSIGN(auto ends, util::Channel::make_pair());
  util::Fd errors(::memfd_create("snapshot_test-dask", MFD_CLOEXEC));
  if (!errors) {
    return tl::unexpected(util::refusal("make an unnamed file", errno));
  }
  TRY_ASSIGN(const pid_t pid,
             spawn_driver({std::move(path), "-c", std::string(kDriverBootstrap)}, ends.second.fd(), errors.get()));
  std::unique_ptr<Driver> driver(new Driver(pid, std::move(ends.first), std::move(errors)));
  ends.second.take_fd().reset();
  if (!send_all(driver->fd(), driver_preamble())) {
    return tl::unexpected(driver->ended());
  }
  return driver;
}

Driver::~Driver() {
  ::shutdown(channel_.fd(), SHUT_RDWR);
  const auto deadline = std::chrono::steady_clock::now() + kDriverFarewell;
  while (std::chrono::steady_clock::now() < deadline) {
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid_) {
      break;
    }
    std::this_thread::sleep_for(20ms);
  }
  util::kill_group_and_reap(pid_);
}

Error Driver::ended() const {
  std::array<char, kDriverLastWords> words{};
  const off_t end = ::lseek(errors_.get(), 0, SEEK_END);
  const off_t from = std::max<off_t>(0, end - static_cast<off_t>(words.size()));
  const ssize_t got = ::pread(errors_.get(), words.data(), words.size(), from);
  std::string text(words.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  text = text.substr(0, text.find_last_not_of(" \n") + 1);
  return {ErrorKind::kUnavailable, fmt::format("the Dask client has ended{}{}", text.empty() ? "" : ": ",
                                               util::visible(text, util::Keep::kLines))};
}

Result<void> Driver::send(const nlohmann::json& order) {
  if (!channel_.send(order)) {
    return tl::unexpected(ended());
  }
  return {};
}

Result<std::vector<nlohmann::json>> Driver::receive(std::chrono::milliseconds patience) {
  std::vector<nlohmann::json> news;
  pollfd wait{channel_.fd(), POLLIN, 0};
  if (::poll(&wait, 1, static_cast<int>(patience.count())) <= 0) {
    return news;
  }
  TRY_ASSIGN(const auto progress, channel_.read_available());
  for (;;) {
    TRY_ASSIGN(auto message, channel_.next());
    if (!message) {
      break;
    }
    news.push_back(std::move(*message));
  }
  if (news.empty() && progress == util::Channel::Progress::kClosed) {
    return tl::unexpected(ended());
  }
  return news;
}

}  // namespace snapshot_test::cluster
