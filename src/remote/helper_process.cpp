#include "remote/helper_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "util/refusal.hpp"
#include "util/try.hpp"
#include "util/visible.hpp"

namespace snapshot_test::remote {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// How often those who wait look whether they are to stop.
constexpr auto kTick = 100ms;
/// How long a helper may take to end by itself.
constexpr auto kFarewell = 2s;
constexpr std::size_t kLastWordsBytes = 4096;
constexpr std::size_t kLastLines = 5;

struct Pipes {
  util::Fd ours;
  util::Fd childs;
};

/// A socket, not a pipe: writing to one that nobody reads any more is an error then, and no signal.
Result<Pipes> make_input() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return tl::unexpected(util::refusal("create a socket", errno));
  }
  return Pipes{util::Fd(ends[0]), util::Fd(ends[1])};
}

/// The last lines of a text, in one line.
std::string last_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < kLastLines) {
    const std::size_t end = text.rfind('\n');
    const std::string_view line = end == std::string_view::npos ? text : text.substr(end + 1);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
      lines.push_back(line);
    }
    text = end == std::string_view::npos ? std::string_view() : text.substr(0, end);
  }
  std::reverse(lines.begin(), lines.end());
  return fmt::format("{}", fmt::join(lines, " | "));
}

}  // namespace

Result<std::unique_ptr<HelperProcess>> HelperProcess::start(HelperCommand command, Settings settings,
                                                            std::shared_ptr<const Redaction> redaction) {
  TRY_ASSIGN(Pipes input, make_input());
  TRY_ASSIGN(util::Pipe output, util::make_pipe());
  TRY_ASSIGN(util::Pipe errors, util::make_pipe());
  TRY_ASSIGN(const pid_t pid, util::spawn_in_own_group(command.argv, "the remote helper", ErrorKind::kUnavailable,
                                                       input.childs, output.write, errors.write));
  std::unique_ptr<HelperProcess> process(new HelperProcess(pid, std::move(input.ours), std::move(output.read),
                                                           std::move(errors.read), std::move(settings),
                                                           std::move(redaction)));
  output.write.reset();
  errors.write.reset();
  input.childs.reset();
  process->reader_ = std::thread([raw = process.get()] { raw->read_until_it_ends(); });
  // Where it has ended already, the first call says why.
  if (const auto written = process->write_all(command.preamble);
      !written && written.error().kind != ErrorKind::kUnavailable) {
    return tl::unexpected(written.error());
  }
  return process;
}

HelperProcess::HelperProcess(pid_t pid, util::Fd input, util::Fd output, util::Fd errors, Settings settings,
                             std::shared_ptr<const Redaction> redaction)
    : pid_(pid),
      kept_(pid),
      settings_(std::move(settings)),
      redaction_(std::move(redaction)),
      input_(std::move(input)),
      output_(std::move(output)),
      errors_(std::move(errors)) {}

HelperProcess::~HelperProcess() {
  {
    const std::lock_guard lock(write_mutex_);
    input_.reset();
  }
  {
    std::unique_lock lock(mutex_);
    (void)end_.wait_for(lock, kFarewell, [this] { return ended_; });
  }
  give_up("did not end with its standard input");
  reader_.join();
}

Result<nlohmann::json> HelperProcess::call(const nlohmann::json& request, std::string_view upload,
                                           const Pieces& received) {
  const auto exchange = std::make_shared<Exchange>();
  std::uint32_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    if (ended_ || !reason_.empty()) {
      return tl::unexpected(end_error());
    }
    id = next_id_++;
    exchanges_.emplace(id, exchange);
  }
  auto answer = [&]() -> Result<nlohmann::json> {
    TRY(send(HelperFrameKind::kRequest, id, request.dump()));
    while (!upload.empty()) {
      const std::string_view piece = upload.substr(0, kHelperPieceBytes);
      TRY(send(HelperFrameKind::kBody, id, piece));
      upload.remove_prefix(piece.size());
    }
    return wait_for_answer(id, *exchange, received);
  }();
  {
    const std::lock_guard lock(mutex_);
    exchanges_.erase(id);
  }
  if (!answer && answer.error().kind != ErrorKind::kUnavailable) {
    // It need not go on with what nobody waits for. Where it has ended, that is known by now or soon.
    (void)send(HelperFrameKind::kCancel, id, {});
  }
  return answer;
}

Result<nlohmann::json> HelperProcess::wait_for_answer(std::uint32_t id, Exchange& exchange, const Pieces& received) {
  while (true) {
    TRY_ASSIGN(HelperFrame frame, next_frame(exchange));
    if (frame.kind == HelperFrameKind::kBody) {
      if (!received) {
        give_up("sent a body that nobody asked for");
        const std::lock_guard lock(mutex_);
        return tl::unexpected(end_error());
      }
      TRY(received(frame.payload));
      TRY(send(HelperFrameKind::kCredit, id, helper_number(static_cast<std::uint32_t>(frame.payload.size()))));
    } else if (frame.kind == HelperFrameKind::kAnswer) {
      nlohmann::json answer = nlohmann::json::parse(frame.payload, nullptr, false);
      if (!answer.is_object()) {
        give_up(fmt::format("answered with what is no JSON object: '{}'",
                            util::visible((*redaction_)(frame.payload.substr(0, 200)), util::Keep::kNothing)));
        const std::lock_guard lock(mutex_);
        return tl::unexpected(end_error());
      }
      return answer;
    }
  }
}

Result<HelperFrame> HelperProcess::next_frame(Exchange& exchange) {
  std::unique_lock lock(mutex_);
  const auto deadline = Clock::now() + settings_.silence;
  while (true) {
    if (!exchange.frames.empty()) {
      HelperFrame frame = std::move(exchange.frames.front());
      exchange.frames.pop_front();
      return frame;
    }
    if (ended_) {
      return tl::unexpected(end_error());
    }
    if (settings_.interrupted && settings_.interrupted()) {
      return fail(ErrorKind::kInterrupted,
                  fmt::format("{} was not waited for: the run was stopped", settings_.subject));
    }
    if (Clock::now() >= deadline) {
      lock.unlock();
      give_up(fmt::format("did not answer within {} s", std::chrono::duration<double>(settings_.silence).count()));
      lock.lock();
      return tl::unexpected(end_error());
    }
    exchange.arrived.wait_until(lock, std::min(deadline, Clock::now() + kTick));
  }
}

Result<void> HelperProcess::send(HelperFrameKind kind, std::uint32_t id, std::string_view payload) {
  if (payload.size() > kHelperPayloadLimit) {
    return fail(ErrorKind::kInternal, fmt::format("a request to {} has {} bytes", settings_.subject, payload.size()));
  }
  return write_all(helper_header(kind, id, payload.size()).append(payload));
}

Result<void> HelperProcess::write_all(std::string_view bytes) {
  const std::lock_guard lock(write_mutex_);
  auto deadline = Clock::now() + settings_.silence;
  while (!bytes.empty()) {
    const ssize_t sent = ::send(input_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      deadline = Clock::now() + settings_.silence;
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) {
      // What it said before it ended is what people want to know.
      std::unique_lock state(mutex_);
      if (!end_.wait_for(state, kFarewell, [this] { return ended_; })) {
        state.unlock();
        give_up("closed its standard input");
        state.lock();
      }
      return tl::unexpected(end_error());
    }
    if (Clock::now() >= deadline) {
      give_up(fmt::format("read nothing for {} s", std::chrono::duration<double>(settings_.silence).count()));
      const std::lock_guard state(mutex_);
      return tl::unexpected(end_error());
    }
    pollfd wait{input_.get(), POLLOUT, 0};
    ::poll(&wait, 1, static_cast<int>(std::chrono::milliseconds(kTick).count()));
  }
  return {};
}

void HelperProcess::read_until_it_ends() {
  bool more_output = true;
  bool more_errors = true;
  // Standard error may be held open by what the helper has started; its end is that of standard output.
  while (more_output) {
    pollfd waits[] = {{output_.get(), POLLIN, 0}, {more_errors ? errors_.get() : -1, POLLIN, 0}};
    ::poll(waits, 2, static_cast<int>(std::chrono::milliseconds(kTick).count()));
    if (waits[1].revents != 0) {
      more_errors = read_errors();
    }
    if (waits[0].revents != 0) {
      more_output = read_output();
    }
    const std::lock_guard lock(mutex_);
    more_output = more_output && reason_.empty();
  }
  // One that has closed its standard output but goes on answers nothing any more, either.
  const auto deadline = Clock::now() + kFarewell;
  while (!util::is_zombie(pid_) && Clock::now() < deadline) {
    std::this_thread::sleep_for(1ms);
  }
  if (!util::is_zombie(pid_)) {
    give_up("closed its standard output");
  }
  while (more_errors) {
    pollfd wait{errors_.get(), POLLIN, 0};
    more_errors = ::poll(&wait, 1, 0) > 0 && read_errors();
  }
  const std::lock_guard lock(mutex_);
  status_ = util::kill_group_and_reap(pid_);
  ended_ = true;
  for (const auto& [id, exchange] : exchanges_) {
    exchange->arrived.notify_all();
  }
  end_.notify_all();
}

bool HelperProcess::read_output() {
  char chunk[65536];
  const ssize_t got = ::read(output_.get(), chunk, sizeof chunk);
  if (got <= 0) {
    return got < 0 && errno == EINTR;
  }
  decoder_.feed(std::string_view(chunk, static_cast<std::size_t>(got)));
  while (true) {
    auto frame = decoder_.next();
    if (!frame) {
      give_up((*redaction_)(frame.error().message));
      return false;
    }
    if (!*frame) {
      return true;
    }
    deliver(*std::move(*frame));
  }
}

bool HelperProcess::read_errors() {
  char chunk[4096];
  const ssize_t got = ::read(errors_.get(), chunk, sizeof chunk);
  if (got <= 0) {
    return got < 0 && errno == EINTR;
  }
  const std::lock_guard lock(mutex_);
  last_words_.append(chunk, static_cast<std::size_t>(got));
  if (last_words_.size() > 2 * kLastWordsBytes) {
    // At a line's start: half a secret would not be known as one.
    const std::size_t line = last_words_.find('\n', last_words_.size() - kLastWordsBytes);
    last_words_.erase(0, line == std::string::npos ? last_words_.size() : line + 1);
  }
  return true;
}

void HelperProcess::deliver(HelperFrame frame) {
  std::unique_lock lock(mutex_);
  const auto found = exchanges_.find(frame.id);
  if (found != exchanges_.end()) {
    found->second->frames.push_back(std::move(frame));
    found->second->arrived.notify_all();
  } else if (frame.id >= next_id_) {
    lock.unlock();
    give_up(fmt::format("answered request {}, which it was not sent", frame.id));
  }  // else it has been cancelled
}

void HelperProcess::give_up(std::string reason) {
  const std::lock_guard lock(mutex_);
  if (reason_.empty() && !ended_) {
    reason_ = std::move(reason);
    ::kill(-pid_, SIGKILL);
  }
}

Error HelperProcess::end_error() const {
  std::string why = reason_;
  if (why.empty()) {
    why = "ended: " + util::describe_wait_status(status_);
  }
  const std::string words = util::visible(last_lines((*redaction_)(last_words_)), util::Keep::kNothing);
  return Error{ErrorKind::kUnavailable, fmt::format("{} {}{}", settings_.subject, why,
                                                    words.empty() ? "" : fmt::format("; it said: {}", words))};
}

}  // namespace snapshot_test::remote
