// What a sealed process reaches, by each method that the machine lets us use.
#include "seal/seal.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

namespace snapshot_test::seal {
namespace {

namespace fs = std::filesystem;

class SealBy : public ::testing::TestWithParam<Method> {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "seal-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = fs::canonical(pattern);
    fs::permissions(root_, fs::perms(0755));
    for (const char* folder : {"a/b/store/objects", "a/b/beside", "a/other", "open"})
      fs::create_directories(root_ / folder);
    for (const char* folder : {"a/b/beside", "a/other", "open"}) fs::permissions(root_ / folder, fs::perms(0777));
    fs::permissions(root_ / "a/b/store", fs::perms(0700));
    write("a/b/store/objects/value");
    write("a/b/beside/file");
    write("report");
    fs::permissions(root_ / "report", fs::perms(0600));
    wanted_.hidden = {root_ / "a/b/store", root_ / "report", root_ / "not/there"};
    wanted_.method = GetParam();
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const fs::path& relative) const { std::ofstream(root_ / relative) << "x"; }

  /// What a sealed child's `look` returns, which is at most 100; -1 where it cannot be sealed.
  int in_sealed_child(const std::function<int()>& look) {
    const auto seal = Seal::make(wanted_);
    if (!seal) {
      why_ = seal.error().message;
      return -1;
    }
    const auto prepared = (*seal)->prepare();
    if (!prepared) {
      why_ = prepared.error().message;
      return -1;
    }
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::_exit((*prepared)->apply() != 0 ? 101 : look());
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 102;
  }
  [[nodiscard]] bool opens(const char* relative, int flags = O_RDONLY) const {
    return ::open((root_ / relative).c_str(), flags | O_CLOEXEC, 0666) >= 0;
  }

  fs::path root_;
  Seal::Wanted wanted_;
  std::string why_;
};

#define ST_SEALED_OR_SKIP(number, ...)             \
  const int number = in_sealed_child(__VA_ARGS__); \
  if (number == -1) GTEST_SKIP() << why_

TEST_P(SealBy, HiddenPaths_CannotBeOpened) {
  ST_SEALED_OR_SKIP(reached, [&] {
    int count = 0;
    count += opens("a/b/store/objects/value") ? 1 : 0;
    count += opens("a/b/store/objects") ? 2 : 0;
    count += opens("a/b/store/new", O_WRONLY | O_CREAT) ? 4 : 0;
    count += opens("a/b/beside/../store/objects/value") ? 8 : 0;
    struct stat status {};
    const int fd = ::open((root_ / "report").c_str(), O_RDONLY);
    count += fd >= 0 && ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? 16 : 0;
    return count;
  });
  EXPECT_EQ(reached, 0);
}

TEST_P(SealBy, AllElse_IsAsItWas) {
  ST_SEALED_OR_SKIP(refused, [&] {
    int count = 0;
    count += opens("a/b/beside/file") ? 0 : 1;
    count += opens("a/b/beside/new", O_WRONLY | O_CREAT) ? 0 : 2;
    count += opens("open/new", O_WRONLY | O_CREAT) ? 0 : 4;
    count += ::rename((root_ / "open/new").c_str(), (root_ / "a/other/new").c_str()) == 0 ? 0 : 8;
    count += ::open("/proc/self/status", O_RDONLY) >= 0 ? 0 : 16;
    count += ::open("/dev/null", O_RDWR) >= 0 && ::open("/dev/shm", O_RDONLY) >= 0 ? 0 : 32;
    return count;
  });
  EXPECT_EQ(refused, 0);
}

TEST_P(SealBy, Path_ThatIsNotThere_CannotBeMadeByLandlock) {
  if (GetParam() != Method::kLandlock) GTEST_SKIP() << "the others hide what is there";
  ST_SEALED_OR_SKIP(made, [&] { return ::mkdir((root_ / "not").c_str(), 0777) == 0 ? 1 : 0; });
  EXPECT_EQ(made, 0);
}

TEST_P(SealBy, ProcessThatSealed_CannotBeLookedInto) {
  const pid_t self = ::getpid();
  ST_SEALED_OR_SKIP(looked, [&] {
    const std::string folder = "/proc/" + std::to_string(self);
    int count = ::open((folder + "/mem").c_str(), O_RDONLY) >= 0 ? 1 : 0;
    count += ::open((folder + "/root/etc").c_str(), O_RDONLY) >= 0 ? 2 : 0;
    count += ::ptrace(PTRACE_SEIZE, self, nullptr, nullptr) == 0 ? 4 : 0;
    return count;
  });
  EXPECT_EQ(looked, 0);
}

TEST_P(SealBy, Seal_OnceMore_ByTheProcessItself_StaysClosed) {
  ST_SEALED_OR_SKIP(reached, [&] {
    (void)!::unshare(CLONE_NEWUSER | CLONE_NEWNS);
    return opens("a/b/store/objects/value") ? 1 : 0;
  });
  EXPECT_EQ(reached, 0);
}

INSTANTIATE_TEST_SUITE_P(All, SealBy, ::testing::Values(Method::kLandlock, Method::kMount, Method::kUid),
                         [](const auto& tested) { return std::string(name(tested.param)); });

TEST(Seal, Listings_OfFoldersThatCannotBeListed_HaveTheirNames) {
  std::string pattern = (fs::temp_directory_path() / "seal-XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  const fs::path root = fs::canonical(pattern);
  fs::create_directories(root / "store");
  fs::create_directories(root / "package");
  std::ofstream(root / "module.py") << "";
  const auto seal = Seal::make({{root / "store"}, {}, {}, Method::kLandlock});
  if (!seal) GTEST_SKIP() << seal.error().message;
  const auto prepared = (*seal)->prepare();
  ASSERT_TRUE(prepared);
  std::map<std::string, char> names;
  for (const Listing& listing : (*prepared)->listings()) {
    for (const auto& entry : listing.entries) {
      if (listing.folder == root) names[entry.name] = entry.kind;
    }
  }
  EXPECT_EQ(names, (std::map<std::string, char>{{"module.py", 'f'}, {"package", 'd'}, {"store", 'd'}}));
  fs::remove_all(root);
}

TEST(Seal, FolderThatHasToBeListed_AboveWhatIsHidden_IsNotForLandlock) {
  std::string pattern = (fs::temp_directory_path() / "seal-XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  const fs::path root = fs::canonical(pattern);
  fs::create_directories(root / "suite/.snapshots");
  const auto seal = Seal::make({{root / "suite/.snapshots"}, {}, {root / "suite"}, Method::kLandlock});
  fs::remove_all(root);
  ASSERT_FALSE(seal);
  EXPECT_EQ(seal.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(seal.error().message, ::testing::HasSubstr("suite', whose files have to be listed"));
}

}  // namespace
}  // namespace snapshot_test::seal
