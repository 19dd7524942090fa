
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>

#include "snapshot_test/store/manifest.hpp"
#include "store/paths.hpp"
#include "store_support.hpp"
#include "util/file.hpp"

namespace snapshot_test::store {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Stores : public ::testing::Test {
 protected:
  [[nodiscard]] std::string now() const { return baseline_of(root, folder.path()); }
  TemporaryFolder folder;
  fs::path root = folder.path() / "snapshots";
};

Error refused(const Result<FolderStore>& store) {
  return store ? Error{ErrorKind::kInternal, "accepted"} : store.error();
}

TEST_F(Stores, NoBaseline_SaysHowToMakeOne) {
  const auto expect_none = [&](const char* cause) {
    const Error error = refused(FolderStore::open(root));
    EXPECT_EQ(error.kind, ErrorKind::kNoBaseline);
    EXPECT_THAT(error.message, AllOf(HasSubstr(root.string()), HasSubstr(cause), HasSubstr("snapshot_test capture")));
  };
  expect_none("does not exist");
  fs::create_directory(root);
  expect_none("is empty");
  must(FolderStore::open_or_create(root));
  expect_none("has no snapshots");
  fs::remove(root / "format.json");
  write_file(root / "notes.txt", "x");
  expect_none("is not a snapshot folder");
}

TEST_F(Stores, OtherFormatVersion_IsNamedWithOurs) {
  must(capture_generation(root, 1));
  write_file(root / "format.json", R"({"format": "snapshot_test store", "version": 4})");
  for (const Error& error : {refused(FolderStore::open(root)), refused(FolderStore::open_or_create(root))}) {
    EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
    EXPECT_THAT(error.message, AllOf(HasSubstr("version 4"), HasSubstr("versions 1 to 3"), HasSubstr("newer")));
  }
}

TEST_F(Stores, ValueOfWhichASketchIsStored_MakesItAStoreThatOlderProgramsRefuse) {
  must(capture_generation(root, 1));
  EXPECT_THAT(must(util::read_file(root / "format.json")), HasSubstr("\"version\": 2"));
  const auto store = must(FolderStore::open(root));
  {
    const auto capture = must(store.begin_capture("run-2"));
    model::SiteValue site = site_of(must(put_object(*capture, "what is kept of it")));
    site.sketch_of = model::WholeValue{std::string(64, 'a'), 123'456'789, std::string(32, 'b')};
    const Manifest manifest = simple_manifest("bench.time_a", "run-2", {site});
    EXPECT_TRUE(has_sketches(manifest));
    must(capture->put_manifest(manifest));
    RunInfo info;
    info.id = "run-2";
    must(capture->put_run(info));
    EXPECT_THAT(must(util::read_file(root / "format.json")), HasSubstr("\"version\": 2")) << "not before the commit";
    must(capture->commit());
  }
  EXPECT_THAT(must(util::read_file(root / "format.json")), HasSubstr("\"version\": 3"));
  EXPECT_THAT(must(util::read_file(paths::manifest(paths::cases(root), "bench.time_a"))), HasSubstr("\"format\": 3"));
  EXPECT_THAT(must(util::read_file(paths::manifest(paths::cases(root), "other.time_c"))), HasSubstr("\"format\": 2"));
  const auto read = must(must(FolderStore::open(root)).load_manifest("bench.time_a"));
  ASSERT_TRUE(read->cases.at(0).sites.at(0).sketch_of.has_value());
  EXPECT_EQ(read->cases[0].sites[0].sketch_of->bytes, 123'456'789U);
  EXPECT_EQ(read->cases[0].sites[0].sketch_of->fingerprint, std::string(32, 'b'));
  // What was captured whole again does not make it one of version 2: replaced manifests may come back.
  must(capture_generation(root, 3));
  EXPECT_THAT(must(util::read_file(root / "format.json")), HasSubstr("\"version\": 3"));
}

TEST_F(Stores, SketchOfNothing_IsDamage) {
  const Manifest manifest = simple_manifest("bench.time_a", "run-1", {});
  const auto text_with = [&](const std::string& site) {
    std::string text = to_text(manifest);
    const std::string sites = "\"sites\": []";
    const std::size_t at = text.find(sites);
    EXPECT_NE(at, std::string::npos) << text;
    return text.replace(at, sites.size(), "\"sites\": [" + site + "]");
  };
  const std::string start = R"({"site": "return", "type": "x", "meaningful": true, "bytes": 1, )";
  for (const std::string& bad :
       {start + R"("sketch_of": {"sha256": ")" + std::string(64, 'a') + R"(", "bytes": 2}})",
        start + R"("object": ")" + std::string(64, 'a') + R"(", "sketch_of": {"sha256": "../x", "bytes": 2}})",
        start + R"("object": ")" + std::string(64, 'a') + R"(", "sketch_of": {"sha256": ")" + std::string(64, 'a') +
            R"(", "bytes": -2}})",
        start + R"("object": ")" + std::string(64, 'a') + R"(", "sketch_of": 7})"}) {
    const auto read = manifest_from_text(text_with(bad), "m.json");
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt) << read.error().message;
  }
}

TEST_F(Stores, MalformedFormatFile_IsDamage) {
  must(capture_generation(root, 1));
  for (const char* text : {"", "{", "[]", R"({"version": 1})", R"({"format": "zip", "version": 1})",
                           R"({"format": "snapshot_test store", "version": "1"})"}) {
    write_file(root / "format.json", text);
    EXPECT_EQ(refused(FolderStore::open(root)).kind, ErrorKind::kCorrupt) << text;
    EXPECT_THAT(refused(FolderStore::open(root)).message, HasSubstr("format.json"));
  }
  fs::remove(root / "format.json");
  EXPECT_EQ(refused(FolderStore::open(root)).kind, ErrorKind::kCorrupt);
  EXPECT_EQ(refused(FolderStore::open_or_create(root)).kind, ErrorKind::kCorrupt);
}

TEST_F(Stores, FolderOfOtherFiles_IsNotMadeAStore) {
  fs::create_directory(root);
  write_file(root / "thesis.tex", "x");
  EXPECT_EQ(refused(FolderStore::open_or_create(root)).kind, ErrorKind::kUsage);
  EXPECT_THAT(files_below(root), ElementsAre("thesis.tex"));
}

TEST_F(Stores, UnwritablePath_IsAnErrorThatNamesIt) {
  const fs::path file = folder.path() / "file";
  write_file(file, "x");
  for (const fs::path& path : {file, file / "below", fs::path("/proc/snapshots")}) {
    const Error error = refused(FolderStore::open_or_create(path));
    EXPECT_EQ(error.kind, path == file ? ErrorKind::kUsage : ErrorKind::kIo);
    EXPECT_THAT(error.message, AllOf(HasSubstr(path.string()), HasSubstr("--snapshot-dir")));
    EXPECT_EQ(refused(FolderStore::open(path)).kind, ErrorKind::kNoBaseline);
  }
  EXPECT_EQ(read_text(file), "x");
}

TEST_F(Stores, CommittedCapture_IsReadBack) {
  must(capture_generation(root, 1));
  EXPECT_EQ(now(), "generation 1");
  must(capture_generation(root, 2));
  EXPECT_EQ(now(), "generation 2");
  const FolderStore store = must(FolderStore::open(root));
  EXPECT_EQ(must(store.load_manifest("bench.none")), std::nullopt);
  EXPECT_THAT(must(store.run_ids()), ElementsAre("run-1", "run-2"));
  EXPECT_EQ(must(store.load_run("../run-1")), std::nullopt);
  EXPECT_GE(must(store.disk_usage()), 2 * 20'000U);
  EXPECT_FALSE(fs::exists(root / "staging"));
}

TEST_F(Stores, MalformedManifest_IsNamedAndOthersAreRead) {
  must(capture_generation(root, 1));
  write_file(root / "cases/bench/time_a.json", "{\n  \"format\": 1,\n");
  const FolderStore store = must(FolderStore::open(root));
  const auto damaged = store.load_manifest("bench.time_a");
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().kind, ErrorKind::kCorrupt);
  EXPECT_THAT(damaged.error().message, AllOf(HasSubstr("cases/bench/time_a.json"), HasSubstr("line 3, column 1")));
  EXPECT_TRUE(must(store.load_manifest("other.time_c")));
}

TEST_F(Stores, ManifestOfAnotherBenchmark_IsRefused) {
  must(capture_generation(root, 1));
  fs::copy_file(root / "cases/bench/time_a.json", root / "cases/bench/time_z.json");
  const auto loaded = must(FolderStore::open(root)).load_manifest("bench.time_z");
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, AllOf(HasSubstr("bench.time_a"), HasSubstr("bench.time_z")));
}

TEST_F(Stores, BenchmarksOfAnyName_AreKeptApart) {
  const std::vector<std::string> names{
      "..",    "/etc/passwd", std::string(300, 'x'), std::string(300, 'x') + "y", "caf\xc3\xa9", "m.F.x",
      "m.f.x", "<lambda>"};
  const FolderStore store = must(FolderStore::open_or_create(root));
  auto capture = must(store.begin_capture("r"));
  for (const std::string& name : names) {
    must(capture->put_manifest(simple_manifest(name, "r", {})));
  }
  must(capture->commit());
  for (const std::string& name : names) {
    EXPECT_EQ(must(store.load_manifest(name)).value().benchmark, name);
  }
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(must(store.benchmark_names()), sorted);
}

TEST_F(Stores, DiscardedCapture_LeavesTheOldBaseline) {
  must(capture_generation(root, 1));
  const auto before = files_below(root);
  {
    const FolderStore store = must(FolderStore::open(root));
    auto capture = must(store.begin_capture("r"));
    must(put_object(*capture, "new"));
    must(capture->put_manifest(simple_manifest("bench.time_a", "r", {})));
  }
  EXPECT_EQ(files_below(root), before);
  EXPECT_EQ(now(), "generation 1");
}

TEST_F(Stores, UnwrittenObject_RefusesTheCommit) {
  must(capture_generation(root, 1));
  const FolderStore store = must(FolderStore::open(root));
  auto capture = must(store.begin_capture("r"));
  must(capture->put_manifest(simple_manifest("bench.time_a", "r", {site_of({std::string(64, 'a'), 1, 1})})));
  const auto committed = capture->commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind, ErrorKind::kInternal);
  EXPECT_EQ(now(), "generation 1");
}

TEST_F(Stores, ObjectInNoManifest_IsNotKept) {
  const FolderStore store = must(FolderStore::open_or_create(root));
  auto capture = must(store.begin_capture("r"));
  const auto kept = must(put_object(*capture, "kept"));
  const auto unused = must(put_object(*capture, "second run"));
  write_file(fs::path(capture->locator().staging) / ".tmp-1-1", "of a killed child");
  must(capture->put_manifest(simple_manifest("bench.time_a", "r", {site_of(kept)})));
  must(capture->commit());
  EXPECT_TRUE(store.read_object(kept.sha256));
  EXPECT_FALSE(store.read_object(unused.sha256));
  EXPECT_THAT(files_below(root), Not(Contains(HasSubstr(".tmp-"))));
}

TEST_F(Stores, SecondCapture_ReplacesADamagedObject) {
  must(capture_generation(root, 1));
  for (const std::string& name : files_below(root / "objects")) {
    write_file(root / "objects" / name, "damage");
  }
  EXPECT_THAT(now(), HasSubstr("damaged"));
  must(capture_generation(root, 1));
  EXPECT_EQ(now(), "generation 1");
}

TEST_F(Stores, OtherCompression_ReplacesTheFile) {
  const FolderStore store = must(FolderStore::open_or_create(root));
  const std::string value = lines(100'000, 1);
  for (const Compression compression : {Compression::kAuto, Compression::kNone, Compression::kAuto}) {
    auto capture = must(store.begin_capture("r"));
    const auto info = must(put_object(*capture, value, compression));
    must(capture->put_manifest(simple_manifest("bench.time_a", "r", {site_of(info)})));
    must(capture->commit());
    const auto files = files_below(root / "objects");
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files[0].ends_with(".zst"), compression == Compression::kAuto);
    EXPECT_EQ(text_of(must(must(store.read_object(info.sha256)).load_verified(folder.path()))), value);
  }
}

TEST_F(Stores, SecondWriter_IsRefusedAndReadersAreNot) {
  must(capture_generation(root, 1));
  const FolderStore store = must(FolderStore::open(root));
  const auto capture = must(store.begin_capture("first"));
  const int status = in_child([&] {
    const auto second = must(FolderStore::open(root)).begin_capture("second");
    const std::string wanted = "pid " + std::to_string(::getppid());
    return !second && second.error().kind == ErrorKind::kIo &&
                   second.error().message.find("another capture is writing to") != std::string::npos &&
                   second.error().message.find(wanted) != std::string::npos
               ? 0
               : 1;
  });
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(store.begin_capture("third"));
  EXPECT_FALSE(store.clean(std::nullopt, CleanMode::kRemove));
  EXPECT_EQ(now(), "generation 1");  // readers do not wait
  EXPECT_TRUE(fs::exists(root / "staging/first"));
}

TEST_F(Stores, DeadWriter_HoldsNoLockAndItsLeftoversGo) {
  must(capture_generation(root, 1));
  const int status = in_child([&] {
    const FolderStore store = must(FolderStore::open(root));
    auto capture = must(store.begin_capture("dead"));
    must(put_object(*capture, "new"));
    ::raise(SIGKILL);
    return 0;
  });
  EXPECT_EQ(status, 1000 + SIGKILL);
  EXPECT_TRUE(fs::exists(root / "staging/dead"));
  EXPECT_EQ(now(), "generation 1");
  must(capture_generation(root, 2));
  EXPECT_EQ(now(), "generation 2");
  EXPECT_FALSE(fs::exists(root / "staging"));
}

TEST_F(Stores, ChildThatExits_DoesNotDiscardItsParentsCapture) {
  const FolderStore store = must(FolderStore::open_or_create(root));
  {
    auto capture = must(store.begin_capture("r"));
    EXPECT_EQ(in_child([&] {
                const auto inherited = std::move(capture);
                return 0;
              }),
              0);
    EXPECT_TRUE(fs::exists(fs::path(capture->locator().staging)));
  }
}

TEST_F(Stores, LinkOutOfTheStore_IsNotFollowedWhenWriting) {
  must(capture_generation(root, 1));
  const fs::path outside = folder.path() / "outside";
  fs::create_directory(outside);
  // A store from elsewhere that asks to be finished, with a folder that is somebody else's.
  fs::create_directories(root / "staging/evil/cases/bench");
  write_file(root / "staging/evil/cases/bench/settings.json", "x");
  write_file(root / "staging/evil/COMMIT", "evil\n");
  fs::rename(root / "cases", root / "hidden");
  fs::create_directory_symlink(outside, root / "cases");
  static_cast<void>(FolderStore::open(root));
  EXPECT_THAT(files_below(outside), IsEmpty());
}

TEST_F(Stores, Clean_RemovesUnreferencedObjectsAndLeftovers) {
  must(capture_generation(root, 1));
  must(capture_generation(root, 2));
  fs::create_directories(root / "staging/stale/objects");
  write_file(root / "staging/stale/objects/.tmp-1-1", "12345");
  const FolderStore store = must(FolderStore::open(root));
  const auto before = files_below(root);

  const CleanReport planned = must(store.clean(std::nullopt, CleanMode::kDryRun));
  EXPECT_EQ(files_below(root), before);
  const CleanReport done = must(store.clean(std::nullopt, CleanMode::kRemove));
  for (const CleanReport& report : {planned, done}) {
    EXPECT_EQ(report.objects, 3U);
    EXPECT_EQ(report.leftovers, 1U);
    EXPECT_THAT(report.obsolete, IsEmpty());
    EXPECT_GT(report.bytes, 20'000U);
  }
  EXPECT_EQ(files_below(root / "objects").size(), 3U);
  EXPECT_EQ(now(), "generation 2");
  EXPECT_EQ(must(store.clean(std::nullopt, CleanMode::kRemove)).bytes, 0U);
}

TEST_F(Stores, Clean_RemovesObsoleteOnlyWhenToldWhatLives) {
  must(capture_generation(root, 1));
  const FolderStore store = must(FolderStore::open(root));
  const auto report = must(store.clean(std::vector<std::string>{"bench.time_a", "bench.new"}, CleanMode::kRemove));
  EXPECT_THAT(report.obsolete, ElementsAre("bench.Suite.time_b", "other.time_c"));
  EXPECT_EQ(report.objects, 0U);
  EXPECT_THAT(must(store.benchmark_names()), ElementsAre("bench.time_a"));
  EXPECT_FALSE(fs::exists(root / "cases/other"));
  const auto none = store.clean(std::vector<std::string>{}, CleanMode::kRemove);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kUsage);
}

TEST_F(Stores, CleanWithAnUnreadableManifest_RemovesNothing) {
  must(capture_generation(root, 1));
  write_file(root / "cases/bench/time_a.json", "{");
  const auto before = files_below(root);
  EXPECT_FALSE(must(FolderStore::open(root)).clean(std::nullopt, CleanMode::kRemove));
  EXPECT_EQ(files_below(root), before);
}

}  // namespace
}  // namespace snapshot_test::store
