#include "session/comparer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "store/digest.hpp"
#include "util/file.hpp"
#include "util/refusal.hpp"
#include "util/try.hpp"
#include "util/value_stream.hpp"

namespace snapshot_test::session {

using model::SiteComparison;
using model::SiteMatch;
using nlohmann::json;

namespace {

/// What comes before the answer: all values have been compared.
constexpr char kDone = 'D';
constexpr const char* kForged =
    "what it sent is not the value whose digest it had offered: either it is another one each time that it is pickled, "
    "or it was not offered in good faith";

/// Takes what is sent of a value to its end, also where comparing it has failed.
class AwaitedSink : public util::ByteSink {
 public:
  explicit AwaitedSink(inspect::StoredComparison* comparison) : comparison_(comparison) {}
  Result<void> write(std::span<const std::byte> bytes) override {
    bytes_ += bytes.size();
    fingerprint_.update(bytes);
    if (comparison_ != nullptr && compared_) {
      compared_ = comparison_->write(bytes);
    }
    return {};
  }
  [[nodiscard]] const Result<void>& compared() const { return compared_; }
  [[nodiscard]] bool is(const AwaitedValue::Promised& promised) const {
    return bytes_ == promised.bytes && fingerprint_.text() == promised.fingerprint;
  }

 private:
  inspect::StoredComparison* comparison_;
  store::Fingerprint fingerprint_;
  std::uint64_t bytes_ = 0;
  Result<void> compared_;
};

Result<void> compare_awaited(int socket, const Comparer::Places& places, const model::Rules& rules,
                             const AwaitedValue& awaited, SiteComparison& comparison) {
  auto against = inspect::StoredComparison::open(places.store, *awaited.baseline, places.scratch);
  AwaitedSink sink(against ? against->get() : nullptr);
  std::string broken;
  TRY(util::read_value(socket, sink, broken));
  if (!against) {
    return inspect::mark_unreadable(against.error(), comparison);
  }
  if (!broken.empty()) {
    comparison.match = SiteMatch::kOpaque;
    comparison.explanation = broken;
    return {};
  }
  if (awaited.promised && !sink.is(*awaited.promised)) {
    comparison.match = SiteMatch::kDifferent;
    comparison.wholly_different = true;
    comparison.explanation = kForged;
    return {};
  }
  std::vector<std::string> notes;
  const auto compared =
      sink.compared() ? (*against)->finish(awaited.now, rules, comparison, notes) : Result<void>(sink.compared());
  return compared ? Result<void>() : inspect::mark_unreadable(compared.error(), comparison);
}

json compare_all(int socket, const Comparer::Places& places, const model::Rules& rules,
                 const std::vector<AwaitedValue>& awaited) {
  json answer = {{"comparisons", json::array()}, {"refused", ""}};
  for (const AwaitedValue& each : awaited) {
    SiteComparison comparison;
    comparison.site = each.baseline->site;
    comparison.meaningful = each.baseline->meaningful;
    if (const auto compared = compare_awaited(socket, places, rules, each, comparison); !compared) {
      if (compared.error().kind != ErrorKind::kIo) {
        ::_exit(1);  // what came is no value: the case has ended in the middle, or is not what it should be
      }
      answer["refused"] = compared.error().message;
      break;
    }
    answer["comparisons"].push_back(comparison);
  }
  return answer;
}

/// Closes all but these: what belongs to other cases must end with those.
void close_others(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned from = 3;
  for (const int each : kept) {
    if (static_cast<unsigned>(each) > from) {
      ::close_range(from, static_cast<unsigned>(each) - 1, 0);
    }
    from = static_cast<unsigned>(each) + 1;
  }
  ::close_range(from, ~0U, 0);
}

[[noreturn]] void be_comparer(pid_t supervisor, int socket, int answers, const Comparer::Places& places,
                              const model::Rules& rules, const std::vector<AwaitedValue>& awaited) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != supervisor) {
    ::_exit(1);
  }
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  for (const int each : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) {
    ::signal(each, SIG_DFL);
  }
  ::signal(SIGINT, SIG_IGN);  // its parent ends it
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  std::vector<int> kept(places.descriptors.begin(), places.descriptors.end());
  kept.insert(kept.end(), {socket, answers});
  close_others(std::move(kept));
  try {
    const json answer = compare_all(socket, places, rules, awaited);
    if (::write(answers, &kDone, 1) != 1) {
      ::_exit(1);
    }
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
    const std::string text = answer.dump(-1, ' ', false, json::error_handler_t::replace);
    ::_exit(util::write_all(answers, std::as_bytes(std::span(text)), "the pipe of a comparison") ? 0 : 1);
  } catch (const std::exception&) {  // out of memory: a value that claims to be larger than what there is
    ::_exit(1);
  }
}

/// The whole of what the child still writes, which it does without waiting for anybody.
std::string read_rest(int fd) {
  constexpr int kSeconds = 30;
  std::string text;
  char chunk[1 << 16];
  for (;;) {
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, kSeconds * 1000) == 0) {
      return "";
    }
    const ssize_t got = ::read(fd, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return text;
    }
    text.append(chunk, static_cast<std::size_t>(got));
  }
}

}  // namespace

Result<std::unique_ptr<Comparer>> Comparer::start(const Places& places, const model::Rules& rules,
                                                  const std::vector<AwaitedValue>& awaited) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return tl::unexpected(util::refusal("create a socket", errno));
  }
  util::Fd theirs(ends[0]);
  util::Fd ours(ends[1]);
  TRY_ASSIGN(util::Pipe answers, util::make_pipe());
  const pid_t self = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    return tl::unexpected(util::refusal("fork a process that compares", errno));
  }
  if (pid == 0) {
    be_comparer(self, ours.get(), answers.write.get(), places, rules, awaited);
  }
  return std::unique_ptr<Comparer>(new Comparer(pid, std::move(theirs), std::move(answers.read)));
}

Comparer::~Comparer() {
  ::kill(pid_, SIGKILL);
  (void)util::wait_for(pid_);
}

Result<std::vector<SiteComparison>> Comparer::results() {
  const auto not_compared = [] {
    return fail(ErrorKind::kCorrupt,
                "its values were not all sent, or the process that compared them did not end well");
  };
  pollfd wait{answers_.get(), POLLIN, 0};
  char done = 0;
  if (::poll(&wait, 1, 0) != 1 || ::read(answers_.get(), &done, 1) != 1 || done != kDone) {
    return not_compared();
  }
  try {
    const json answer = json::parse(read_rest(answers_.get()));
    if (const auto refused = answer.at("refused").get<std::string>(); !refused.empty()) {
      return fail(ErrorKind::kIo, refused);
    }
    return answer.at("comparisons").get<std::vector<SiteComparison>>();
  } catch (const std::exception&) {
    return not_compared();
  }
}

}  // namespace snapshot_test::session
