// Whatever moment a capture is killed at, whatever moment the disk is full at: the old baseline or the new one, whole.
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>

#include "small_disk.hpp"
#include "store/lock.hpp"
#include "store_support.hpp"
#include "traced.hpp"

namespace snapshot_test::store {
namespace {

using ::testing::AnyOf;
using ::testing::Eq;

/// Hundreds of captures: in memory where there is such a file system, since a disk takes its time to sync.
fs::path quick_folder() { return ::access("/dev/shm", W_OK) == 0 ? fs::path("/dev/shm") : fs::temp_directory_path(); }

/// Benchmarks with the run that each is from.
std::string runs_in(const fs::path& root) {
  const auto store = FolderStore::open(root);
  if (!store) {
    return store.error().message;
  }
  std::string text;
  for (const std::string& name : must(store->benchmark_names())) {
    text += name + "=" + must(store->load_manifest(name)).value().cases.at(0).run + " ";
  }
  for (const std::string& id : must(store->run_ids())) {
    text += must(store->load_run(id)) ? id + " " : id + " is missing";
  }
  return text;
}

class Crashes : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!traced([] { return 0; }, [](const Call&) { return true; })) {
      GTEST_SKIP() << "this system does not let a process trace its child";
    }
    must(capture_generation(folder.path() / "base", 1));
  }
  void fresh_copy() {
    fs::remove_all(root);
    fs::copy(folder.path() / "base", root, fs::copy_options::recursive);
  }
  [[nodiscard]] std::string now() const { return baseline_of(root, folder.path()); }
  int capture() { return capture_generation(root, 2) ? 0 : 1; }

  /// Runs `change` on copies of `base`, each time killed one change of the file system later, until it ends: what a
  /// reader sees, and what there is when the commit is finished, is `before` or `after`. Then calls `check` with which.
  void kill_before_each_change(const fs::path& base, const std::function<int()>& change, const std::string& before,
                               const std::string& after, const std::function<void(const std::string&)>& check) {
    std::map<std::string, int> seen;
    for (int survived = 0;; ++survived) {
      SCOPED_TRACE("killed before change " + std::to_string(survived));
      fs::remove_all(root);
      fs::copy(base, root, fs::copy_options::recursive);
      int left = survived;
      const auto status = traced(change, [&](const Call&) { return left-- > 0; });
      std::string as_reader;
      {
        const auto lock = must(StoreLock::take(root));
        as_reader = runs_in(root);
      }
      const std::string finished = runs_in(root);
      ASSERT_THAT(finished, AnyOf(Eq(before), Eq(after)));
      ASSERT_EQ(as_reader, finished);
      ++seen[finished];
      check(finished);
      if (status) {
        ASSERT_EQ(*status, 0);
        break;
      }
    }
    EXPECT_GT(seen[before], 5);
    EXPECT_GT(seen[after], 5);
  }

  TemporaryFolder folder{quick_folder()};
  fs::path root = folder.path() / "snapshots";
};

TEST_F(Crashes, KillInACapture_LeavesTheOldOrNewBaselineWhole) {
  std::map<std::string, int> seen;
  std::string last = "generation 1";
  for (int survived = 0;; ++survived) {
    fresh_copy();
    int left = survived;
    const auto status = traced([&] { return capture(); }, [&](const Call&) { return left-- > 0; });
    std::string as_reader;
    {
      // With the lock taken, opening may not finish the commit: this is what a reader sees in a folder that it may not
      // write, and while the commit is under way.
      const auto lock = must(StoreLock::take(root));
      as_reader = now();
    }
    const std::string finished = now();
    ASSERT_THAT(finished, AnyOf(Eq("generation 1"), Eq("generation 2"))) << "killed before change " << survived;
    ASSERT_EQ(as_reader, finished) << "killed before change " << survived;
    ASSERT_TRUE(last != "generation 2" || finished == last) << "the new baseline was lost at change " << survived;
    last = finished;
    ++seen[finished];
    must(capture_generation(root, 3));  // and nothing is in the way of the next capture
    ASSERT_EQ(now(), "generation 3");
    ASSERT_FALSE(fs::exists(root / "staging"));
    if (status) {
      ASSERT_EQ(*status, 0);
      break;
    }
  }
  EXPECT_EQ(last, "generation 2");
  EXPECT_GT(seen["generation 1"], 10);
  EXPECT_GT(seen["generation 2"], 10);
}

TEST_F(Crashes, KillInACaptureOfAVariant_LeavesItsBaselineAndTheOthersWhole) {
  const fs::path variant = variant_location(root, "a");
  must(capture_generation(variant_location(folder.path() / "base", "a"), 1));
  std::map<std::string, int> seen;
  for (int survived = 0;; ++survived) {
    SCOPED_TRACE("killed before change " + std::to_string(survived));
    fresh_copy();
    int left = survived;
    const auto status =
        traced([&] { return capture_generation(variant, 2) ? 0 : 1; }, [&](const Call&) { return left-- > 0; });
    std::string as_reader;
    {
      const auto lock = must(StoreLock::take(root));
      as_reader = baseline_of(variant, folder.path());
    }
    const std::string finished = baseline_of(variant, folder.path());
    ASSERT_THAT(finished, AnyOf(Eq("generation 1"), Eq("generation 2")));
    ASSERT_EQ(as_reader, finished);
    ASSERT_EQ(now(), "generation 1");
    must(must(Store::open(root))->clean(std::nullopt, CleanMode::kRemove));
    ASSERT_EQ(baseline_of(variant, folder.path()), finished) << "after the cleaning of all";
    ++seen[finished];
    if (status) {
      ASSERT_EQ(*status, 0);
      break;
    }
  }
  EXPECT_GT(seen["generation 1"], 10);
  EXPECT_GT(seen["generation 2"], 10);
}

TEST_F(Crashes, KillWhileACommitIsFinished_IsFinishedByTheNext) {
  const auto is_marker = [](const Call& call) { return call.path.ends_with("/COMMIT"); };
  // Killed at the first rename after the marker, then again at each change that finishing makes.
  for (int survived = 0;; ++survived) {
    fresh_copy();
    bool marked = false;
    ASSERT_FALSE(traced([&] { return capture(); },
                        [&](const Call& call) {
                          const bool stop = marked && call.name == "rename";
                          marked = marked || (call.name == "rename" && is_marker(call));
                          return !stop;
                        }));
    ASSERT_TRUE(marked);
    int left = survived;
    const auto status =
        traced([&] { return FolderStore::open(root) ? 0 : 1; }, [&](const Call&) { return left-- > 0; });
    ASSERT_EQ(now(), "generation 2") << "killed before change " << survived;
    if (status) {
      EXPECT_GT(survived, 10);
      break;
    }
  }
}

TEST_F(Crashes, KillWhileUndoing_LeavesTheCaptureWholeOrUndone) {
  const std::string before = "a=run-2 b=run-1 c=run-2 run-1 run-2 ";
  const std::string after = "a=run-1 b=run-1 run-1 ";
  const fs::path base = folder.path() / "undo";
  for (const auto& [run, names] : std::map<std::string, std::string>{{"run-1", "ab"}, {"run-2", "ac"}}) {
    const auto capture = must(must(FolderStore::open_or_create(base)).begin_capture(run));
    for (const char name : names) {
      must(capture->put_manifest(simple_manifest(std::string(1, name), run, {})));
    }
    RunInfo info;
    info.id = run;
    must(capture->put_run(info));
    capture->keep_replaced();
    must(capture->commit());
  }
  ASSERT_EQ(runs_in(base), before);
  kill_before_each_change(
      base, [&] { return must(FolderStore::open(root)).undo_capture("run-2") ? 0 : 1; }, before, after,
      [&](const std::string& finished) {
        const auto again = must(FolderStore::open(root)).undo_capture("run-2");
        EXPECT_EQ(again.has_value(), finished == before);
        EXPECT_EQ(runs_in(root), after);
        EXPECT_THAT(files_below(root / "replaced"), ::testing::IsEmpty());
      });
}

TEST_F(Crashes, KillWhileRemovingManifests_LeavesAllOrNone) {
  const std::string before = "a=run-1 b=run-1 c=run-1 run-1 ";
  const std::string after = "a=run-2 run-1 ";
  const fs::path base = folder.path() / "removal";
  {
    const auto capture = must(must(FolderStore::open_or_create(base)).begin_capture("run-1"));
    for (const char name : std::string("abc")) {
      must(capture->put_manifest(simple_manifest(std::string(1, name), "run-1", {})));
    }
    RunInfo info;
    info.id = "run-1";
    must(capture->put_run(info));
    must(capture->commit());
  }
  ASSERT_EQ(runs_in(base), before);
  const auto remove = [&] {
    const auto opened = must(FolderStore::open(root));
    const auto capture = must(opened.begin_capture("run-2"));
    must(capture->put_manifest(simple_manifest("a", "run-2", {})));
    must(capture->remove_manifest("b"));
    must(capture->remove_manifest("c"));
    capture->keep_replaced();
    return capture->commit() ? 0 : 1;
  };
  kill_before_each_change(base, remove, before, after, [&](const std::string& finished) {
    if (finished == after) {
      must(must(FolderStore::open(root)).undo_capture("run-2"));
      EXPECT_EQ(runs_in(root), before);
    }
  });
}

TEST_F(Crashes, ForgettingACase_HoldsTheLock) {
  fresh_copy();
  int tried = 0;
  const auto status =
      traced([&] { return must(must(FolderStore::open(root)).forget_case("bench.time_a", {})) ? 0 : 1; },
             [&](const Call& call) {
               if (call.name == "unlink" && call.path.ends_with(".json")) {
                 ++tried;
                 EXPECT_FALSE(StoreLock::take(root));
               }
               return true;
             });
  EXPECT_EQ(status, 0);
  EXPECT_GT(tried, 0);
}

// A kill keeps what the system has not written to the disk yet; a power loss does not. So the order of the calls that
// force it to the disk is checked itself.
TEST_F(Crashes, Commit_SyncsEachStepBeforeTheNext) {
  fresh_copy();
  std::vector<std::string> order;
  const auto status = traced([&] { return capture(); },
                             [&](const Call& call) {
                               const bool staged = call.path.find("/staging/") != std::string::npos;
                               if (call.name == "write" || call.name == "open") {
                                 // neither moves nor removes
                               } else if (call.name == "fsync" || call.name == "syncfs") {
                                 order.push_back(call.name);
                               } else if (call.path.ends_with("/COMMIT")) {
                                 order.push_back(call.name + " COMMIT");
                               } else if (call.name == "rename") {
                                 order.push_back(staged ? "stage" : "move");
                               }
                               return true;
                             });
  ASSERT_EQ(status, 0);
  order.erase(std::unique(order.begin(), order.end()), order.end());
  EXPECT_THAT(order, ::testing::ElementsAre("stage", "syncfs", "fsync", "rename COMMIT", "fsync", "move", "syncfs",
                                            "unlink COMMIT"));
}

TEST(FullDisk, Capture_LeavesTheOldOrNewBaselineWhole) {
  const TemporaryFolder folder;
  const TemporaryFolder scratch;
  const auto status = on_a_small_disk(folder.path(), "size=1m,nr_inodes=200", [&] {
    const fs::path root = folder.path() / "s";
    must(capture_generation(root, 1));
    unsigned generation = 1;
    int failures = 0;
    for (std::size_t room = 0; room <= 160'000; room += 4096) {
      if (!fill_disk(folder.path() / "filler", room)) {
        return 2;
      }
      const auto captured = capture_generation(root, generation + 1);
      fs::resize_file(folder.path() / "filler", 0);
      const std::string now = baseline_of(root, scratch.path());
      if (captured || now == "generation " + std::to_string(generation + 1)) {
        ++generation;
      } else {
        ++failures;
        if (captured.error().kind != ErrorKind::kIo ||
            captured.error().message.find("No space left on device") == std::string::npos) {
          std::fprintf(stderr, "unclear: %s\n", captured.error().message.c_str());
          return 3;
        }
      }
      if (now != "generation " + std::to_string(generation)) {
        std::fprintf(stderr, "with %zu bytes left: %s\n", room, now.c_str());
        return 4;
      }
      must(must(FolderStore::open(root)).clean(std::nullopt, CleanMode::kRemove));
    }
    return failures > 3 && generation > 3 ? 0 : 5;
  });
  if (!status) {
    GTEST_SKIP() << "this system does not let the test mount a small disk";
  }
  EXPECT_EQ(*status, 0);
}

}  // namespace
}  // namespace snapshot_test::store
