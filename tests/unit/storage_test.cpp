// A folder and the tests' memory as storages of a remote.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory_storage.hpp"
#include "remote/conformance.hpp"
#include "remote/open_storage.hpp"
#include "store_support.hpp"

namespace snapshot_test::remote {

namespace {

namespace fs = std::filesystem;

using store::must;

constexpr conformance::Traits kManyRepeats = {.replacements = 200, .counters = 8, .counts = 25};

TEST(StorageTest, Folder_DoesWhatAStorageHasToDo) {
  const store::TemporaryFolder folder;
  const auto storage = must(FileStorage::open(folder.path() / "remote", Use::kWrite));
  conformance::check(*storage, folder.path().string(), kManyRepeats);
}

TEST(StorageTest, Memory_DoesWhatAStorageHasToDo) {
  const store::TemporaryFolder folder;
  MemoryStorage storage;
  conformance::check(storage, folder.path().string(), kManyRepeats);
}

class FileStorageTest : public testing::Test {
 protected:
  store::TemporaryFolder folder;
  fs::path root = folder.path() / "remote";
};

TEST_F(FileStorageTest, FolderThatIsMissing_IsUnavailableAndNotEmpty) {
  const auto missing = FileStorage::open(root, Use::kRead);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(missing.error().message.find("mounted"), std::string::npos);
  const auto below = FileStorage::open(root / "deeper", Use::kWrite);
  ASSERT_FALSE(below);
  EXPECT_EQ(below.error().kind, ErrorKind::kUnavailable);
}

TEST_F(FileStorageTest, FolderThatGoesAway_IsUnavailableAndNotEmpty) {
  const std::unique_ptr<Storage> storage = must(FileStorage::open(root, Use::kWrite));
  must(storage->put("refs/main", "1"));
  fs::rename(root, folder.path() / "elsewhere");
  const auto kind_of = [](const auto& result) { return result ? ErrorKind::kInternal : result.error().kind; };
  EXPECT_EQ(kind_of(storage->get("refs/main")), ErrorKind::kUnavailable);
  EXPECT_EQ(kind_of(storage->list("")), ErrorKind::kUnavailable);
  EXPECT_EQ(kind_of(storage->read("refs/main", std::nullopt, [](std::string_view) { return Result<void>(); })),
            ErrorKind::kUnavailable);
  EXPECT_EQ(kind_of(storage->put("refs/main", "2", {})), ErrorKind::kUnavailable);
  EXPECT_EQ(kind_of(storage->remove(std::vector<std::string>{"refs/main"})), ErrorKind::kUnavailable);
}

TEST_F(FileStorageTest, KeyThatLeadsElsewhere_IsRefused) {
  const std::unique_ptr<Storage> storage = must(FileStorage::open(root, Use::kWrite));
  for (const char* key : {"../x", "/etc/passwd", "a/../../x", "a//b", "", ".tmp/x", ".cas/x", "a/.", "a b", "a\nb"}) {
    EXPECT_FALSE(storage->put(key, "x", {})) << key;
    EXPECT_FALSE(storage->get(key)) << key;
    EXPECT_FALSE(storage->remove(std::vector<std::string>{key})) << key;
  }
  EXPECT_FALSE(fs::exists(folder.path() / "x"));
}

TEST_F(FileStorageTest, PipeInPlaceOfAnObject_IsCorruptAndNotWaitedFor) {
  const std::unique_ptr<Storage> storage = must(FileStorage::open(root, Use::kWrite));
  fs::create_directories(root / "refs");
  ASSERT_EQ(::mkfifo((root / "refs/main").c_str(), 0600), 0);
  const auto got = storage->get("refs/main");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::kCorrupt);
}

/// As a process leaves it that is killed after its replacement counts, and before the file has followed.
TEST_F(FileStorageTest, ReplacementWhoseFileIsLate_IsWhatIsReadAndReplaced) {
  const std::unique_ptr<Storage> storage = must(FileStorage::open(root, Use::kWrite));
  must(storage->put("refs/main", "old"));
  const std::string tag = must(storage->get("refs/main"))->tag;
  fs::create_directories(root / ".cas/refs/main");
  store::write_file(root / ".cas/refs/main" / tag, "new");
  const auto now = must(storage->get("refs/main"));
  EXPECT_EQ(now->bytes, "new");
  EXPECT_EQ(must(storage->put("refs/main", "other", {Condition::Kind::kMatches, tag})), Written::kRefused);
  EXPECT_EQ(must(storage->put("refs/main", "newer", {Condition::Kind::kMatches, now->tag})), Written::kDone);
  EXPECT_EQ(must(storage->get("refs/main"))->bytes, "newer");
}

/// As a process does it that was slow: its rename comes when newer versions are there.
TEST_F(FileStorageTest, FileThatIsPutBackToAnOlderVersion_DoesNotHideTheNewest) {
  const std::unique_ptr<Storage> storage = must(FileStorage::open(root, Use::kWrite));
  must(storage->put("refs/main", "1"));
  for (const char* next : {"2", "3", "4"}) {
    const std::string tag = must(storage->get("refs/main"))->tag;
    must(storage->put("refs/main", next, {Condition::Kind::kMatches, tag}));
  }
  for (const auto& entry : fs::directory_iterator(root / ".cas/refs/main")) {
    fs::remove(root / "refs/main");
    fs::create_hard_link(entry.path(), root / "refs/main");
    EXPECT_EQ(must(storage->get("refs/main"))->bytes, "4") << entry.path();
  }
}

TEST_F(FileStorageTest, WritesThatEnd_LeaveNoTemporaryFile) {
  const std::unique_ptr<Storage> storage = must(FileStorage::open(root, Use::kWrite));
  must(storage->put("a", "1"));
  must(storage->put("a", "2", {Condition::Kind::kAbsent, ""}));
  must(storage->put("a", "3", {Condition::Kind::kMatches, "other"}));
  must(storage->put("a", "4", {Condition::Kind::kMatches, must(storage->get("a"))->tag}));
  EXPECT_TRUE(fs::is_empty(root / ".tmp"));
}

TEST_F(FileStorageTest, TemporaryFilesOfKilledProcesses_GoWhenTheyAreOld) {
  must(must(FileStorage::open(root, Use::kWrite))->put("a", "1", {}));
  for (const char* name : {"old", "young"}) {
    store::write_file(root / ".tmp" / name, "x");
  }
  fs::last_write_time(root / ".tmp/old", fs::file_time_type::clock::now() - std::chrono::days(15));
  must(FileStorage::open(root, Use::kWrite));
  EXPECT_FALSE(fs::exists(root / ".tmp/old"));
  EXPECT_TRUE(fs::exists(root / ".tmp/young"));
}

TEST(OpenStorageTest, Urls_LeadToFoldersOrSayWhatIsMissing) {
  const store::TemporaryFolder folder;
  fs::create_directories(folder.path() / "with space");
  EXPECT_EQ(must(open_storage("file://" + folder.path().string() + "/with%20space", Use::kRead))->name(),
            (folder.path() / "with space").string());
  EXPECT_EQ(must(open_storage("file:" + folder.path().string(), Use::kRead))->name(), folder.path().string());
  EXPECT_EQ(must(open_storage("file://localhost" + folder.path().string(), Use::kRead))->name(),
            folder.path().string());
  EXPECT_EQ(must(open_storage(folder.path().string(), Use::kRead))->name(), folder.path().string());
  const auto kind_of = [](const std::string& url) {
    const auto opened = open_storage(url, Use::kRead);
    return opened ? ErrorKind::kInternal : opened.error().kind;
  };
  EXPECT_EQ(kind_of(""), ErrorKind::kUsage);
  EXPECT_EQ(kind_of("file://elsewhere/folder"), ErrorKind::kUsage);
  EXPECT_EQ(kind_of("file:///x%00y"), ErrorKind::kUsage);
  EXPECT_EQ(kind_of("file:///x%zz"), ErrorKind::kUsage);
}

TEST(OpenStorageTest, Credentials_AreNotShown) {
  EXPECT_EQ(redacted("https://user:secret@host/path?token=secret#x"), "https://host/path");
  EXPECT_EQ(redacted("s3://bucket/path"), "s3://bucket/path");
  EXPECT_EQ(redacted("sftp://user@host"), "sftp://host");
  EXPECT_EQ(redacted("/home/me@work/x"), "/home/me@work/x");
  EXPECT_EQ(with_redacted_url("--baseline=https://user:secret@host/x?token=1"), "--baseline=https://host/x");
  EXPECT_EQ(with_redacted_url("https://user:secret@host/x@main"), "https://host/x@main");
  EXPECT_EQ(with_redacted_url("--filter"), "--filter");
}

}  // namespace

}  // namespace snapshot_test::remote
