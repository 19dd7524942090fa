#include "cluster/driver.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "cluster/driver_sources.hpp"
#include "util/program_path.hpp"
#include "util/refusal.hpp"
#include "util/try.hpp"
#include "util/visible.hpp"

namespace snapshot_test::cluster {

namespace {

using namespace std::chrono_literals;

constexpr auto kDriverFarewell = 20s;
constexpr std::size_t kDriverLastWords = 2000;

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
  util::PythonCommand command = util::command_of(kDriverModules, python);
  const std::optional<std::string> path = util::find_program(command.argv[0]);
  if (!path) {
    return fail(ErrorKind::kUsage, fmt::format("'{}', which is to reach the Dask cluster, is not there or cannot be "
                                               "executed; name a Python that has dask.distributed as dask_python",
                                               command.argv[0]));
  }
  command.argv[0] = *path;
  TRY_ASSIGN(auto ends, util::Channel::make_pair());
  util::Fd errors(::memfd_create("snapshot_test-dask", MFD_CLOEXEC));
  if (!errors) {
    return tl::unexpected(util::refusal("make an unnamed file", errno));
  }
  util::Fd input = ends.second.take_fd();
  TRY_ASSIGN(const pid_t pid, util::spawn_in_own_group(std::move(command.argv), "the Dask client", ErrorKind::kUsage,
                                                       input, errors, errors));
  input.reset();  // or nobody would say that the client has ended
  std::unique_ptr<Driver> driver(new Driver(pid, std::move(ends.first), std::move(errors)));
  if (!send_all(driver->fd(), command.preamble)) {
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
