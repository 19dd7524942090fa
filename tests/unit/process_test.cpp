#include "util/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/program_path.hpp"

namespace snapshot_test::util {
namespace {

TEST(CommandLine, RunningProcess_HasACommandLine) { EXPECT_NE(command_line(::getpid(), 4096), ""); }

// A process has none while it starts a program, and after its end.
TEST(CommandLine, EndedProcess_HasItsNameInstead) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NAME, "named so");
    ::_exit(0);
  }
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(command_line(child, 4096), "named so");
  EXPECT_EQ(command_line(child, 5), "named");
  ::waitpid(child, nullptr, 0);
}

TEST(ProgramCandidates, Name_IsLookedForInTheFoldersOfThePathInTheirOrder) {
  using testing::ElementsAre;
  EXPECT_THAT(program_candidates("git", "/a:/b c:/d"), ElementsAre("/a/git", "/b c/git", "/d/git"));
  EXPECT_THAT(program_candidates("git", ":/a::/b:"), ElementsAre("/a/git", "/b/git")) << "never in the current folder";
  EXPECT_THAT(program_candidates("git", ""), ElementsAre());
  EXPECT_THAT(program_candidates("git", nullptr), ElementsAre("/usr/local/bin/git", "/usr/bin/git", "/bin/git"));
  EXPECT_THAT(program_candidates("./git", "/a"), ElementsAre("./git"));
}

TEST(KillChildren, ChildrenAndGrandchildren_AreEnded) {
  // In a process of its own: it must not reap what other tests start.
  const pid_t parent = ::fork();
  if (parent == 0) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    int ends[2];
    if (::pipe(ends) != 0) {
      ::_exit(2);
    }
    for (int i = 0; i < 3; ++i) {
      if (::fork() == 0) {
        if (::fork() == 0) {
          ::setsid();
        }
        ::pause();
      }
    }
    ::close(ends[1]);
    kill_children();
    char any = 0;
    const bool nobody_holds_the_pipe = ::read(ends[0], &any, 1) == 0;
    ::_exit(child_processes().empty() && nobody_holds_the_pipe ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(parent, &status, 0), parent);
  EXPECT_EQ(status, 0);
}

TEST(KillChildren, ChildThatIsKept_LivesOn) {
  const pid_t parent = ::fork();
  if (parent == 0) {
    const pid_t kept = ::fork();
    if (kept == 0) {
      ::pause();
    }
    bool lived_on = false;
    {
      const KeptChild keeps(kept);
      if (::fork() == 0) {
        ::pause();
      }
      kill_children();
      lived_on = child_processes().empty() && ::kill(kept, 0) == 0 && !is_zombie(kept);
    }
    kill_children();
    ::_exit(lived_on && ::kill(kept, 0) != 0 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(parent, &status, 0), parent);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace snapshot_test::util
