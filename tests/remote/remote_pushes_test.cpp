// Pushes to a real S3 server: stopped at every request, killed at any moment, against each other; and repaired.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <thread>

#include "remote/check.hpp"
#include "remote/helper_storage.hpp"
#include "remote/real_server.hpp"
#include "unit/remote_support.hpp"

namespace snapshot_test::remote {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

struct Stopped {};

/// Part of another storage, which may be stopped before or after one of its calls, as its process may be.
class PartOf : public Storage {
 public:
  PartOf(Storage& whole, std::string folder) : whole_(whole), folder_(std::move(folder) + "/") {}

  [[nodiscard]] std::string name() const override { return whole_.name() + "/" + folder_; }
  [[nodiscard]] Result<std::optional<Content>> get(std::string_view key) override {
    return call([&] { return whole_.get(folder_ + std::string(key)); });
  }
  [[nodiscard]] Result<bool> read(std::string_view key, std::optional<Range> range, const Receiver& receiver) override {
    return call([&] { return whole_.read(folder_ + std::string(key), range, receiver); });
  }
  [[nodiscard]] Result<Written> put(std::string_view key, std::string_view bytes, const Condition& condition) override {
    return call([&] { return whole_.put(folder_ + std::string(key), bytes, condition); });
  }
  [[nodiscard]] Result<Written> put_file(std::string_view key, const std::string& path, std::optional<Range> range,
                                         const Condition& condition) override {
    return call([&] { return whole_.put_file(folder_ + std::string(key), path, range, condition); });
  }
  [[nodiscard]] Result<std::vector<Entry>> list(std::string_view prefix) override {
    auto listed = call([&] { return whole_.list(folder_ + std::string(prefix)); });
    if (listed) {
      for (Entry& entry : *listed) {
        entry.key.erase(0, folder_.size());
      }
    }
    return listed;
  }
  [[nodiscard]] Result<void> remove(std::span<const std::string> keys) override {
    std::vector<std::string> longer;
    for (const std::string& key : keys) {
      longer.push_back(folder_ + key);
    }
    return call([&] { return whole_.remove(longer); });
  }

  std::size_t stop_at = ~std::size_t{0};  ///< counts twice for each call: before it, and after it
  std::size_t moments = 0;

 private:
  void pass_moment() {
    if (moments++ == stop_at) {
      throw Stopped();
    }
  }
  template <class Work>
  auto call(const Work& work) -> decltype(work()) {
    pass_moment();
    auto result = work();
    pass_moment();
    return result;
  }

  Storage& whole_;
  std::string folder_;
};

class RemotePushes : public testing::Test {
 protected:
  void SetUp() override {
    if (remote_python().empty()) {
      ASSERT_EQ(std::getenv("SNAPSHOT_TEST_REQUIRE_ALL"), nullptr) << "SNAPSHOT_TEST_REMOTE_PYTHON is not set";
      GTEST_SKIP() << "SNAPSHOT_TEST_REMOTE_PYTHON names no Python with tests/remote/requirements.txt";
    }
    capture_values(in("old"), some_values(1));
    capture_values(in("new"), some_values(2), "run-2");
  }
  fs::path in(const std::string& name) const { return folder.path() / name; }
  std::string digest_in(const std::string& name) const {
    return must(store::baseline_digest(*must(store::Store::open(in(name)))));
  }
  /// Every byte that the refs lead to is read and checked.
  CheckReport check_all(Storage& storage, const store::Store* repair_from = nullptr) {
    CheckOptions options;
    options.depth = CheckOptions::Depth::kData;
    options.repair_from = repair_from;
    options.scratch = in("scratch");
    fs::create_directories(options.scratch);
    return must(check(storage, options));
  }
  static std::string digest_of_ref(Storage& storage) { return must(find_ref(storage, "main"))->ref.digest; }

  store::TemporaryFolder folder;
};

TEST_F(RemotePushes, StoppedAtEveryRequest_TheRefIsTheOldOrTheNewOneAndWhole) {
  const RealServer server("s3");
  const auto storage = server.open(60s);
  std::set<std::string> seen;
  for (std::size_t at = 0;; ++at) {
    PartOf part(*storage, "at-" + std::to_string(at));
    push_to(part, in("old"));
    part.moments = 0;
    part.stop_at = at;
    bool finished = false;
    try {
      push_to(part, in("new"));
      finished = true;
    } catch (const Stopped&) {
    }
    part.stop_at = ~std::size_t{0};
    const std::string now = digest_of_ref(part);
    ASSERT_TRUE(now == digest_in("old") || now == digest_in("new")) << "stopped at moment " << at;
    ASSERT_THAT(check_all(part).problems, testing::IsEmpty()) << "stopped at moment " << at;
    seen.insert(now);
    if (finished) {
      EXPECT_GT(at, 15U);
      break;
    }
    push_to(part, in("new"));
    ASSERT_EQ(digest_of_ref(part), digest_in("new"));
  }
  EXPECT_EQ(seen.size(), 2U);
}

TEST_F(RemotePushes, ProcessKilledAtAnyMoment_TheRefIsTheOldOrTheNewOneAndWhole) {
  const RealServer server("s3");
  const auto storage = server.open(60s);
  push_to(*storage, in("old"));
  const char* python = std::getenv("SNAPSHOT_TEST_REMOTE_PYTHON");
  ASSERT_NE(python, nullptr);
  std::ofstream(folder.path() / "snapshot_config.json") << nlohmann::json{{"remote_python", python}};
  std::mt19937 random(1);
  for (int round = 0; round < 12; ++round) {
    const std::string store = round % 2 == 0 ? "new" : "old";
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      if (::chdir(folder.path().c_str()) != 0) {
        ::_exit(126);
      }
      ::execl(SNAPSHOT_TEST_BINARY, "snapshot_test", "push", server.url().c_str(), "--snapshot-dir", in(store).c_str(),
              "--quiet", static_cast<char*>(nullptr));
      ::_exit(127);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200 + random() % 2500));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) != 0) << "exit status " << WEXITSTATUS(status);
    const std::string now = digest_of_ref(*storage);
    ASSERT_TRUE(now == digest_in("old") || now == digest_in("new"));
    ASSERT_THAT(check_all(*storage).problems, testing::IsEmpty()) << "round " << round;
  }
}

TEST_F(RemotePushes, RacingPushers_LeaveOneOfTheirBaselinesWhole) {
  const RealServer server("s3");
  const auto first = server.open(60s);
  const auto second = server.open(60s);
  std::atomic<int> done = 0;
  std::atomic<int> moved = 0;
  for (int round = 0; round < 6; ++round) {
    capture_values(in("a"), some_values(10 + static_cast<unsigned>(round)), "run-a" + std::to_string(round));
    capture_values(in("b"), some_values(50 + static_cast<unsigned>(round)), "run-b" + std::to_string(round));
    const auto race = [&](Storage& storage, const std::string& store) {
      const PushReport report = push_to(storage, in(store));
      ++(report.end == PushReport::End::kMoved ? moved : done);
    };
    std::thread other(race, std::ref(*second), "b");
    race(*first, "a");
    other.join();
    const std::string now = digest_of_ref(*first);
    ASSERT_TRUE(now == digest_in("a") || now == digest_in("b"));
    ASSERT_THAT(check_all(*first).problems, testing::IsEmpty());
  }
  EXPECT_EQ(done + moved, 12);
  EXPECT_GE(done, 6) << "one of both always succeeds";
}

TEST_F(RemotePushes, WhatIsMissingOrDamaged_IsRepairedFromALocalStore) {
  const RealServer server("s3");
  const auto storage = server.open(60s);
  push_to(*storage, in("old"));
  std::vector<std::string> keys;
  for (const Entry& entry : must(storage->list("objects/"))) {
    keys.push_back(entry.key);
  }
  for (const Entry& entry : must(storage->list("packs/"))) {
    keys.push_back(entry.key);
  }
  ASSERT_GE(keys.size(), 2U);
  for (const std::string& key : keys) {
    ASSERT_TRUE(storage->remove(std::span(&key, 1)));
    EXPECT_THAT(check_all(*storage).problems, testing::Not(testing::IsEmpty())) << key;
    const auto store = must(store::Store::open(in("old")));
    EXPECT_THAT(check_all(*storage, store.get()).problems, testing::IsEmpty()) << key;
    EXPECT_THAT(check_all(*storage).problems, testing::IsEmpty()) << key;
  }
}

}  // namespace
}  // namespace snapshot_test::remote
