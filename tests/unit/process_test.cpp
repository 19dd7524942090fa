#include "util/process.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace snapshot_test::util {
namespace {

TEST(CommandLine, IsThatOfARunningProcess) { EXPECT_NE(command_line(::getpid(), 4096), ""); }

// A process has none while it starts a program, and after its end.
TEST(CommandLine, IsTheNameWhereThereIsNone) {
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

}  // namespace
}  // namespace snapshot_test::util
