#include "crash/trials.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace snapshot_test::crash {

namespace fs = std::filesystem;
using Kind = FileCall::Kind;

namespace {

/// How much of what is possible a run of the tests looks at.
struct Effort {
  std::size_t states = 120;
  std::size_t refusals = 50;
  std::size_t twice = 12;
  std::size_t random = 2;  ///< states by chance after each call
};

Effort effort() {
  const char* text = std::getenv("SNAPSHOT_TEST_CRASH_STATES");
  if (text == nullptr) {
    return {};
  }
  constexpr std::size_t kAll = std::size_t{1} << 40U;
  const std::size_t count = std::string_view(text) == "all" ? kAll : std::strtoul(text, nullptr, 10);
  return {count, count, count, 20};
}

/// Do the calls of this kind need room on the disk?
bool takes_room(Kind kind) {
  return kind == Kind::kCreate || kind == Kind::kWrite || kind == Kind::kMakeFolder || kind == Kind::kLink ||
         kind == Kind::kRename || kind == Kind::kSync || kind == Kind::kSyncAll;
}

struct Refusal {
  const char* name;
  int error;
  enum class Which { kOne, kFromThereOn, kShort } which;
  bool (*concerns)(Kind);
};

const std::array<Refusal, 5>& refusals() {
  static const std::array<Refusal, 5> all{{
      {"EIO", EIO, Refusal::Which::kOne, [](Kind) { return true; }},
      {"ENOSPC", ENOSPC, Refusal::Which::kOne, takes_room},
      {"short write", 0, Refusal::Which::kShort, [](Kind kind) { return kind == Kind::kWrite; }},
      {"full from there on", ENOSPC, Refusal::Which::kFromThereOn, takes_room},
      {"read-only from there on", EROFS, Refusal::Which::kFromThereOn, [](Kind kind) { return kind != Kind::kClose; }},
  }};
  return all;
}

class Trials {
 public:
  explicit Trials(const Subject& subject) : subject_(subject), begin_(start()) {}

  Figures run() {
    const auto recorded = record();
    crash(*recorded);
    refuse(*recorded);
    crash_twice(*recorded);
    std::printf("CRASHES | %s | %zu | %zu of %zu | %zu | %zu | %zu | %zu |\n", subject_.name.c_str(), figures_.calls,
                figures_.states, figures_.possible, figures_.old_ones, figures_.new_ones, figures_.refused,
                figures_.twice);
    return figures_;
  }

 private:
  std::unique_ptr<Disk> start() {
    fs::create_directories(subject_.world);
    subject_.prepare();
    before_ = look();
    return std::make_unique<Disk>(subject_.world);
  }

  std::string look() const {
    try {
      return subject_.look();
    } catch (const std::exception& error) {
      return std::string("thrown: ") + error.what();
    }
  }

  std::string next(const std::string& seen) const {
    try {
      return subject_.next(seen);
    } catch (const std::exception& error) {
      return std::string("thrown: ") + error.what();
    }
  }

  Result<void> command() const {
    try {
      return subject_.command();
    } catch (const std::exception& error) {
      return fail(ErrorKind::kInternal, std::string("thrown: ") + error.what());
    }
  }

  void reset() const { begin_->materialize(begin_->killed_after(0)); }

  bool is_right(const std::string& seen) const {
    return seen == before_ || seen == after_ || (subject_.also_right && subject_.also_right(seen));
  }

  std::unique_ptr<Disk> record() {
    auto disk = std::make_unique<Disk>(subject_.world);
    {
      const Watching watching(subject_.world, *disk);
      const auto done = command();
      EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().message);
    }
    // What was recorded is what there is: nothing went by the seam.
    const Disk really(subject_.world);
    EXPECT_EQ(disk->files(disk->killed_after(disk->calls())), really.files(really.killed_after(0)));
    after_ = look();
    figures_.calls = disk->calls();
    return disk;
  }

  /// Looks at a state that is on the disk now.
  void judge(const std::string& what, bool must_be_new) {
    const std::string seen = look();
    if (must_be_new ? seen != after_ : !is_right(seen)) {
      report(what, "a reader sees: " + seen + (must_be_new ? " (said to be done)" : ""));
      return;
    }
    figures_.old_ones += seen == before_ ? 1 : 0;
    figures_.new_ones += seen == after_ && seen != before_ ? 1 : 0;
    if (const std::string wrong = next(seen); !wrong.empty()) {
      report(what, "the next command: " + wrong);
    }
  }

  void report(const std::string& what, const std::string& wrong) {
    constexpr std::size_t kMost = 5;
    if (++wrong_ <= kMost) {
      ADD_FAILURE() << subject_.name << ": " << what << "\n  " << wrong << "\n  before: " << before_
                    << "\n  after:  " << after_;
    } else {
      ADD_FAILURE() << subject_.name << ": and more";
    }
  }

  [[nodiscard]] bool is_hopeless() const { return wrong_ > 5; }

  static std::string at(const Disk& disk, std::size_t calls) {
    return "after " + std::to_string(calls) + " calls (the last: " + (calls == 0 ? "none" : disk.log()[calls - 1]) +
           "), ";
  }

  void crash(const Disk& disk) {
    std::vector<CrashState> chosen;
    std::unordered_set<std::uint64_t> known;
    const Effort most = effort();
    for (std::size_t calls = 0; calls <= disk.calls(); ++calls) {
      std::vector<CrashState> states = disk.states_after(calls, most.random, engine_);
      std::vector<CrashState> some;
      for (CrashState& state : states) {
        // What must be there at the end is more than what may be in between.
        if (known.insert(disk.signature(state) + (calls == disk.calls() ? 1 : 0)).second) {
          some.push_back(std::move(state));
        }
      }
      figures_.possible += some.size();
      // A share of each call's: the first two are all and nothing.
      const std::size_t share = std::max<std::size_t>(2, most.states / (disk.calls() + 1));
      const std::size_t fixed = calls == disk.calls() ? some.size() : std::min<std::size_t>(2, some.size());
      std::shuffle(some.begin() + static_cast<std::ptrdiff_t>(fixed), some.end(), engine_);
      some.resize(std::min(some.size(), std::max(share, fixed)));
      std::move(some.begin(), some.end(), std::back_inserter(chosen));
    }
    for (const CrashState& state : chosen) {
      disk.materialize(state);
      ++figures_.states;
      judge("crash " + at(disk, state.calls) + state.how, state.calls == disk.calls());
      if (is_hopeless()) {
        return;
      }
    }
  }

  /// What happens when `number` is refused in a run of its own.
  void refuse_one(const Refusal& refusal, std::size_t number) {
    reset();
    Disk disk(subject_.world);
    std::string refused;
    disk.answer = [&](const FileCall& call, std::size_t now) -> Answer {
      const bool here = refusal.which == Refusal::Which::kFromThereOn ? now >= number : now == number;
      if (!here || !refusal.concerns(call.kind)) {
        return {};
      }
      refused += refused.empty() ? disk.log().back() : "";
      return refusal.which == Refusal::Which::kShort ? Answer{0, call.bytes.size() / 2} : Answer{refusal.error};
    };
    const auto done = [&] {
      const Watching watching(subject_.world, disk);
      return command();
    }();
    if (refused.empty()) {
      return;  // this time there was no such call
    }
    ++figures_.refused;
    const std::string what = std::string(refusal.name) + " at call " + std::to_string(number) + " (" + refused +
                             "), the command says: " + (done ? "done" : done.error().message) + ", ";
    if (refusal.which == Refusal::Which::kShort && !done) {
      report(what, "a short write is no failure");
    }
    const std::string& says = done ? std::string() : done.error().message;
    const bool says_done = done || (subject_.says_done && subject_.says_done(says));
    const bool must_be_old = says.find("as it was") != std::string::npos && !subject_.also_right && !says_done;
    std::vector<CrashState> states{disk.killed_after(disk.calls()), disk.bare_after(disk.calls())};
    auto others = disk.states_after(disk.calls(), effort().random, engine_);
    std::shuffle(others.begin(), others.end(), engine_);
    others.resize(std::min<std::size_t>(others.size(), 2));
    std::move(others.begin(), others.end(), std::back_inserter(states));
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (i != 0) {
        disk.materialize(states[i]);
      }
      const std::string then = what + (i == 0 ? "no crash" : "then a crash: " + states[i].how);
      if (const std::string seen = must_be_old ? look() : ""; must_be_old && seen != before_) {
        report(then, "a reader sees: " + seen);
      } else {
        judge(then, says_done);
      }
    }
  }

  void refuse(const Disk& disk) {
    std::vector<std::pair<const Refusal*, std::size_t>> all;
    for (std::size_t number = 0; number < disk.calls(); ++number) {
      for (const Refusal& refusal : refusals()) {
        if (refusal.concerns(disk.kind_of(number))) {
          all.emplace_back(&refusal, number);
        }
      }
    }
    std::shuffle(all.begin(), all.end(), engine_);
    all.resize(std::min(all.size(), effort().refusals));
    const Figures before = figures_;
    for (const auto& [refusal, number] : all) {
      refuse_one(*refusal, number);
      if (is_hopeless()) {
        return;
      }
    }
    figures_.old_ones = before.old_ones;
    figures_.new_ones = before.new_ones;
  }

  /// Stopped, run again to its end, and then the disk crashes: what the second run found must be durable, too.
  void crash_twice(const Disk& disk) {
    std::vector<std::size_t> stops(disk.calls());
    std::iota(stops.begin(), stops.end(), std::size_t{0});
    std::shuffle(stops.begin(), stops.end(), engine_);
    stops.resize(std::min(stops.size(), effort().twice));
    const Figures before = figures_;
    for (const std::size_t stop : stops) {
      disk.materialize(disk.killed_after(stop));
      const auto again = disk.go_on_after(stop);
      const auto done = [&] {
        const Watching watching(subject_.world, *again);
        return command();
      }();
      const std::string what = "stopped " + at(disk, stop) + "and run again, which says " +
                               (done ? "done" : done.error().message) + ", then a crash: ";
      std::vector<CrashState> states{again->bare_after(again->calls())};
      const auto add_some = [&](std::size_t calls, std::size_t most) {
        auto others = again->states_after(calls, effort().random, engine_);
        std::shuffle(others.begin(), others.end(), engine_);
        others.resize(std::min(others.size(), most));
        std::move(others.begin(), others.end(), std::back_inserter(states));
      };
      add_some(again->calls(), 1);
      for (int moment = 0; moment < 3; ++moment) {
        add_some(stop + engine_() % (again->calls() - stop + 1), 1);
      }
      for (const CrashState& state : states) {
        again->materialize(state);
        ++figures_.twice;
        judge(what + at(*again, state.calls) + state.how, done.has_value() && state.calls == again->calls());
      }
      if (is_hopeless()) {
        return;
      }
    }
    figures_.old_ones = before.old_ones;
    figures_.new_ones = before.new_ones;
  }

  const Subject& subject_;
  std::string before_;
  std::string after_;
  std::unique_ptr<Disk> begin_;
  std::mt19937 engine_{20261128};
  Figures figures_;
  std::size_t wrong_ = 0;
};

}  // namespace

Figures try_all(const Subject& subject) { return Trials(subject).run(); }

fs::path quick_folder() { return ::access("/dev/shm", W_OK) == 0 ? fs::path("/dev/shm") : fs::temp_directory_path(); }

}  // namespace snapshot_test::crash
