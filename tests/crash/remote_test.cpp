// A folder as a remote under every crash: a ref leads to the old baseline or the new one, whole, and what the next
// command does is whole, too.
#include <gtest/gtest.h>

#include "crash/baselines.hpp"
#include "crash/trials.hpp"
#include "remote/baseline.hpp"
#include "remote/collect.hpp"
#include "remote/file_storage.hpp"
#include "remote/pull.hpp"
#include "remote/push.hpp"
#include "util/try.hpp"

namespace snapshot_test::crash {
namespace {

namespace fs = std::filesystem;
using remote::FileStorage;
using remote::Use;
using store::must;

class RemoteCrashes : public ::testing::Test {
 protected:
  [[nodiscard]] Result<void> push_from(const fs::path& local) const {
    TRY_ASSIGN(const auto storage, FileStorage::open(remote, Use::kWrite));
    TRY_ASSIGN(const auto from, store::Store::open(local));
    remote::PushOptions options;
    options.at_once = 1;
    TRY_ASSIGN(const auto report, remote::push(*from, *storage, options));
    return report.end == remote::PushReport::End::kMoved ? fail(ErrorKind::kInternal, "moved") : Result<void>();
  }
  [[nodiscard]] Result<void> collect(int times) const {
    TRY_ASSIGN(const auto storage, FileStorage::open(remote, Use::kWrite));
    for (int i = 0; i < times; ++i) {
      remote::CollectOptions options;
      options.grace = std::chrono::seconds(0);
      options.rest = std::chrono::seconds(0);
      options.mode = remote::CollectOptions::Mode::kApply;
      TRY(remote::collect(*storage, options).map([](const auto&) {}));
    }
    return {};
  }
  /// The baseline that the ref names, all of it read; "no baseline" where there is no ref.
  [[nodiscard]] std::string look_at_remote() const {
    const auto storage = FileStorage::open(remote, Use::kRead);
    if (!storage) {
      return storage.error().kind == ErrorKind::kUnavailable && !fs::exists(remote) ? "no baseline"
                                                                                    : storage.error().message;
    }
    const auto list = remote::find_list(**storage, remote::Reference());
    if (!list) {
      return list.error().kind == ErrorKind::kNoBaseline ? "no baseline" : list.error().message;
    }
    const auto texts = remote::fetch_texts(**storage, *list, 1);
    if (!texts) {
      return texts.error().message;
    }
    const store::TemporaryFolder scratch;
    std::vector<const remote::ListedObject*> all;
    for (const auto& [sha256, object] : list->objects) {
      all.push_back(&object);
    }
    const auto damage = remote::fetch_objects(
        **storage, all, [](const auto&, const fs::path&) { return Result<void>(); }, {scratch.path(), 1, {}});
    if (!damage) {
      return damage.error().message;
    }
    return damage->empty() ? list->digest.substr(0, 8) : "damaged: " + damage->begin()->second;
  }
  /// Another push, two collections, and a push of what those have removed.
  [[nodiscard]] std::string push_and_collect() const {
    const auto fine = [&](const Result<void>& done, const char* what) {
      if (!done) {
        return what + (": " + done.error().message);
      }
      const std::string seen = look_at_remote();
      return seen.size() == 8 ? std::string() : what + (": then the remote has " + seen);
    };
    std::string wrong = fine(push_from(other), "push");
    wrong = wrong.empty() ? fine(collect(2), "gc") : wrong;
    wrong = wrong.empty() ? fine(push_from(root), "push again") : wrong;
    wrong = wrong.empty() ? fine(collect(2), "gc again") : wrong;
    return wrong;
  }
  [[nodiscard]] Subject subject(std::string name) const {
    Subject made;
    made.name = std::move(name);
    made.world = folder.path() / "world";
    made.look = [this] { return look_at_remote(); };
    made.next = [this](const std::string&) { return push_and_collect(); };
    return made;
  }
  RemoteCrashes() {
    must(capture(other, "run-1", values_of(7)));
    must(capture(root, "run-1", values_of(1)));
    must(capture(changed, "run-2", values_of(2)));
  }

  store::TemporaryFolder folder{quick_folder()};
  // Local stores are outside of the world: what is tried is the remote.
  fs::path other = folder.path() / "other";
  fs::path root = folder.path() / "store";
  fs::path changed = folder.path() / "changed";
  fs::path remote = folder.path() / "world/remote";
};

TEST_F(RemoteCrashes, FirstPush_IsThereOrNot) {
  Subject first = subject("push, the first");
  first.prepare = [] {};
  first.command = [this] { return push_from(root); };
  const Figures figures = try_all(first);
  EXPECT_GT(figures.old_ones, 0U);
  EXPECT_GT(figures.new_ones, 0U);
}

TEST_F(RemoteCrashes, SecondPush_LeavesTheOldOrTheNewBaseline) {
  Subject second = subject("push, the second");
  second.prepare = [this] { must(push_from(root)); };
  second.command = [this] { return push_from(changed); };
  const Figures figures = try_all(second);
  EXPECT_GT(figures.old_ones, 0U);
  EXPECT_GT(figures.new_ones, 0U);
}

TEST_F(RemoteCrashes, ThirdPush_FollowsTheVersionsOfTheRef) {
  Subject third = subject("push, the third");
  third.prepare = [this] {
    must(push_from(root));
    must(push_from(other));
  };
  third.command = [this] { return push_from(changed); };
  try_all(third);
}

TEST_F(RemoteCrashes, Collection_KeepsWhatTheRefLeadsTo) {
  Subject collection = subject("remote gc");
  collection.prepare = [this] {
    must(push_from(root));
    must(push_from(changed));
  };
  collection.command = [this] { return collect(3); };
  try_all(collection);
}

TEST_F(RemoteCrashes, Pull_LeavesTheOldOrTheNewBaseline) {
  const fs::path store = folder.path() / "world/store";
  Subject pull = subject("pull");
  remote = folder.path() / "remote";
  must(push_from(root));
  pull.prepare = [&] { must(capture(store, "run-3", values_of(3))); };
  pull.command = [&]() -> Result<void> {
    TRY_ASSIGN(const auto storage, FileStorage::open(remote, Use::kRead));
    remote::PullOptions options;
    options.cache_folder = folder.path() / "world/cache";
    options.at_once = 1;
    return remote::pull(*storage, store, options).map([](const auto&) {});
  };
  pull.look = [&] { return look_at_store(store); };
  pull.next = [&](const std::string&) -> std::string {
    if (const auto again = pull.command(); !again) {
      return "pull again: " + again.error().message;
    }
    return capture_and_clean(store);
  };
  const Figures figures = try_all(pull);
  EXPECT_GT(figures.old_ones, 0U);
  EXPECT_GT(figures.new_ones, 0U);
}

TEST_F(RemoteCrashes, CacheOfARemote_IsNeverTrustedUnread) {
  Subject cache = subject("verify --baseline: the cache");
  remote = folder.path() / "remote";
  must(push_from(root));
  cache.prepare = [] {};
  cache.command = [&]() -> Result<void> {
    TRY_ASSIGN(const auto storage, FileStorage::open(remote, Use::kRead));
    TRY_ASSIGN(const auto baseline,
               remote::RemoteBaseline::open(*storage, remote::Reference(), folder.path() / "world/cache", 1));
    TRY_ASSIGN(const auto store, store::Store::open(baseline->location()));
    TRY_ASSIGN(const auto names, store->benchmark_names());
    for (const std::string& name : names) {
      TRY_ASSIGN(const auto manifest, store->load_manifest(name));
      std::vector<std::string> objects;
      for (const model::SiteValue& site : manifest.value().cases.at(0).sites) {
        objects.push_back(site.object);
      }
      TRY_ASSIGN(const auto damage, baseline->fetch(objects));
      for (const std::string& object : objects) {
        TRY_ASSIGN(const auto reader, store->open_object(object));
        TRY(reader->check());
      }
      if (!damage.empty()) {
        return fail(ErrorKind::kCorrupt, damage.begin()->second);
      }
    }
    return {};
  };
  // Whatever is left of the cache, the next run gets the baseline whole.
  cache.look = [&]() -> std::string {
    const auto done = cache.command();
    return done ? "whole" : done.error().message;
  };
  cache.next = [&](const std::string&) { return std::string(); };
  try_all(cache);
}

}  // namespace
}  // namespace snapshot_test::crash
