// Collections of a remote: what they keep, and a model of pushes and collections that interleave.
#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "remote/check.hpp"
#include "remote/collect.hpp"
#include "remote/snapshot_list.hpp"
#include "remote_support.hpp"

namespace snapshot_test::remote {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Days = std::chrono::days;
using Clock = std::chrono::system_clock;

/// Of everything that refs lead to: what is missing. Looks at the storage itself, without a call.
std::string what_is_lost(const MemoryStorage& storage) {
  for (const std::string& key : storage.keys(keys::kRefs)) {
    const auto ref = must(ref_from_text(storage.bytes_of(key), key));
    if (!storage.has(ref.list)) {
      return key + " lost " + ref.list;
    }
    const auto list = must(list_from_text(storage.bytes_of(ref.list), ref.list));
    for (const auto& [needed, bytes] : list.needs()) {
      if (!storage.has(needed) || storage.bytes_of(needed).size() != bytes) {
        return key + " lost " + needed;
      }
    }
  }
  return "";
}

/// Baselines that share values, made once.
const std::vector<fs::path>& stores() {
  static const store::TemporaryFolder folder;
  static const std::vector<fs::path> all = [] {
    std::vector<fs::path> made;
    for (unsigned i = 0; i < 4; ++i) {
      made.push_back(folder.path() / std::to_string(i));
      capture_values(made.back(),
                     {{"bench.time_a", {"shared by all", "of " + std::to_string(i)}},
                      {"bench.time_b", {store::noise(17'000, i / 2), "of " + std::to_string(i % 3)}},
                      {"bench.time_c", {store::noise(17'000, 10 + i % 3)}}},
                     "run-" + std::to_string(i));
    }
    return made;
  }();
  return all;
}

class CollectTest : public testing::Test {
 protected:
  CollectTest() {
    storage.now = [this] { return time; };
  }

  CollectReport collect_now(CollectOptions::Mode mode = CollectOptions::Mode::kApply) {
    CollectOptions options;
    options.mode = mode;
    options.now = [] { return 0.0; };
    return must(collect(storage, options));
  }
  void remove_ref(const std::string& name) { storage.erase(keys::ref(name)); }

  Clock::time_point time = Clock::now();
  MemoryStorage storage;
};

TEST_F(CollectTest, WhatRefsLeadTo_StaysForever) {
  push_to(storage, stores()[0]);
  const auto before = storage.keys();
  for (int i = 0; i < 5; ++i) {
    time += 30 * Days(1);
    const auto report = collect_now();
    EXPECT_EQ(report.marked, 0U);
    EXPECT_EQ(report.removed, 0U);
  }
  EXPECT_EQ(storage.keys(), before);
}

TEST_F(CollectTest, WhatNothingLeadsTo_GoesAtTheSecondCollectionAfterTheGrace) {
  push_to(storage, stores()[0], "main");
  push_to(storage, stores()[3], "old");
  remove_ref("old");
  time += Days(13);
  EXPECT_EQ(collect_now().marked, 0U);
  time += Days(2);
  const auto first = collect_now();
  EXPECT_GT(first.marked, 0U);
  EXPECT_EQ(first.removed, 0U);
  time += 1h;
  EXPECT_EQ(collect_now().removed, 0U);  // the tombstones are too young
  time += kTombstoneRest;
  const auto second = collect_now();
  EXPECT_EQ(second.removed, first.marked);
  EXPECT_EQ(what_is_lost(storage), "");
  push_to(storage, stores()[3], "old");  // comes back under other names
  EXPECT_EQ(what_is_wrong(storage, "old"), "");
  EXPECT_EQ(what_is_wrong(storage, "main"), "");
}

TEST_F(CollectTest, DryRun_SaysTheSameAndWritesNothing) {
  storage.now = Clock::now;
  push_to(storage, stores()[0]);
  const auto before = storage.keys();
  const auto report = collect_now(CollectOptions::Mode::kDryRun);
  EXPECT_EQ(report.refs, 1U);
  EXPECT_EQ(report.removed, 0U);
  EXPECT_GT(report.kept, 0U);
  EXPECT_EQ(storage.keys(), before);
}

TEST_F(CollectTest, EmptiedRemote_EndsWithoutTombstones) {
  push_to(storage, stores()[0]);
  remove_ref("main");
  for (int i = 0; i < 5; ++i) {
    time += Days(15);
    collect_now();
  }
  EXPECT_EQ(storage.keys(), std::vector<std::string>{"format.json"});
}

TEST_F(CollectTest, RefThatCannotBeRead_StopsItBeforeAnythingGoes) {
  push_to(storage, stores()[0], "main");
  push_to(storage, stores()[3], "old");
  remove_ref("old");
  time += Days(15);
  collect_now();
  time += Days(15);
  const std::string list = must(find_ref(storage, "main"))->ref.list;
  const std::string text = storage.bytes_of(list);
  const std::vector<std::function<void()>> damages = {[&] { storage.erase(list); },
                                                      [&] { storage.set(list, text.substr(0, 100)); },
                                                      [&] {
                                                        storage.set(list, text);
                                                        storage.set("refs/main", "{");
                                                      }};
  for (const auto& damage : damages) {
    damage();
    const auto before = storage.keys("objects/");
    CollectOptions options;
    options.mode = CollectOptions::Mode::kApply;
    const auto report = collect(storage, options);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().kind, ErrorKind::kCorrupt);
    EXPECT_EQ(storage.keys("objects/"), before);
  }
}

TEST_F(CollectTest, FolderThatIsNoRemote_IsNoBaseline) {
  const auto report = collect(storage, {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kNoBaseline);
}

TEST_F(CollectTest, RemovedObjects_GoAThousandARequest) {
  push_to(storage, stores()[0]);
  for (int i = 0; i < 2500; ++i) {
    storage.set("objects/00/" + std::to_string(i) + ".pkl", "x");
  }
  time += Days(15);
  EXPECT_EQ(collect_now().marked, 2500U);
  time += kTombstoneRest;
  std::size_t requests = 0;
  storage.on_call = [&](const Call& call) -> Result<void> {
    requests += call.kind == Call::Kind::kRemove && call.when == Call::When::kBefore && call.key.starts_with("objects/")
                    ? 1
                    : 0;
    return {};
  };
  EXPECT_EQ(collect_now().removed, 2500U);
  EXPECT_EQ(requests, 3U);
}

TEST_F(CollectTest, BaselineNamedByNothingButItsDigest_IsKeptForTheGrace) {
  push_to(storage, stores()[0], "main");
  push_to(storage, stores()[1], "main");
  time += Days(10);
  collect_now();
  time += Days(3);
  collect_now();
  EXPECT_TRUE(
      must(find_list(storage, must(store::baseline_digest(*must(store::Store::open(stores()[0])))))).has_value());
  EXPECT_EQ(storage.keys(keys::kTombstones).size(), 0U);
}

// The model: pushes and collections, each call of the storage a step, in an order that a seed says.

struct ModelKilled {};

/// Lets one of several actors go on at a time, each up to its next call of the storage.
class Scheduler {
 public:
  explicit Scheduler(unsigned seed) : random_(seed) {}

  struct Actor {
    std::thread thread;
    bool waits = false;
    bool ended = false;
    std::optional<std::size_t> dies_at;  ///< so many steps from its start
    std::size_t steps = 0;
    Clock::time_point since;  ///< it has been waiting
  };

  std::size_t number(std::size_t below) { return random_() % below; }

  void start(std::function<void()> what, std::optional<std::size_t> dies_at) {
    actors_.push_back(std::make_unique<Actor>());
    Actor& actor = *actors_.back();
    actor.dies_at = dies_at;
    actor.thread = std::thread([this, &actor, what = std::move(what)] {
      current() = &actor;
      try {
        step();
        what();
      } catch (const ModelKilled&) {
      }
      const std::lock_guard lock(mutex_);
      actor.ended = true;
      running_ = false;
      changed_.notify_all();
    });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return actor.waits || actor.ended; });
  }

  /// Called by an actor before each call of the storage.
  void step() {
    Actor& actor = *current();
    std::unique_lock lock(mutex_);
    if (actor.dies_at && actor.steps >= *actor.dies_at) {
      throw ModelKilled();
    }
    ++actor.steps;
    actor.waits = true;
    actor.since = time;
    running_ = false;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !actor.waits; });
  }

  /// Until all have ended. No request takes longer than `longest`.
  void run(std::chrono::hours longest, const std::function<void()>& after_each) {
    for (;;) {
      Actor* next = nullptr;
      {
        const std::lock_guard lock(mutex_);
        std::vector<Actor*> waiting;
        for (const auto& actor : actors_) {
          if (!actor->ended) {
            waiting.push_back(actor.get());
          }
        }
        if (waiting.empty()) {
          break;
        }
        time += number(12) == 0 ? std::chrono::minutes(number(600)) : std::chrono::minutes(number(8));
        // Some steps of one actor in a row: what another has seen is old by then.
        next = waiting[number(waiting.size())];
        if (in_a_row_ > 0 && std::find(waiting.begin(), waiting.end(), last_) != waiting.end()) {
          --in_a_row_;
          next = last_;
        } else {
          in_a_row_ = number(2) == 0 ? number(40) : 0;
        }
        last_ = next;
        for (Actor* each : waiting) {
          next = time - each->since > longest - 10h ? each : next;
        }
      }
      std::unique_lock lock(mutex_);
      running_ = true;
      next->waits = false;
      changed_.notify_all();
      changed_.wait(lock, [&] { return !running_; });
      lock.unlock();
      after_each();
    }
    for (const auto& actor : actors_) {
      actor->thread.join();
    }
    actors_.clear();
    last_ = nullptr;
  }

  /// Null in the thread of the test.
  static Actor*& current() {
    thread_local Actor* actor = nullptr;
    return actor;
  }

  Clock::time_point time = Clock::now();

 private:
  std::mt19937_64 random_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool running_ = false;
  Actor* last_ = nullptr;     ///< that was let go on
  std::size_t in_a_row_ = 0;  ///< times that it is let go on again
  std::vector<std::unique_ptr<Actor>> actors_;
};

/// What is lost in one history of pushes and collections; empty where nothing is.
std::string play(unsigned seed, std::chrono::seconds rest, std::size_t& removed) {
  Scheduler scheduler(seed);
  MemoryStorage storage;
  storage.now = [&] { return scheduler.time; };
  storage.on_call = [&](const Call& call) -> Result<void> {
    if (call.when == Call::When::kBefore && Scheduler::current() != nullptr) {
      scheduler.step();
    }
    return {};
  };
  const auto seconds = [&] { return std::chrono::duration<double>(scheduler.time.time_since_epoch()).count(); };
  const std::array<std::string, 3> refs{"main", "dev", "pull/1"};
  std::string lost;
  const auto look = [&] { lost = lost.empty() ? what_is_lost(storage) : lost; };
  for (std::size_t episode = 0; episode < 6 && lost.empty(); ++episode) {
    const std::size_t actors = 1 + scheduler.number(4);
    for (std::size_t i = 0; i < actors; ++i) {
      const std::optional<std::size_t> dies_at =
          scheduler.number(5) == 0 ? std::optional(scheduler.number(30)) : std::nullopt;
      if (scheduler.number(5) < 3) {
        PushOptions options;
        options.ref = refs.at(scheduler.number(refs.size()));
        options.at_once = 1;
        options.now = seconds;
        const fs::path& root = stores().at(scheduler.number(stores().size()));
        scheduler.start([&storage, options, &root] { must(push(*must(store::Store::open(root)), storage, options)); },
                        dies_at);
      } else {
        CollectOptions options;
        options.mode = CollectOptions::Mode::kApply;
        options.grace = Days(std::array{0, 1, 14}.at(scheduler.number(3)));
        options.rest = rest;
        options.now = seconds;
        scheduler.start(
            [&storage, options, &removed] {
              const auto report = collect(storage, options);
              // Before the first push there is no remote, and what takes too long ends without harm.
              if (report) {
                removed += report->removed;
              } else if (report.error().kind != ErrorKind::kNoBaseline &&
                         report.error().kind != ErrorKind::kUnavailable) {
                throw std::runtime_error(report.error().message);
              }
            },
            dies_at);
      }
    }
    scheduler.run(20h, look);
    if (scheduler.number(3) == 0) {
      storage.erase(keys::ref(refs.at(scheduler.number(refs.size()))));
    }
    scheduler.time += std::chrono::hours(scheduler.number(2) == 0 ? scheduler.number(60) : scheduler.number(24 * 30));
  }
  return lost;
}

TEST(RemoteModelTest, PushesAndCollectionsInAnyOrder_LoseNothingThatARefLeadsTo) {
  const char* wanted = std::getenv("SNAPSHOT_TEST_HISTORIES");
#ifdef __SANITIZE_ADDRESS__
  constexpr unsigned kUsual = 100;  // ten times as slow
#else
  constexpr unsigned kUsual = 1000;
#endif
  const unsigned histories = wanted == nullptr ? kUsual : static_cast<unsigned>(std::stoul(wanted));
  std::size_t removed = 0;
  for (unsigned seed = 0; seed < histories; ++seed) {
    ASSERT_EQ(play(seed, kTombstoneRest, removed), "") << "seed " << seed;
  }
  EXPECT_GT(removed, histories);  // it is not that nothing is ever removed
}

TEST(RemoteModelTest, CollectionsThatDoNotWait_AreFoundToLoseSomething) {
  std::size_t removed = 0;
  for (unsigned seed = 0; seed < 5000; ++seed) {
    if (!play(seed, 0s, removed).empty()) {
      return;
    }
  }
  FAIL() << "the model finds no loss where there has to be one";
}

}  // namespace

}  // namespace snapshot_test::remote
