// The model of what a crash leaves: what it must allow, and what it must not.
#include "crash/disk.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <set>

#include "unit/store_support.hpp"

namespace snapshot_test::crash {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::Pair;
using Files = std::map<std::string, std::string>;

class DiskTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text, bool sync) const {
    const util::Fd fd(::open((root / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    ASSERT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    if (sync) {
      ASSERT_EQ(::fsync(fd.get()), 0);
    }
  }
  void rename(const std::string& from, const std::string& to) const { fs::rename(root / from, root / to); }
  void sync_folder(const std::string& name) const { store::must(util::fsync_folder(root / name)); }

  /// Records what `change` does, and says what may be there after a crash at its end.
  template <class Change>
  std::set<Files> after_crash(Change change, std::function<Answer(const FileCall&, std::size_t)> answer = {}) {
    Disk disk(root);
    disk.answer = std::move(answer);
    {
      const Watching watching(root, disk);
      change();
    }
    std::mt19937 engine(1);
    std::set<Files> found;
    for (const CrashState& state : disk.states_after(disk.calls(), 500, engine)) {
      found.insert(disk.files(state));
    }
    log = disk.log();
    return found;
  }

  store::TemporaryFolder folder;
  fs::path root = fs::canonical(folder.path());
  std::vector<std::string> log;
};

TEST_F(DiskTest, RenameOfAFileThatWasNotSynced_MayLeaveItEmptyTornOrOfZeros) {
  write("a", "old", true);
  const auto found = after_crash([&] {
    write("t", "newer", false);
    rename("t", "a");
  });
  EXPECT_THAT(log, ElementsAre("create t", "write t", "close t", "rename t a"));
  EXPECT_EQ(found, (std::set<Files>{{{"a", "old"}},
                                    {{"a", "old"}, {"t", ""}},
                                    {{"a", "old"}, {"t", "ne"}},
                                    {{"a", "old"}, {"t", std::string(5, '\0')}},
                                    {{"a", "old"}, {"t", "newer"}},
                                    {{"a", ""}},
                                    {{"a", "ne"}},
                                    {{"a", std::string(5, '\0')}},
                                    {{"a", "newer"}}}));
}

TEST_F(DiskTest, SyncedFileAndFolder_AreThere) {
  write("a", "old", true);
  const auto found = after_crash([&] {
    write("t", "newer", true);
    rename("t", "a");
    sync_folder(".");
  });
  EXPECT_EQ(found, (std::set<Files>{{{"a", "newer"}}}));
}

TEST_F(DiskTest, SyncOfAFile_DoesNotMakeItsNameDurable) {
  const auto found = after_crash([&] { write("a", "new", true); });
  EXPECT_EQ(found, (std::set<Files>{{}, {{"a", "new"}}}));
}

TEST_F(DiskTest, NewFolder_IsLostWithAllThatIsInIt) {
  const auto found = after_crash([&] {
    fs::create_directory(root / "x");
    write("x/a", "new", true);
    sync_folder("x");
  });
  EXPECT_EQ(found, (std::set<Files>{{}, {{"x/", ""}, {"x/a", "new"}}}));
}

TEST_F(DiskTest, EntriesOfSeveralFolders_AreLostOneByOne) {
  fs::create_directory(root / "x");
  fs::create_directory(root / "y");
  const auto found = after_crash([&] {
    write("x/1", "", false);
    write("y/2", "", false);
  });
  EXPECT_THAT(found, Contains(Files{{"x/", ""}, {"x/1", ""}, {"y/", ""}}));
  EXPECT_THAT(found, Contains(Files{{"x/", ""}, {"y/", ""}, {"y/2", ""}}));
}

TEST_F(DiskTest, FileThatIsMovedIntoANewFolder_IsNeverLostAltogether) {
  write("a", "1", true);
  const auto found = after_crash([&] {
    fs::create_directory(root / "x");
    rename("a", "x/b");
  });
  EXPECT_EQ(found, (std::set<Files>{{{"a", "1"}}, {{"a", "1"}, {"x/", ""}}, {{"x/", ""}, {"x/b", "1"}}}));
}

TEST_F(DiskTest, BytesOfASyncThatFailed_AreNotMadeDurableByTheNext) {
  const auto found = after_crash(
      [&] {
        const util::Fd fd(::open((root / "a").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
        ASSERT_EQ(::write(fd.get(), "new", 3), 3);
        EXPECT_NE(::fsync(fd.get()), 0);
        EXPECT_EQ(::fsync(fd.get()), 0);
        sync_folder(".");
      },
      [](const FileCall&, std::size_t number) { return number == 2 ? Answer{EIO} : Answer(); });
  EXPECT_THAT(found, Contains(Files{{"a", ""}}));
  EXPECT_THAT(found, Contains(Files{{"a", "new"}}));
}

TEST_F(DiskTest, StateThatIsWritten_HasItsFilesAndTheirLinks) {
  Disk disk(root);
  {
    const Watching watching(root, disk);
    fs::create_directory(root / "x");
    write("x/a", "some", false);
    fs::create_hard_link(root / "x/a", root / "b");
    fs::remove(root / "x/a");
    write("x/c", "more", false);
  }
  const Files there = disk.files(disk.killed_after(disk.calls()));
  EXPECT_EQ(there, (Files{{"b", "some"}, {"x/", ""}, {"x/c", "more"}}));
  disk.materialize(disk.killed_after(3));
  EXPECT_EQ(store::read_text(root / "x/a"), "some");
  EXPECT_FALSE(fs::exists(root / "b"));
  disk.materialize(disk.killed_after(disk.calls()));
  const Disk again(root);
  EXPECT_EQ(again.files(again.killed_after(0)), there);
}

}  // namespace
}  // namespace snapshot_test::crash
