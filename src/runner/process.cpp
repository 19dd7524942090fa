#include "runner/process.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "util/process.hpp"

namespace snapshot_test::runner {

using model::BranchFailure;
using model::Ending;

namespace {

/// What is kept of a process's output: this much from the start and as much from the end.
constexpr std::size_t kOutputHalf = 32 * 1024;
/// For looking at a case's values: enough for gigabytes, and an end to what has none.
constexpr std::chrono::minutes kLooking{10};
/// What a process gets that has nothing more to do than to end.
constexpr std::chrono::seconds kEndGrace{5};
/// What a process that has a processor to itself waits for it now and then.
constexpr std::chrono::milliseconds kLeastWaiting{20};
/// What faulthandler writes above the stacks of a process that is aborted because its time is up.
constexpr std::string_view kAborted = "Fatal Python error: Aborted";
/// And below them.
constexpr std::string_view kModules = "\nExtension modules: ";

}  // namespace

void Process::grant(double seconds, LimitFrom from) {
  timeout = seconds;
  limit_from = from;
  deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

void Process::begin_case(double seconds, LimitFrom from) {
  answer.reset();
  hearing.reset();
  paused_with.reset();
  text_.clear();
  text_dropped_ = 0;
  begun = Clock::now();
  grant(seconds, from);
}

void Process::pause() {
  if (killing == Killing::kNo && deadline && !paused_with) {
    paused_with = *deadline - Clock::now();
    deadline = Clock::now() + kLooking;
  }
}

void Process::resume() {
  if (killing == Killing::kNo && paused_with) {
    deadline = Clock::now() + *std::exchange(paused_with, std::nullopt);
  }
}

bool Process::give_back_waiting() {
  const auto waited = std::chrono::duration_cast<Clock::duration>(util::waited_for_processor(pid));
  if (waited - given_back_ < kLeastWaiting) {
    return false;
  }
  deadline = Clock::now() + (waited - given_back_);
  given_back_ = waited;
  return true;
}

void Process::expect_end() {
  killing = Killing::kForced;
  deadline = Clock::now() + kEndGrace;
}

void Process::read_output() {
  char chunk[1 << 16];
  while (output) {
    const ssize_t got = ::read(output.get(), chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0 && errno == EAGAIN) {
      return;
    }
    if (got <= 0) {
      output.reset();
      return;
    }
    text_.append(chunk, static_cast<std::size_t>(got));
    if (text_.size() > 4 * kOutputHalf) {
      text_dropped_ += text_.size() - 2 * kOutputHalf;
      text_.erase(kOutputHalf, text_.size() - 2 * kOutputHalf);
    }
  }
}

std::string Process::output_text() const {
  std::string text = whole_output();
  return timed_out ? text.substr(0, text.rfind(kAborted)) : text;
}

std::string Process::whole_output() const {
  std::string text = text_;
  if (text_dropped_ > 0) {
    text.insert(std::min(kOutputHalf, text.size()), fmt::format("\n[... {} bytes left out ...]\n", text_dropped_));
  }
  return text;
}

/// That we aborted it is our way to learn where it was; it did not crash.
BranchFailure Process::timeout_failure() const {
  const char* who = limit_from == LimitFrom::kBenchmark ? "the benchmark's own timeout"
                    : limit_from == LimitFrom::kTimeout ? "--timeout"
                                                        : "--import-timeout";
  std::string stacks;
  const std::string text = whole_output();
  if (const std::size_t at = text.rfind(kAborted); at != std::string::npos) {
    stacks = text.substr(at + kAborted.size());
    stacks.erase(0, stacks.find_first_not_of('\n'));
    stacks.erase(std::min(stacks.find(kModules), stacks.size()));
  }
  std::string what = fmt::format("did not end within {:g} s, the limit that {} sets", timeout, who);
  if (paused_with) {
    what = fmt::format(
        "its call ended, but looking at its values did not within {} minutes; max_value_bytes and "
        "max_iterator_items in the configuration bound that",
        kLooking.count());
  }
  return {Ending::kTimedOut, std::move(what), std::move(stacks)};
}

BranchFailure Process::failure() const {
  if (const BranchFailure* own = answered_failure()) {
    return *own;
  }
  if (timed_out) {
    return timeout_failure();
  }
  if (broken) {
    return {Ending::kProtocol, "wrote to a descriptor that it did not open, so its result is lost", ""};
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == model::kChannelLost) {
    return {Ending::kProtocol, "closed a descriptor that it did not open, so its result is lost", ""};
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == model::kNoMemoryToAnswer) {
    return {Ending::kOutOfMemory, "out of memory, so that its result is lost", ""};
  }
  const std::string how = util::describe_wait_status(status);
  if (WIFSIGNALED(status)) {
    return {Ending::kSignalled, WTERMSIG(status) == SIGKILL ? how + " (as the kernel does when memory runs out)" : how,
            ""};
  }
  return {Ending::kExited, fmt::format("left the interpreter ({}) before its result was known", how), ""};
}

}  // namespace snapshot_test::runner
