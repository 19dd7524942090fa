// continuous where .gitattributes has filters: files of git-lfs are the files themselves, or the run is refused.
#include <gmock/gmock.h>

#include <filesystem>
#include <string>

#include "support/repository.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class Filters : public RepositoryTest {
 protected:
  Filters() {
    write("benchmarks/bench.py",
          "import pathlib, wavelab\n"
          "def track_data():\n    return len(pathlib.Path(wavelab.__file__).with_name('data.bin').read_bytes())\n");
  }
  /// Two commits; the second has one more line of code, and the same data.
  void commit_twice() const {
    commit("Add data");
    write("wavelab/__init__.py", "def total(n):\n    return n * (n - 1) // 2\n");
    commit("Make total faster");
  }
  /// A folder with git in it, and nothing else.
  [[nodiscard]] std::string path_with_git_alone() const {
    fs::create_directories(box_.path("bin"));
    fs::create_symlink("/usr/bin/git", box_.path("bin/git"));
    return box_.path("bin").string();
  }
};

class GitLfs : public Filters {
 protected:
  void SetUp() override {
    ST_SKIP_UNLESS(fs::exists("/usr/bin/git-lfs"), "git-lfs is not installed");
    git({"init", "--quiet", "--bare", "--initial-branch=main", box_.path("remote.git").string()});
    git({"remote", "add", "origin", box_.path("remote.git").string()});
    git({"lfs", "install", "--local"});
    write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    write("wavelab/data.bin", std::string(3000, 'x'));
    commit_twice();
  }
  /// In place of the checkout a clone in which only the pointers are.
  void clone_without_files() {
    git({"push", "--quiet", "origin", "main"});
    git({"-c", "filter.lfs.smudge=cat", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false", "clone",
         "--quiet", box_.path("remote.git").string(), box_.path("clone").string()});
    folder_ = "clone";
    ASSERT_LT(fs::file_size(box_.path("clone/wavelab/data.bin")), 200u);
  }
};

TEST_F(GitLfs, FilesThatAreThere_AreCheckedOut) {
  fs::remove_all(box_.path("remote.git"));
  const auto before = bytes();
  const Report report = continuous({"HEAD~1", "HEAD"});
  EXPECT_EQ(report.run.status, 0) << report.text();
  EXPECT_EQ(report.of("bench.track_data"), "identical");
  write("wavelab/data.bin", std::string(4000, 'y'));
  const Report changed = continuous({"HEAD"});
  EXPECT_EQ(changed.of("bench.track_data"), "different") << changed.text();
  write("wavelab/data.bin", std::string(3000, 'x'));
  EXPECT_EQ(bytes(), before) << "nothing is added to what git-lfs keeps for the user";
}

TEST_F(GitLfs, FilesThatOnlyTheRemoteHas_AreFetchedIntoTheCache) {
  clone_without_files();
  const Report report = continuous({"HEAD~1", "HEAD"});
  EXPECT_EQ(report.run.status, 0) << report.text();
  EXPECT_EQ(report.of("bench.track_data"), "identical");
  EXPECT_FALSE(fs::exists(box_.path("clone/.git/lfs")));
}

TEST_F(GitLfs, FilesThatAreNowhere_AreAnErrorThatSaysWhatToDo) {
  clone_without_files();
  fs::remove_all(box_.path("remote.git/lfs"));
  const Report report = continuous({"HEAD~1", "HEAD"});
  EXPECT_EQ(report.run.status, 2) << report.text();
  EXPECT_THAT(report.run.err, AllOf(HasSubstr("git-lfs keeps"), HasSubstr("`git lfs fetch --all`")));
}

TEST_F(GitLfs, ProgramThatIsNotInstalled_IsNamed) {
  environment_["PATH"] = path_with_git_alone();
  const Report set_up = continuous({"HEAD~1", "HEAD"});
  EXPECT_EQ(set_up.run.status, 2) << set_up.text();
  EXPECT_THAT(set_up.run.err, HasSubstr("install git-lfs"));
  git({"lfs", "uninstall", "--local"});
  environment_["GIT_CONFIG_NOSYSTEM"] = "1";  // Debian's package sets it up for all
  const Report not_set_up = continuous({"HEAD~1", "HEAD"});
  EXPECT_EQ(not_set_up.run.status, 2) << not_set_up.text();
  EXPECT_THAT(not_set_up.run.err, AllOf(HasSubstr("wavelab/data.bin"), HasSubstr("install git-lfs")));
}

TEST_F(GitLfs, UserWhoHasNotSetItUp_HasTheFilesAllTheSame) {
  git({"lfs", "uninstall", "--local"});
  environment_["GIT_LFS_SKIP_SMUDGE"] = "1";
  const Report report = continuous({"HEAD~1", "HEAD"});
  EXPECT_EQ(report.run.status, 0) << report.text();
}

TEST_F(Filters, FileThatGitCryptHasEncrypted_IsRefused) {
  write(".gitattributes", "data.bin filter=git-crypt diff=git-crypt\n");
  write("wavelab/data.bin", std::string("\0GITCRYPT\0", 10) + "0123456789");
  commit_twice();
  const Report report = continuous({"HEAD~1", "HEAD"});
  EXPECT_EQ(report.run.status, 2) << report.text();
  EXPECT_THAT(report.run.err, AllOf(HasSubstr("wavelab/data.bin"), HasSubstr("git-crypt")));
}

TEST_F(Filters, FilterOfTheRepository_DoesItsWork) {
  write(".gitattributes", "data.bin filter=longer\n");
  write("wavelab/data.bin", "abc");
  commit_twice();
  git({"config", "filter.longer.smudge", "sed s/abc/abcdef/"});
  write("benchmarks/bench.py",
        "import pathlib, wavelab\n"
        "def track_data():\n"
        "    assert pathlib.Path(wavelab.__file__).with_name('data.bin').read_text() == 'abcdef'\n    return 1\n");
  commit("Look at it");
  const Report report = continuous({"HEAD~2", "HEAD"});
  EXPECT_EQ(report.run.status, 0) << report.text();
}

TEST_F(Filters, FilterThatFails_IsNamedWithWhereItHasToWork) {
  write(".gitattributes", "data.bin filter=broken\n");
  write("wavelab/data.bin", "abc");
  commit_twice();
  git({"config", "filter.broken.smudge", "false"});
  git({"config", "filter.broken.required", "true"});
  const Report report = continuous({"HEAD~1", "HEAD"});
  EXPECT_EQ(report.run.status, 2) << report.text();
  EXPECT_THAT(report.run.err, AllOf(HasSubstr("a filter of .gitattributes fails"), HasSubstr("smudge filter broken")));
}

}  // namespace
}  // namespace snapshot_test::support
