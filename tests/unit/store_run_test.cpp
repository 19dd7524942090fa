#include <gmock/gmock.h>
#include <unistd.h>

#include "store_support.hpp"

namespace snapshot_test::store {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

/// A repository made with the git command itself.
class Git : public ::testing::Test {
 protected:
  void git(const std::string& arguments) const {
    const std::string command = "cd '" + at.string() +
                                "' && GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null git -c user.name=n -c "
                                "user.email=e@x -c init.defaultBranch=main -c commit.gpgsign=false " +
                                arguments + " >/dev/null 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  void one_commit() {
    git("init");
    write_file(at / "code.py", "x = 1\n");
    git("add . && git -c user.name=n -c user.email=e@x commit -m first");
  }
  [[nodiscard]] static GitInfo info(const fs::path& path) { return must(collect_git(path)).value(); }

  TemporaryFolder folder;
  fs::path at = folder.path();
};

TEST_F(Git, NoRepository_HasNoInfo) {
  EXPECT_FALSE(must(collect_git(at)));
  EXPECT_FALSE(must(collect_git(at / "missing")));
}

TEST_F(Git, Repository_HasCommitBranchAndPath) {
  one_commit();
  fs::create_directories(at / "benchmarks/deep");
  const GitInfo found = info(at / "benchmarks/deep");
  EXPECT_THAT(found.commit, MatchesRegex("[0-9a-f]{40}"));
  EXPECT_EQ(found.branch, "main");
  EXPECT_EQ(found.dirty, false);
  EXPECT_EQ(found.path, "benchmarks/deep");
  EXPECT_EQ(info(at).path, "");
}

TEST_F(Git, ChangedTrackedFile_IsDirty) {
  one_commit();
  write_file(at / "untracked.txt", "x");
  EXPECT_EQ(info(at).dirty, false);
  write_file(at / "code.py", "x = 2\n");
  EXPECT_EQ(info(at).dirty, true);
  git("add code.py");
  EXPECT_EQ(info(at).dirty, true);
}

TEST_F(Git, Worktree_HasItsOwnBranchAndChanges) {
  one_commit();
  git("worktree add -b side tree");
  write_file(at / "tree/code.py", "x = 3\n");
  EXPECT_EQ(info(at / "tree").branch, "side");
  EXPECT_EQ(info(at / "tree").dirty, true);
  EXPECT_EQ(info(at / "tree").commit, info(at).commit);
  EXPECT_EQ(info(at).dirty, false);
}

TEST_F(Git, DetachedHead_HasNoBranch) {
  one_commit();
  git("checkout --detach");
  EXPECT_EQ(info(at).branch, "");
  EXPECT_EQ(info(at).commit.size(), 40U);
}

TEST_F(Git, BranchWithoutCommits_HasNoCommit) {
  git("init");
  EXPECT_EQ(info(at).branch, "main");
  EXPECT_EQ(info(at).commit, "");
}

TEST_F(Git, BareRepository_IsNeitherCleanNorDirty) {
  one_commit();
  git("clone --bare . bare.git");
  EXPECT_EQ(info(at / "bare.git").dirty, std::nullopt);
  EXPECT_EQ(info(at / "bare.git").commit, info(at).commit);
}

TEST_F(Git, RepositoryOfAnotherUser_IsRead) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can give files away";
  }
  one_commit();
  for (const auto& entry : fs::recursive_directory_iterator(at)) {
    ASSERT_EQ(::lchown(entry.path().c_str(), 12345, 12345), 0);
  }
  ASSERT_EQ(::lchown(at.c_str(), 12345, 12345), 0);
  EXPECT_EQ(info(at).commit.size(), 40U);
}

TEST_F(Git, BrokenRepository_IsAnErrorThatNamesIt) {
  one_commit();
  write_file(at / ".git/config", "[core\n");
  const auto found = collect_git(at);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kIo);
  EXPECT_THAT(found.error().message, HasSubstr(at.string()));
}

TEST(RunIds, IdsOfOneTime_DifferAndSortByTime) {
  const std::time_t time = 1'795'418'100;  // 2026-11-23T07:15:00Z
  EXPECT_THAT(new_run_id(time), MatchesRegex("20261123T071500Z-[0-9a-f]{6}"));
  EXPECT_NE(new_run_id(time), new_run_id(time));
  EXPECT_LT(new_run_id(time), new_run_id(time + 1));
  EXPECT_EQ(utc_text(time), "2026-11-23T07:15:00Z");
}

TEST(RunIds, IdsOfOneSecond_SortAsTheyWereMade) {
  std::string last = new_run_id(std::time(nullptr));
  for (int i = 0; i < 1000; ++i) {
    std::string next = new_run_id(std::time(nullptr));
    ASSERT_LT(last, next);
    last = std::move(next);
  }
}

TEST(Machine, CpuinfoOfX86AndArm_IsRead) {
  MachineInfo x86;
  read_cpuinfo(
      "processor\t: 0\nmodel name\t: Xeon: fast\nflags\t\t: fpu avx2\n\nprocessor\t: 1\nmodel name\t: B\nflags\t: x\n",
      x86);
  EXPECT_EQ(x86.cpu, "Xeon: fast");
  EXPECT_THAT(x86.cpu_features, ElementsAre("fpu", "avx2"));
  MachineInfo arm;
  read_cpuinfo("processor\t: 0\nFeatures\t: fp asimd\nCPU part\t: 0xd0c\n", arm);
  EXPECT_EQ(arm.cpu, "CPU part 0xd0c");
  EXPECT_THAT(arm.cpu_features, ElementsAre("fp", "asimd"));
}

TEST(Machine, ThisMachine_HasAPlatformAndCores) {
  const MachineInfo machine = collect_machine();
  EXPECT_THAT(machine.platform, HasSubstr("Linux"));
  EXPECT_GE(machine.cores, 1U);
}

TEST(RunInfoText, RunInfo_ReadBackIsEqual) {
  RunInfo run;
  run.id = "20261123T071500Z-1a2b3c";
  run.time = "2026-11-23T07:15:00Z";
  run.git = GitInfo{"", "main", std::nullopt, "benchmarks"};
  run.python = {"3.11.7", "CPython", "/usr/bin/python3"};
  run.machine = {"Linux", "cpu", {"a", "b"}, 4};
  run.packages = {{"numpy", "1.24.4"}};
  run.seed = ~std::uint64_t{0};
  run.settings["rtol"] = 1e-5;
  run.counts = {{"outer", 3}};
  const std::string text = to_text(run);
  const RunInfo again = must(run_info_from_text(text, "r.json"));
  EXPECT_EQ(to_text(again), text);
  EXPECT_EQ(again.git->branch, "main");
  EXPECT_EQ(again.git->dirty, std::nullopt);
  EXPECT_EQ(again.seed, run.seed);
  EXPECT_THAT(again.machine.cpu_features, ElementsAre("a", "b"));
  run.git.reset();
  EXPECT_FALSE(must(run_info_from_text(to_text(run), "r.json")).git);
}

TEST(RunInfoText, Damage_IsAnErrorWithItsPlace) {
  RunInfo run;
  std::string text = to_text(run);
  text.replace(text.find("\"implementation\""), 16, "\"implementatio\"");
  const auto read = run_info_from_text(text, "runs/r.json");
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message,
              AllOf(HasSubstr("runs/r.json"), HasSubstr("python: key 'implementation' not found")));
}

}  // namespace
}  // namespace snapshot_test::store
