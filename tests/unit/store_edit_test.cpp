// One case of a store at a time: put, found and forgotten by its parameter ids.
#include <gmock/gmock.h>

#include <thread>

#include "store/lock.hpp"
#include "store_support.hpp"

namespace snapshot_test::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

using Ids = std::vector<std::string>;

CaseRecord record_of(Ids ids, std::string reason = "") {
  CaseRecord record;
  record.ids = std::move(ids);
  record.reason = std::move(reason);
  return record;
}

Manifest with(std::vector<model::ParamAxis> params, const std::vector<CaseRecord>& records = {}) {
  Manifest manifest;
  manifest.benchmark = "bench.time_it";
  manifest.params = std::move(params);
  for (const CaseRecord& record : records) {
    must(put_case(manifest, {}, record));
  }
  return manifest;
}

std::vector<std::pair<std::size_t, Ids>> places(const Manifest& manifest) {
  std::vector<std::pair<std::size_t, Ids>> all;
  for (const CaseRecord& record : manifest.cases) {
    all.emplace_back(record.index, record.ids);
  }
  return all;
}

std::string reason_of(const Manifest& manifest, const Ids& ids) {
  const CaseRecord* found = must(find_case(manifest, ids));
  return found == nullptr ? "none" : found->reason;
}

TEST(PutCase, ManifestWithoutCases_GetsItsAxes) {
  Manifest manifest;
  must(put_case(manifest, {}, record_of({"1", "'a'"})));
  EXPECT_THAT(manifest.params, ElementsAre(model::ParamAxis{"param1", {"1"}}, model::ParamAxis{"param2", {"'a'"}}));
  must(put_case(manifest, {"n", "kind"}, record_of({"2", "'a'"})));
  EXPECT_THAT(manifest.params, ElementsAre(model::ParamAxis{"n", {"1", "2"}}, model::ParamAxis{"kind", {"'a'"}}));
}

TEST(PutCase, NewIds_ExtendTheAxesAndRenumberTheCases) {
  const Manifest manifest =
      with({}, {record_of({"1", "a"}), record_of({"2", "a"}), record_of({"1", "b"}), record_of({"3", "c"})});
  EXPECT_THAT(places(manifest), ElementsAre(Pair(0, Ids{"1", "a"}), Pair(1, Ids{"1", "b"}), Pair(3, Ids{"2", "a"}),
                                            Pair(8, Ids{"3", "c"})));
}

TEST(PutCase, SameIds_ReplaceTheCase) {
  Manifest manifest = with({}, {record_of({"1"}, "old"), record_of({"2"}, "other")});
  must(put_case(manifest, {}, record_of({"1"}, "new")));
  EXPECT_EQ(reason_of(manifest, {"1"}), "new");
  EXPECT_EQ(reason_of(manifest, {"2"}), "other");
  EXPECT_EQ(manifest.cases.size(), 2);
}

TEST(PutCase, OtherAddressInAnId_ReplacesTheCase) {
  Manifest manifest = with({}, {record_of({"[<A at 0x7f01>]"}, "old")});
  must(put_case(manifest, {}, record_of({"[<A at 0x55aa>]"}, "new")));
  EXPECT_EQ(manifest.cases.size(), 1);
  EXPECT_EQ(reason_of(manifest, {"[<A at 0x1>]"}), "new");
}

TEST(PutCase, OtherNumberOfParameters_IsRefused) {
  Manifest manifest = with({}, {record_of({"1", "2"})});
  must(put_case(manifest, {"n", "k"}, record_of({"1", "2"})));
  const auto put = put_case(manifest, {}, record_of({"1"}));
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(put.error().message, HasSubstr("'bench.time_it' has 2 (n, k), but 1 was given"));
}

TEST(PutCase, IdOfSeveralValues_IsRefused) {
  for (const Ids& ids :
       {Ids{"<lambda> (0)", "<lambda> (1)"}, Ids{"<function <lambda> at 0x1>", "<function <lambda> at 0x2>"}}) {
    Manifest manifest = with({});
    manifest.params = {{"f", ids}};
    manifest.cases = {record_of({ids[0]})};
    const std::string wanted = ids[0].substr(0, ids[0].find(" (0)"));
    for (const auto& error :
         {put_case(manifest, {}, record_of({wanted})).error(), find_case(manifest, {wanted}).error()}) {
      EXPECT_EQ(error.kind, ErrorKind::kUsage);
      EXPECT_THAT(error.message, HasSubstr("several values of 'f'"));
    }
  }
}

TEST(FindOneCase, UnknownIds_GiveNull) {
  const Manifest manifest = with({}, {record_of({"1", "a"}, "here"), record_of({"2", "b"})});
  EXPECT_EQ(reason_of(manifest, {"1", "a"}), "here");
  EXPECT_EQ(reason_of(manifest, {"1", "b"}), "none");
  EXPECT_EQ(reason_of(manifest, {"9", "a"}), "none");
  EXPECT_EQ(reason_of(manifest, {"1"}), "none");
  EXPECT_EQ(reason_of(manifest, {}), "none");
}

model::SiteValue at(model::SiteKind kind, int index, std::string object, bool meaningful = true) {
  model::SiteValue value;
  value.site = {kind, index};
  value.object = std::move(object);
  value.meaningful = meaningful;
  return value;
}

Ids values(std::vector<model::SiteValue> sites) {
  CaseRecord record;
  record.sites = std::move(sites);
  Ids objects;
  for (const model::SiteValue* value : values_of_case(record)) {
    objects.push_back(value->object);
  }
  return objects;
}

TEST(ValuesOfCase, SeveralSites_GiveTheOutermostMeaningful) {
  using enum model::SiteKind;
  const auto deepest = at(kDeepest, 0, "deepest");
  const auto state = at(kState, 0, "state");
  EXPECT_THAT(values({at(kReturn, 0, "return"), at(kResult, 0, "result", false), deepest}), ElementsAre("result"));
  EXPECT_THAT(values({deepest, at(kBody, 0, "body"), at(kReturn, 0, "return")}), ElementsAre("return"));
  EXPECT_THAT(values({at(kReturn, 0, "return", false), at(kBody, 2, "second"), at(kBody, 1, "first"), deepest}),
              ElementsAre("first", "second"));
  EXPECT_THAT(values({state, at(kPath, 1, "path"), deepest}), ElementsAre("deepest"));
  EXPECT_THAT(values({state, at(kReturn, 0, "")}), ElementsAre("state"));
  EXPECT_THAT(values({at(kReturn, 0, "")}), ElementsAre());
}

class EditedStore : public ::testing::Test {
 protected:
  /// Stores a value for each of these ids of bench.time_it.
  void store_cases(const std::vector<Ids>& all) {
    const FolderStore store = must(FolderStore::open_or_create(root_));
    const std::string run = "run-" + std::to_string(runs_++);
    std::unique_ptr<CaptureTransaction> transaction = must(store.begin_capture(run));
    Manifest manifest = must(store.load_manifest("bench.time_it")).value_or(with({}));
    for (const Ids& ids : all) {
      CaseRecord record = record_of(ids);
      record.run = run;
      record.sites = {site_of(must(put_object(*transaction, ids.at(0))))};
      must(put_case(manifest, {}, std::move(record)));
    }
    must(transaction->put_manifest(manifest));
    must(transaction->commit());
  }

  TemporaryFolder folder_;
  fs::path root_ = folder_.path() / "store";
  int runs_ = 0;
};

TEST_F(EditedStore, LastCaseForgotten_RemovesTheManifest) {
  store_cases({{"1"}, {"2"}});
  const FolderStore store = must(FolderStore::open(root_));
  EXPECT_TRUE(must(store.forget_case("bench.time_it", {"1"})));
  EXPECT_FALSE(must(store.forget_case("bench.time_it", {"1"})));
  EXPECT_FALSE(must(store.forget_case("bench.other", {"1"})));
  EXPECT_THAT(places(*must(store.load_manifest("bench.time_it"))), ElementsAre(Pair(1, Ids{"2"})));
  EXPECT_EQ(files_below(root_ / "objects").size(), 2);
  EXPECT_EQ(must(store.clean(std::nullopt, CleanMode::kRemove)).objects, 1);
  EXPECT_TRUE(must(store.forget_case("bench.time_it", {"2"})));
  EXPECT_THAT(must(store.benchmark_names()), ElementsAre());
  EXPECT_FALSE(fs::exists(root_ / "cases" / "bench"));
  store_cases({{"3"}});
  EXPECT_THAT(places(*must(store.load_manifest("bench.time_it"))), ElementsAre(Pair(0, Ids{"3"})));
}

TEST_F(EditedStore, Clean_RemovesEmptyFolders) {
  store_cases({{"1"}});
  fs::create_directories(root_ / "cases" / "gone");
  fs::create_directories(root_ / "objects" / "00");
  const FolderStore store = must(FolderStore::open(root_));
  must(store.clean(std::nullopt, CleanMode::kDryRun));
  EXPECT_TRUE(fs::exists(root_ / "cases" / "gone"));
  must(store.clean(std::nullopt, CleanMode::kRemove));
  EXPECT_FALSE(fs::exists(root_ / "cases" / "gone"));
  EXPECT_FALSE(fs::exists(root_ / "objects" / "00"));
  EXPECT_TRUE(fs::exists(root_ / "cases" / "bench"));
}

TEST_F(EditedStore, OpenIfThere_MakesNothing) {
  EXPECT_FALSE(must(FolderStore::open_if_there(root_)));
  EXPECT_FALSE(fs::exists(root_));
  fs::create_directory(root_);
  EXPECT_FALSE(must(FolderStore::open_if_there(root_)));
  EXPECT_TRUE(fs::is_empty(root_));
  store_cases({{"1"}});
  const auto store = must(FolderStore::open_if_there(root_));
  ASSERT_TRUE(store);
  must(store->forget_case("bench.time_it", {"1"}));
  EXPECT_TRUE(must(FolderStore::open_if_there(root_))) << "a store without snapshots is one";
  write_file(folder_.path() / "file", "x");
  EXPECT_EQ(FolderStore::open_if_there(folder_.path() / "file").error().kind, ErrorKind::kUsage);
  EXPECT_EQ(FolderStore::open_if_there(folder_.path()).error().kind, ErrorKind::kUsage);
}

TEST_F(EditedStore, SecondWriter_WaitsForTheFirst) {
  store_cases({{"1"}});
  const FolderStore store = must(FolderStore::open(root_));
  std::optional<StoreLock> lock = must(StoreLock::take(root_));
  const auto busy = store.begin_capture("run", Patience(20));
  ASSERT_FALSE(busy);
  EXPECT_THAT(busy.error().message, HasSubstr("another capture"));
  std::thread other([&] {
    std::this_thread::sleep_for(Patience(50));
    lock.reset();
  });
  EXPECT_TRUE(must(store.forget_case("bench.time_it", {"1"}, Patience(60'000))));
  other.join();
}

}  // namespace
}  // namespace snapshot_test::store
