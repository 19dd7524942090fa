// What a capture replaced, as files of a store that is a folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "store/clean.hpp"
#include "store_support.hpp"

namespace snapshot_test::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// One benchmark with one value, as a capture that can be undone.
void capture_value(const fs::path& root, const std::string& run, const std::string& value) {
  const auto capture = must(must(FolderStore::open_or_create(root)).begin_capture(run));
  must(capture->put_manifest(simple_manifest("a", run, {site_of(must(put_object(*capture, value)))})));
  RunInfo info;
  info.id = run;
  must(capture->put_run(info));
  capture->keep_replaced();
  must(capture->commit());
}

TEST(CleanByAge, WhatYoungerCapturesNeed_StaysWithItsValues) {
  const TemporaryFolder folder;
  const fs::path root = folder.path() / "snapshots";
  capture_value(root, "20200101T000000Z-000001", "first");
  capture_value(root, "20200102T000000Z-000001", "second");
  capture_value(root, "20200103T000000Z-000001", "third");
  capture_value(root, "20260101T000000Z-000001", "fourth");
  fs::create_directories(root / "staging/20260102T000000Z-000001");
  write_file(root / "staging/20260102T000000Z-000001/journal", "{}\n");
  const auto before_clean = files_below(root);
  constexpr std::time_t kYear2025 = 1'735'689'600;
  const auto planned = must(clean_by_age(root, std::nullopt, CleanMode::kDryRun, kYear2025));
  EXPECT_EQ(files_below(root), before_clean);
  const auto done = must(clean_by_age(root, std::nullopt, CleanMode::kRemove, kYear2025));
  for (const CleanedByAge& cleaned : {planned, done}) {
    EXPECT_EQ(cleaned.report.undoable, 2U);
    EXPECT_EQ(cleaned.report.objects, 2U) << "those of the first and the second capture";
    EXPECT_EQ(cleaned.runs, 2U);
    EXPECT_EQ(cleaned.report.leftovers, 0U) << "what can be resumed is young";
  }
  EXPECT_THAT(must(must(FolderStore::open(root)).run_ids()),
              ElementsAre("20200103T000000Z-000001", "20260101T000000Z-000001"));
  const auto store = must(FolderStore::open(root));
  must(store.undo_capture("20260101T000000Z-000001"));
  const auto record = must(store.load_manifest("a")).value().cases.at(0);
  EXPECT_EQ(text_of(must(must(store.read_object(record.sites.at(0).object)).load_verified(folder.path()))), "third");
}

TEST(CleanByAge, NoStore_IsSaid) {
  const TemporaryFolder folder;
  EXPECT_EQ(clean_by_age(folder.path() / "none", std::nullopt, CleanMode::kRemove, 0).error().kind,
            ErrorKind::kNoBaseline);
}

class Undo : public testing::Test {
 protected:
  Undo() {
    must(capture_generation(root, 1));
    must(capture_generation(root, 2));
  }
  [[nodiscard]] Error refusal() const { return must(FolderStore::open(root)).undo_capture("run-2").error(); }
  [[nodiscard]] fs::path record() const { return root / "replaced/1-run-2/capture.json"; }

  TemporaryFolder folder;
  fs::path root = folder.path() / "snapshots";
};

TEST_F(Undo, OfTheLastCapture_BringsTheOneBeforeBack) {
  EXPECT_EQ(baseline_of(root, folder.path()), "generation 2");
  must(must(FolderStore::open(root)).undo_capture("run-2"));
  EXPECT_EQ(baseline_of(root, folder.path()), "generation 1");
  EXPECT_FALSE(fs::exists(root / "replaced"));
  EXPECT_FALSE(fs::exists(root / "staging"));
  EXPECT_EQ(refusal().kind, ErrorKind::kUsage);
}

TEST_F(Undo, AfterTheTenthCapture_TakesTheTenth) {
  for (unsigned generation = 3; generation <= 11; ++generation) {
    must(capture_generation(root, generation));
  }
  EXPECT_EQ(must(must(FolderStore::open(root)).find_undoable())->run_id, "run-11");
  must(must(FolderStore::open(root)).undo_capture("run-11"));
  EXPECT_EQ(baseline_of(root, folder.path()), "generation 10");
}

TEST_F(Undo, WhereAManifestHasChangedSince_IsRefusedAndNamesIt) {
  const fs::path manifest = root / "cases/bench/time_a.json";
  const std::string text = read_text(manifest);
  fs::remove(manifest);
  EXPECT_THAT(refusal().message, HasSubstr("time_a.json' has changed since"));
  write_file(manifest, text + " ");
  EXPECT_EQ(refusal().kind, ErrorKind::kUsage);
  write_file(manifest, text);
  must(must(FolderStore::open(root)).undo_capture("run-2"));
}

TEST_F(Undo, OfADamagedRecord_IsAnErrorAndTheNextCaptureIsNot) {
  const std::string text = read_text(record());
  for (const std::string& damaged : {std::string(), text.substr(0, text.size() / 2), std::string("[]")}) {
    write_file(record(), damaged);
    EXPECT_EQ(must(FolderStore::open(root)).find_undoable().error().kind, ErrorKind::kCorrupt);
    EXPECT_THAT(refusal().message, HasSubstr("capture.json' is damaged"));
  }
  must(capture_generation(root, 3));
  must(must(FolderStore::open(root)).undo_capture("run-3"));
  EXPECT_EQ(baseline_of(root, folder.path()), "generation 2");
}

TEST_F(Undo, OfARecordThatPointsOutOfTheStore_IsRefused) {
  for (const std::string name : {"../format.json", "/etc/passwd.json", "bench/../../format.json", "../cases/x.json",
                                 "bench", "bench/", "./x.json", "a/b/c.json"}) {
    auto record_now = nlohmann::json::parse(read_text(record()));
    record_now["manifests"][0]["file"] = name;
    record_now["manifests"][0]["new"] = true;
    const std::string before = read_text(record());
    write_file(record(), record_now.dump());
    EXPECT_EQ(refusal().kind, ErrorKind::kCorrupt) << name;
    write_file(record(), before);
  }
  EXPECT_EQ(baseline_of(root, folder.path()), "generation 2");
}

TEST_F(Undo, AfterACleaning_IsNotThere) {
  EXPECT_EQ(must(must(FolderStore::open(root)).clean(std::nullopt, CleanMode::kRemove)).undoable, 1U);
  EXPECT_FALSE(must(must(FolderStore::open(root)).find_undoable()));
  EXPECT_EQ(baseline_of(root, folder.path()), "generation 2");
  EXPECT_THAT(files_below(root / "replaced"), IsEmpty());
}

TEST_F(Undo, OfACaptureResumedAfterAFailedCommit_BringsTheOneBeforeBack) {
  const fs::path manifest = root / "cases/bench/time_a.json";
  const fs::file_time_type written = fs::last_write_time(manifest) - std::chrono::hours(1);
  fs::last_write_time(manifest, written);
  const auto begin = [&] {
    auto capture = must(must(FolderStore::open(root)).resume_capture("run-3", {{"code", 1}}));
    for (const std::string& name : benchmark_names_of_a_generation()) {
      must(capture->put_manifest(simple_manifest(name, "run-3", {})));
    }
    capture->keep_replaced();
    return capture;
  };
  const fs::path in_the_way = root / "staging/run-3/.tmp-commit";  // where the marker is written, at the end
  {
    const auto capture = begin();
    fs::create_directory(in_the_way);
    EXPECT_FALSE(capture->commit());
  }
  EXPECT_EQ(baseline_of(root, folder.path()), "generation 2");
  fs::remove(in_the_way);
  must(begin()->commit());
  EXPECT_EQ(fs::last_write_time(root / "replaced/2-run-3/cases/bench/time_a.json"), written) << "it was written to";
  must(must(FolderStore::open(root)).undo_capture("run-3"));
  EXPECT_EQ(baseline_of(root, folder.path()), "generation 2");
}

TEST_F(Undo, GitignoreOfAnOlderProgram_LearnsOfIt) {
  const fs::path ignored = root / ".gitignore";
  EXPECT_THAT(read_text(ignored), HasSubstr("/replaced/"));
  write_file(ignored, "/lock\n/staging/\n");
  must(capture_generation(root, 3));
  EXPECT_THAT(read_text(ignored), HasSubstr("/replaced/"));
  write_file(ignored, "mine\n");
  must(capture_generation(root, 4));
  EXPECT_EQ(read_text(ignored), "mine\n");
}

}  // namespace
}  // namespace snapshot_test::store
