// What every kind of store has to do: a folder, and one that is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory_store.hpp"
#include "store_support.hpp"
#include "util/file.hpp"

namespace snapshot_test::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

enum class In { kFolder, kMemory, kVariant };

class EachKind : public testing::TestWithParam<In> {
 protected:
  EachKind() : location(place(GetParam(), folder.path())) {}
  static fs::path place(In kind, const fs::path& folder) {
    switch (kind) {
      case In::kFolder: return folder / "snapshots";
      case In::kVariant: return variant_location(folder / "snapshots", "py3.11 numpy/1");
      case In::kMemory: break;
    }
    return memory_location();
  }

  static ObjectInfo put(const CaptureTransaction& capture, std::string_view value) {
    auto writer = must(create_object(capture.locator(), Compression::kAuto));
    must(writer->write(bytes_of(value)));
    return must(writer->finish());
  }
  enum class Replaced { kDropped, kKept };
  /// One benchmark with one value becomes the baseline.
  ObjectInfo capture_one(const std::string& run, const std::string& name, std::string_view value,
                         Replaced replaced = Replaced::kDropped) const {
    const auto store = must(Store::open_or_create(location));
    const auto capture = must(store->begin_capture(run));
    const ObjectInfo info = put(*capture, value);
    must(capture->put_manifest(simple_manifest(name, run, {site_of(info)})));
    RunInfo facts;
    facts.id = run;
    must(capture->put_run(facts));
    if (replaced == Replaced::kKept) {
      capture->keep_replaced();
    }
    must(capture->commit());
    return info;
  }
  std::string read(const Store& store, const ObjectInfo& info) const {
    return text_of(must(must(store.open_object(info.sha256, info.plain_bytes))->load_verified(folder.path())));
  }

  TemporaryFolder folder;
  fs::path location;
};

TEST_P(EachKind, Store_ThatIsNotThere_IsNoBaseline) {
  EXPECT_EQ(Store::open(location).error().kind, ErrorKind::kNoBaseline);
  EXPECT_EQ(must(Store::open_if_there(location)), nullptr);
  must(Store::open_or_create(location));
  EXPECT_EQ(Store::open(location).error().kind, ErrorKind::kNoBaseline) << "it has no snapshots";
  EXPECT_NE(must(Store::open_if_there(location)), nullptr);
}

TEST_P(EachKind, Capture_Committed_IsTheBaseline) {
  const ObjectInfo info = capture_one("run-1", "bench.f", "value");
  const auto store = must(Store::open(location));
  EXPECT_EQ(store->name(), location.string());
  EXPECT_THAT(must(store->benchmark_names()), ElementsAre("bench.f"));
  EXPECT_EQ(must(store->load_manifest("bench.f"))->cases.at(0).sites.at(0).object, info.sha256);
  EXPECT_FALSE(must(store->load_manifest("bench.g")));
  EXPECT_THAT(must(store->run_ids()), ElementsAre("run-1"));
  EXPECT_EQ(must(store->load_run("run-1"))->id, "run-1");
  EXPECT_EQ(read(*store, info), "value");
  EXPECT_EQ(store->find_object(info.sha256)->bytes, info.stored_bytes);
  EXPECT_TRUE(store->manifest_place("bench.f"));
  EXPECT_GT(must(store->disk_usage()), 0U);
}

TEST_P(EachKind, Capture_NotCommitted_ChangesNothing) {
  const ObjectInfo before = capture_one("run-1", "bench.f", "value");
  ObjectInfo dropped;
  {
    const auto store = must(Store::open_or_create(location));
    const auto capture = must(store->begin_capture("run-2"));
    dropped = put(*capture, "other");
    must(capture->put_manifest(simple_manifest("bench.f", "run-2", {site_of(dropped)})));
  }
  const auto store = must(Store::open(location));
  EXPECT_EQ(must(store->load_manifest("bench.f"))->cases.at(0).run, "run-1");
  EXPECT_EQ(read(*store, before), "value");
  EXPECT_FALSE(store->open_object(dropped.sha256));
}

TEST_P(EachKind, Object_OfACapture_IsReadThroughItsLocatorAlone) {
  const auto store = must(Store::open_or_create(location));
  const auto capture = must(store->begin_capture("run-1"));
  const ObjectInfo info = put(*capture, "staged");
  EXPECT_FALSE(store->open_object(info.sha256));
  const auto reader = must(open_object(capture->locator(), info.sha256, info.plain_bytes));
  must(reader->check());
  std::vector<std::byte> out(10);
  EXPECT_EQ(must(reader->read(out)), 6U);
  EXPECT_EQ(must(reader->read(out)), 0U);
  EXPECT_FALSE(reader->check_name(std::string(64, '0')));
  EXPECT_EQ(create_object(store->locator(), Compression::kNone).error().kind, ErrorKind::kInternal)
      << "a store is written in a capture";
}

TEST_P(EachKind, Object_OfAnotherSize_IsDamage) {
  const ObjectInfo info = capture_one("run-1", "bench.f", "value");
  const auto opened = must(Store::open(location))->open_object(info.sha256, info.plain_bytes + 1);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kCorrupt);
}

TEST_P(EachKind, SecondCapture_WhileOneGoesOn_IsRefused) {
  const auto store = must(Store::open_or_create(location));
  const auto first = must(store->begin_capture("run-1"));
  EXPECT_EQ(store->begin_capture("run-2").error().kind, ErrorKind::kIo);
}

TEST_P(EachKind, ResumedCapture_GoesOnWithWhatWasStaged) {
  const auto store = must(Store::open_or_create(location));
  const nlohmann::json key{{"code", 1}};
  ObjectInfo info;
  {
    const auto capture = must(store->resume_capture("run-1", key));
    EXPECT_THAT(capture->resumed().journal, IsEmpty());
    info = put(*capture, "value");
    must(capture->write_journal({{"case", 1}}));
  }
  const auto capture = must(store->resume_capture("run-2", key));
  EXPECT_EQ(capture->run_id(), "run-1");
  EXPECT_THAT(capture->resumed().journal, ElementsAre(nlohmann::json{{"case", 1}}));
  EXPECT_TRUE(capture->holds(site_of(info)));
}

TEST_P(EachKind, CaptureThatKeepsLeftovers_LeavesAStoppedOneToBeResumed) {
  const auto store = must(Store::open_or_create(location));
  const nlohmann::json key{{"code", 1}};
  {
    const auto capture = must(store->resume_capture("run-1", key));
    must(capture->write_journal({{"case", 1}}));
  }
  must(store->begin_capture("run-2", {}, Leftovers::kKept));
  EXPECT_THAT(must(store->resume_capture("run-3", key))->resumed().journal, ElementsAre(nlohmann::json{{"case", 1}}));
  must(store->begin_capture("run-4"));
  EXPECT_THAT(must(store->resume_capture("run-5", key))->resumed().journal, IsEmpty());
}

TEST_P(EachKind, ResumedCapture_OfOtherCode_StartsAnew) {
  const auto store = must(Store::open_or_create(location));
  ObjectInfo info;
  {
    const auto capture = must(store->resume_capture("run-1", {{"code", 1}}));
    info = put(*capture, "value");
    must(capture->write_journal({{"case", 1}}));
  }
  const auto capture = must(store->resume_capture("run-2", {{"code", 2}}));
  EXPECT_EQ(capture->run_id(), "run-2");
  EXPECT_THAT(capture->resumed().journal, IsEmpty());
  EXPECT_FALSE(capture->holds(site_of(info)));
}

TEST_P(EachKind, Forgotten_CaseIsGoneAndItsValueCanBeCleaned) {
  const ObjectInfo info = capture_one("run-1", "bench.f", "value");
  capture_one("run-2", "bench.g", "other");
  const auto store = must(Store::open(location));
  EXPECT_FALSE(must(store->forget_case("bench.none", {})));
  EXPECT_TRUE(must(store->forget_case("bench.f", {})));
  EXPECT_FALSE(must(store->forget_case("bench.f", {})));
  EXPECT_THAT(must(store->benchmark_names()), ElementsAre("bench.g"));
  EXPECT_EQ(must(store->clean(std::nullopt, CleanMode::kDryRun)).objects, 1U);
  EXPECT_TRUE(store->find_object(info.sha256));
  EXPECT_EQ(must(store->clean(std::nullopt, CleanMode::kRemove)).objects, 1U);
  EXPECT_FALSE(store->find_object(info.sha256));
}

TEST_P(EachKind, Clean_WithTheLiveBenchmarks_RemovesTheOthers) {
  capture_one("run-1", "bench.f", "value");
  capture_one("run-2", "bench.g", "other");
  const auto store = must(Store::open(location));
  const auto report = must(store->clean(std::vector<std::string>{"bench.g"}, CleanMode::kRemove));
  EXPECT_THAT(report.obsolete, ElementsAre(testing::StartsWith("bench.f")));
  EXPECT_THAT(must(store->benchmark_names()), ElementsAre("bench.g"));
}

TEST_P(EachKind, Undo_OfCaptures_GoesBackStepByStep) {
  const ObjectInfo first = capture_one("run-1", "bench.f", "value", Replaced::kKept);
  const auto store = must(Store::open(location));
  EXPECT_FALSE(must(store->find_undoable())) << "it replaced nothing, and undoing it would leave no baseline";
  capture_one("run-2", "bench.f", "second", Replaced::kKept);
  capture_one("run-3", "bench.g", "new", Replaced::kKept);
  EXPECT_EQ(must(store->find_undoable())->run_id, "run-3");
  EXPECT_EQ(must(store->find_undoable())->removed, 1U);
  EXPECT_EQ(store->undo_capture("run-2").error().kind, ErrorKind::kUsage) << "not the last";
  must(store->undo_capture("run-3"));
  EXPECT_THAT(must(store->benchmark_names()), ElementsAre("bench.f"));
  EXPECT_EQ(must(store->load_manifest("bench.f"))->cases.at(0).run, "run-2");
  EXPECT_EQ(must(store->find_undoable())->restored, 1U);
  must(store->undo_capture("run-2"));
  EXPECT_EQ(must(store->load_manifest("bench.f"))->cases.at(0).run, "run-1");
  EXPECT_EQ(read(*store, first), "value");
  EXPECT_THAT(must(store->run_ids()), ElementsAre("run-1"));
  EXPECT_FALSE(must(store->find_undoable()));
}

TEST_P(EachKind, Clean_ForgetsWhatWasReplaced) {
  capture_one("run-1", "bench.f", "value");
  capture_one("run-2", "bench.f", "second", Replaced::kKept);
  const auto store = must(Store::open(location));
  EXPECT_EQ(must(store->clean(std::nullopt, CleanMode::kDryRun)).undoable, 1U);
  EXPECT_TRUE(must(store->find_undoable()));
  const auto cleaned = must(store->clean(std::nullopt, CleanMode::kRemove));
  EXPECT_EQ(cleaned.undoable, 1U);
  EXPECT_EQ(cleaned.objects, 1U);
  EXPECT_FALSE(must(store->find_undoable()));
}

INSTANTIATE_TEST_SUITE_P(Kinds, EachKind, testing::Values(In::kFolder, In::kMemory, In::kVariant),
                         [](const auto& kind) {
                           return kind.param == In::kFolder   ? "Folder"
                                  : kind.param == In::kMemory ? "Memory"
                                                              : "Variant";
                         });

TEST(Variant, SharesObjectsWithTheOthersAndKeepsThem) {
  const TemporaryFolder folder;
  const fs::path whole = folder.path() / "snapshots/";
  const std::vector<fs::path> places{whole, variant_location(whole, "a"), variant_location(whole, "b")};
  for (const fs::path& place : places) {
    must(capture_generation(place, place == whole ? 1 : 2));
  }
  EXPECT_EQ(must(variant_names(whole)), (std::vector<std::string>{"a", "b"}));
  for (const fs::path& place : places) {
    const CleanReport cleaned = must(must(Store::open(place))->clean(std::nullopt, CleanMode::kRemove));
    EXPECT_EQ(cleaned.objects, 0U);
    EXPECT_EQ(baseline_of(places[0], folder.path()), "generation 1");
    EXPECT_EQ(baseline_of(places[1], folder.path()), "generation 2");
  }
  fs::remove_all(places[1]);
  fs::remove_all(places[2]);
  EXPECT_GT(must(must(Store::open(whole))->clean(std::nullopt, CleanMode::kRemove)).objects, 0U);
  EXPECT_EQ(baseline_of(places[0], folder.path()), "generation 1");
}

TEST(Variant, WhatCannotBeRead_StopsTheCleaningOfAll) {
  const TemporaryFolder folder;
  const fs::path whole = folder.path() / "snapshots";
  must(capture_generation(whole, 1));
  const fs::path variant = variant_location(whole, "a");
  must(capture_generation(variant, 2));
  must(util::write_file_atomically(variant / "cases/bench/time_a.json", "{"));
  EXPECT_FALSE(must(Store::open(whole))->clean(std::nullopt, CleanMode::kRemove));
  EXPECT_EQ(baseline_of(whole, folder.path()), "generation 1");
  EXPECT_TRUE(must(must(Store::open(variant))->load_manifest("other.time_c")));
}

TEST(Variant, OneWriterAtATimeInAllOfAStore) {
  const TemporaryFolder folder;
  const fs::path whole = folder.path() / "snapshots";
  must(capture_generation(whole, 1));
  const auto other = must(Store::open_or_create(variant_location(whole, "a")));
  const auto capture = must(must(Store::open(whole))->begin_capture("run-2"));
  EXPECT_EQ(other->begin_capture("run-3").error().kind, ErrorKind::kIo);
}

TEST(StoreKinds, Locator_OfAnUnknownKind_IsAnErrorThatNamesIt) {
  const auto opened = open_object({"tape", {"/dev/tape"}, ""}, std::string(64, 'a'), std::nullopt);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("'tape'"));
}

TEST(StoreKinds, Location_WithAColonThatIsNoKind_IsAFolder) {
  EXPECT_THAT(Store::open("no:such:kind").error().message,
              HasSubstr("the snapshot folder 'no:such:kind' does not exist"));
  EXPECT_EQ(absolute_location("no:such:kind"), fs::absolute("no:such:kind"));
}

}  // namespace
}  // namespace snapshot_test::store
