// Pending values: what may be accepted, and that accepting is one transaction, whatever the moment it is killed at.
#include "session/pending.hpp"

#include <gmock/gmock.h>

#include <ctime>
#include <map>

#include "session/adopt_snapshots.hpp"
#include "small_disk.hpp"
#include "store_support.hpp"
#include "traced.hpp"

namespace snapshot_test::session {
namespace {

namespace fs = std::filesystem;
using store::must;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

fs::path quick_folder_for_pending() {
  return ::access("/dev/shm", W_OK) == 0 ? fs::path("/dev/shm") : fs::temp_directory_path();
}

/// Benchmarks b0, b1, … of `cases` cases each, with one value a case, captured as `run`. What is pending is to replace
/// the values of run-1.
void write_store(const fs::path& root, const std::string& run, std::size_t benchmarks, std::size_t cases,
                 const store::Store* replaces) {
  const auto opened = must(store::Store::open_or_create(root));
  const auto capture = must(opened->begin_capture(run));
  for (std::size_t b = 0; b < benchmarks; ++b) {
    store::Manifest manifest = store::simple_manifest("b" + std::to_string(b), run, {});
    manifest.cases.clear();
    manifest.params = {{"n", {}}};
    const auto before = replaces == nullptr ? std::nullopt : must(replaces->load_manifest(manifest.benchmark));
    for (std::size_t i = 0; i < cases; ++i) {
      manifest.params[0].ids.push_back(std::to_string(i));
      store::CaseRecord record;
      record.index = i;
      record.ids = {std::to_string(i)};
      record.status = model::CaptureStatus::kOuter;
      record.run = run;
      record.ending = model::Ending::kReturned;
      record.sites = {store::site_of(
          must(store::put_object(*capture, manifest.benchmark + " " + std::to_string(i) + " of " + run)))};
      if (before) {
        record.proposal = store::Proposal{
            "different", "return differs", before->cases[i].run, store::objects_of(before->cases[i]), "", ""};
      }
      manifest.cases.push_back(std::move(record));
    }
    must(capture->put_manifest(manifest));
  }
  store::RunInfo info;
  info.id = run;
  info.time = "2026-11-28T05:00:00Z";
  must(capture->put_run(info));
  must(capture->commit());
}

class PendingTest : public testing::Test {
 protected:
  void fill(std::size_t benchmarks, std::size_t cases) {
    write_store(root, "run-1", benchmarks, cases, nullptr);
    const auto baseline = must(store::Store::open(root));
    write_store(root / "pending", "run-2", benchmarks, cases, baseline.get());
  }
  [[nodiscard]] PendingValues values() const { return must(PendingValues::open(root, root / "pending")); }
  /// Cases of the baseline by run, where all their values are whole.
  [[nodiscard]] std::map<std::string, std::size_t> baseline() const {
    const auto opened = must(store::Store::open(root));
    std::map<std::string, std::size_t> runs;
    for (const std::string& name : must(opened->benchmark_names())) {
      const auto manifest = must(opened->load_manifest(name));
      for (const store::CaseRecord& record : manifest->cases) {
        must(must(opened->open_object(record.sites.at(0).object))->check());
        ++runs[record.run];
      }
    }
    return runs;
  }

  store::TemporaryFolder folder{quick_folder_for_pending()};
  fs::path root = folder.path() / "snapshots";
};

using Runs = std::map<std::string, std::size_t>;

TEST_F(PendingTest, AcceptingOneCase_LeavesTheOthers) {
  fill(2, 3);
  const PendingValues pending = values();
  ASSERT_THAT(pending.cases(), SizeIs(6));
  must(pending.accept({pending.cases()[1]}, "ada", "the new solver"));
  EXPECT_EQ(baseline(), (Runs{{"run-1", 5}, {"run-2", 1}}));
  EXPECT_THAT(values().cases(), SizeIs(5));
  const auto record = must(must(store::Store::open(root))->load_manifest("b0"))->cases.at(1);
  ASSERT_THAT(record.history, SizeIs(1));
  EXPECT_EQ(record.history[0].who, "ada");
  EXPECT_EQ(record.history[0].why, "the new solver");
  EXPECT_EQ(record.history[0].run_before, "run-1");
  EXPECT_EQ(record.history[0].run, "run-2");
  EXPECT_NE(record.history[0].before, record.history[0].after);
  EXPECT_FALSE(record.proposal.has_value());
  EXPECT_TRUE(must(must(store::Store::open(root))->load_run("run-2")).has_value()) << "where its value is from";
}

TEST_F(PendingTest, WhatIsAccepted_CanBeUndone) {
  fill(1, 2);
  const PendingValues pending = values();
  must(pending.accept(pending.cases(), "ada", ""));
  const auto opened = must(store::Store::open(root));
  must(opened->undo_capture(must(opened->find_undoable()).value().run_id));
  EXPECT_EQ(baseline(), (Runs{{"run-1", 2}}));
}

TEST_F(PendingTest, Reject_RemovesTheValues) {
  fill(1, 3);
  const PendingValues pending = values();
  must(pending.reject({pending.cases()[0], pending.cases()[2]}));
  EXPECT_EQ(baseline(), (Runs{{"run-1", 3}}));
  ASSERT_THAT(values().cases(), SizeIs(1));
  EXPECT_THAT(store::files_below(root / "pending/objects"), SizeIs(1));
}

TEST_F(PendingTest, ABaselineThatHasMoved_RefusesAll) {
  fill(1, 2);
  write_store(root, "run-3", 1, 1, nullptr);
  const PendingValues pending = values();
  EXPECT_THAT(pending.cases().at(0).moved, HasSubstr("it was that of run run-1, and is that of run run-3"));
  const auto accepted = pending.accept(pending.cases(), "ada", "");
  ASSERT_FALSE(accepted);
  EXPECT_THAT(accepted.error().message, HasSubstr("b0(0): the baseline of the case has changed"));
  EXPECT_EQ(baseline().count("run-2"), 0U);
}

TEST_F(PendingTest, ADamagedValue_RefusesAllAndSaysWhich) {
  fill(1, 2);
  const auto objects = store::files_below(root / "pending/objects");
  for (const std::string& object : objects) {
    store::write_file(root / "pending/objects" / object, std::string(13, 'x'));
  }
  const PendingValues pending = values();
  const auto accepted = pending.accept(pending.cases(), "ada", "");
  ASSERT_FALSE(accepted);
  EXPECT_THAT(accepted.error().message, HasSubstr("b0(0): "));
  EXPECT_THAT(accepted.error().message, HasSubstr("nothing was accepted"));
  EXPECT_EQ(baseline(), (Runs{{"run-1", 2}}));
  EXPECT_THAT(values().cases(), SizeIs(2)) << "nothing is lost";
}

TEST_F(PendingTest, ABaselineInPlaceOfPendingValues_IsRefused) {
  fill(1, 1);
  const auto opened = PendingValues::open(root, root);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("that is a baseline, not a folder of pending values"));
}

TEST_F(PendingTest, TwoAtOnce_TheSecondIsRefused) {
  fill(1, 1);
  const PendingValues pending = values();
  const auto other = must(must(store::Store::open(root))->begin_capture("run-9"));
  const auto accepted = pending.accept(pending.cases(), "ada", "");
  ASSERT_FALSE(accepted);
  EXPECT_EQ(accepted.error().kind, ErrorKind::kIo);
}

TEST_F(PendingTest, ADamagedEntry_IsNamedAndChangesNothing) {
  fill(2, 1);
  const auto manifests = store::files_below(root / "pending/cases");
  ASSERT_THAT(manifests, SizeIs(2));
  const fs::path damaged = root / "pending/cases" / manifests.front();
  const std::string whole = store::read_text(damaged);
  for (const std::string& text : {whole.substr(0, whole.size() / 2), std::string("{}"), std::string()}) {
    store::write_file(damaged, text);
    const auto opened = PendingValues::open(root, root / "pending");
    ASSERT_FALSE(opened) << text;
    EXPECT_EQ(opened.error().kind, ErrorKind::kCorrupt);
    EXPECT_THAT(opened.error().message, testing::AllOf(HasSubstr(damaged.filename().string()),
                                                       HasSubstr("verify --pending always"), HasSubstr("remove")));
    EXPECT_EQ(baseline(), (Runs{{"run-1", 2}}));
  }
  store::write_file(damaged, whole);
  EXPECT_THAT(values().cases(), SizeIs(2)) << "nothing is lost";
}

TEST_F(PendingTest, ValuesOfAnotherStore_AreNotAccepted) {
  fill(1, 2);
  const fs::path other = folder.path() / "other";
  write_store(other, "run-7", 1, 2, nullptr);
  const auto pending = must(PendingValues::open(other, root / "pending"));
  ASSERT_THAT(pending.cases(), SizeIs(2));
  EXPECT_THAT(pending.cases()[0].moved, HasSubstr("it was that of run run-1, and is that of run run-7"));
  const auto accepted = pending.accept(pending.cases(), "ada", "");
  ASSERT_FALSE(accepted);
  EXPECT_EQ(accepted.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(accepted.error().message, HasSubstr("nothing was accepted"));
  EXPECT_EQ(values().cases().size(), 2U);
}

TEST_F(PendingTest, ABenchmarkThatIsGone_IsNotAccepted_AndCanBeRejected) {
  fill(1, 1);
  const fs::path file = folder.path() / "bench.py";
  store::write_file(file, "def time_f(): pass\n");
  {
    const auto opened = must(store::Store::open(root / "pending"));
    auto manifest = must(opened->load_manifest("b0")).value();
    manifest.cases[0].proposal->file = file.string();
    manifest.cases[0].proposal->source = digest_of_file(file.string());
    const auto transaction = must(opened->begin_capture("run-3"));
    must(transaction->put_manifest(manifest));
    must(transaction->commit());
  }
  EXPECT_EQ(values().cases().at(0).moved, "");
  fs::remove(file);
  const PendingValues pending = values();
  EXPECT_THAT(pending.cases().at(0).moved, HasSubstr("bench.py' is gone"));
  const auto accepted = pending.accept(pending.cases(), "ada", "");
  ASSERT_FALSE(accepted);
  EXPECT_THAT(accepted.error().message, HasSubstr("or reject what no case has any more; nothing was accepted"));
  must(pending.reject(pending.cases()));
  EXPECT_THAT(values().cases(), IsEmpty());
  EXPECT_EQ(baseline(), (Runs{{"run-1", 1}}));
}

TEST_F(PendingTest, OneThatAnotherHasAccepted_IsSaidToBeGone) {
  fill(1, 2);
  const PendingValues first = values();
  const PendingValues second = values();
  must(first.accept(first.cases(), "ada", "first"));
  const auto accepted = second.accept(second.cases(), "ben", "second");
  ASSERT_FALSE(accepted);
  EXPECT_EQ(accepted.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(accepted.error().message, HasSubstr("not pending any more"));
  const auto record = must(must(store::Store::open(root))->load_manifest("b0"))->cases.at(0);
  ASSERT_THAT(record.history, SizeIs(1));
  EXPECT_EQ(record.history[0].why, "first");
}

TEST_F(PendingTest, AFullDisk_LeavesTheBaselineOrTheNewBaseline) {
  const store::TemporaryFolder disk;
  const auto status = store::on_a_small_disk(disk.path(), "size=2m,nr_inodes=400", [&] {
    root = disk.path() / "s";
    fill(2, 3);
    const fs::path filler = disk.path() / "filler";
    int refused = 0;
    for (std::size_t space = 0; space <= 400'000; space += 4096) {
      const PendingValues pending = values();
      if (pending.cases().size() != 6 || !store::fill_disk(filler, space)) {
        return 2;
      }
      const auto accepted = pending.accept(pending.cases(), "ada", "");
      fs::resize_file(filler, 0);
      const Runs runs = baseline();
      const bool is_new = runs == Runs{{"run-2", 6}};
      if (!is_new && runs != Runs{{"run-1", 6}}) {
        std::fprintf(stderr, "with %zu bytes left the baseline is neither\n", space);
        return 3;
      }
      if (!accepted && accepted.error().message.find("No space left on device") == std::string::npos) {
        std::fprintf(stderr, "unclear: %s\n", accepted.error().message.c_str());
        return 4;
      }
      if (accepted && !is_new) {
        return 5;
      }
      if (is_new) {  // what it accepted is not pending any more, whatever it could not write
        return refused > 3 && values().cases().empty() ? 0 : 6;
      }
      ++refused;
      must(must(store::Store::open(root))->clean(std::nullopt, store::CleanMode::kRemove));
    }
    return 7;
  });
  if (!status) {
    GTEST_SKIP() << "this system does not let the test mount a small disk";
  }
  EXPECT_EQ(*status, 0);
}

TEST_F(PendingTest, TwentyThousandCases_AreOneTransactionOfSeconds) {
  fill(200, 100);
  const PendingValues pending = values();
  ASSERT_THAT(pending.cases(), SizeIs(20'000));
  const std::clock_t begun = std::clock();
  must(pending.accept(pending.cases(), "ada", "all of it"));
  const double took = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
  EXPECT_EQ(baseline(), (Runs{{"run-2", 20'000}}));
  EXPECT_THAT(values().cases(), IsEmpty());
  EXPECT_LT(took, 120) << "seconds of processor time, also with a sanitizer";
  RecordProperty("seconds", std::to_string(took));
}

TEST_F(PendingTest, AKillBeforeAnyChange_LeavesTheBaselineOrTheNewBaseline) {
  if (!store::traced([] { return 0; }, [](const store::Call&) { return true; })) {
    GTEST_SKIP() << "this system does not let a process trace its child";
  }
  fill(2, 2);
  const fs::path base = folder.path() / "base";
  fs::rename(root, base);
  std::map<std::string, int> seen;
  for (int survived = 0;; ++survived) {
    fs::remove_all(root);
    fs::copy(base, root, fs::copy_options::recursive);
    int left = survived;
    const auto status = store::traced(
        [&] {
          const PendingValues pending = values();
          return pending.accept(pending.cases(), "ada", "") ? 0 : 1;
        },
        [&](const store::Call&) { return left-- > 0; });
    const Runs runs = baseline();
    ASSERT_THAT(runs, testing::AnyOf(Runs{{"run-1", 4}}, Runs{{"run-2", 4}})) << "killed before change " << survived;
    const bool accepted = runs.contains("run-2");
    ++seen[accepted ? "after" : "before"];
    // What is left goes on: accepted as a whole, or gone.
    const PendingValues pending = values();
    ASSERT_THAT(pending.cases(), SizeIs(accepted ? 0 : 4)) << "killed before change " << survived;
    if (!accepted) {
      must(pending.accept(pending.cases(), "ada", ""));
      ASSERT_EQ(baseline(), (Runs{{"run-2", 4}})) << "killed before change " << survived;
    }
    if (status) {
      ASSERT_EQ(*status, 0);
      break;
    }
  }
  EXPECT_GT(seen["before"], 10);
  EXPECT_GT(seen["after"], 10);
}

// --- what a later run has found again

using AdoptSnapshots = PendingTest;

TEST_F(AdoptSnapshots, ConfirmedCases_AreOfTheLaterRunAndShareTheValues) {
  write_store(root, "run-1", 2, 3, nullptr);
  const auto from = must(store::Store::open(root));
  const fs::path later = store::variant_location(root, "later");
  model::TestedPackage tested;
  tested.version = "2.0";
  must(adopt_snapshots(*from, later, {{{"b0", "b0(1)"}, 0.5}, {{"b1", "b1(0)"}, 0.25}, {{"b1", "gone"}, 1}}, {tested}));
  const auto opened = must(store::Store::open(later));
  const auto ids = must(opened->run_ids());
  ASSERT_THAT(ids, SizeIs(1));
  EXPECT_EQ(must(opened->load_run(ids[0]))->tested.at(0).version, "2.0");
  const auto manifest = must(opened->load_manifest("b0"));
  ASSERT_TRUE(manifest);
  ASSERT_THAT(manifest->cases, SizeIs(1));
  EXPECT_EQ(manifest->cases[0].index, 1u);
  EXPECT_EQ(manifest->cases[0].seconds, 0.5);
  EXPECT_EQ(manifest->cases[0].run, ids[0]);
  must(must(opened->open_object(manifest->cases[0].sites.at(0).object))->check());
  EXPECT_EQ(baseline(), (Runs{{"run-1", 6}})) << "the baseline is what it was";
  std::size_t objects = 0;
  for (const auto& each : fs::recursive_directory_iterator(root / "objects")) objects += each.is_regular_file() ? 1 : 0;
  EXPECT_EQ(objects, 6u);

  must(adopt_snapshots(*from, later, {{{"b0", "b0(2)"}, 1}}, {}));
  EXPECT_THAT(must(opened->load_manifest("b0"))->cases, SizeIs(2));
  EXPECT_THAT(must(opened->load_manifest("b1"))->cases, SizeIs(1)) << "what was there stays";
}

TEST_F(AdoptSnapshots, Nothing_LeavesAnEmptyStore) {
  write_store(root, "run-1", 1, 1, nullptr);
  const auto from = must(store::Store::open(root));
  const fs::path later = store::variant_location(root, "later");
  must(adopt_snapshots(*from, later, {}, {}));
  EXPECT_THAT(must(must(store::Store::open_if_there(later))->benchmark_names()), IsEmpty());
}

}  // namespace
}  // namespace snapshot_test::session
