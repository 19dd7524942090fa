// What containers do to a program: the first process of all, no shared memory, a root that cannot be written, a user
// that nobody knows. Namespaces stand for a container engine; where the machine gives none, the test is skipped.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using Ended = Run;  // a test has a Run of its own
using Words = std::vector<std::string>;

class Containers : public ::testing::Test {
 protected:
  void SetUp() override {
    box_.write_suite(
        "import os\n"
        "def time_value(): return [1, 2]\n"
        "def time_orphans():\n"
        "    for i in range(3):\n"
        "        if os.fork() == 0:\n"
        "            if os.fork() == 0:\n"
        "                os._exit(0)\n"
        "            os._exit(0)\n"
        "    return 3\n"
        "def time_child():\n"
        "    pid = os.fork()\n"
        "    if pid == 0:\n"
        "        os._exit(7)\n"
        "    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])\n");
  }
  /// Captures and verifies so many cases, each as `command...` runs it.
  void expect_green(const Words& command, int cases = 3) const {
    for (const char* what : {"capture", "verify"}) {
      Words words = command;
      words.insert(words.end(), {Sandbox::binary(), what, "benchmarks", "--python", test_python(), "-j", "2", "--json",
                                 "report.json"});
      const Ended run = box_.run_command(words);
      ASSERT_EQ(run.status, 0) << run.text();
      const auto summary = box_.read_json("report.json")["summary"];
      EXPECT_EQ(summary["total"], cases) << run.text();
      EXPECT_EQ(summary["failed"], 0) << run.text();
    }
  }
  [[nodiscard]] bool can(const Words& command) const {
    Words words = command;
    words.push_back("true");
    return box_.run_command(words).status == 0;
  }

  Sandbox box_;
};

TEST_F(Containers, FirstProcessOfAll_ReapsWhatNobodyWaitsFor) {
  box_.write("benchmarks/bench_zombies.py",
             "import glob, time\n"
             "def time_zombies():\n"
             "    time.sleep(1)\n"
             "    dead = []\n"
             "    for name in glob.glob('/proc/[0-9]*/stat'):\n"
             "        try: text = open(name).read()\n"
             "        except OSError: continue\n"
             "        if text.rsplit(')', 1)[1].split()[0] == 'Z': dead.append(text)\n"
             "    if len(dead) > 3: raise RuntimeError(dead)\n"  // one that has just ended may not be reaped yet
             "    return 'reaped'\n");
  const Words alone{"/usr/bin/env", "unshare", "--map-root-user", "--pid", "--fork", "--mount-proc"};
  if (!can(alone)) GTEST_SKIP() << "this machine gives no process namespaces";
  expect_green(alone, 4);
}

TEST_F(Containers, NoRoomInSharedMemory_IsNotNeeded) {
  const Words without{"/usr/bin/env",
                      "unshare",
                      "--map-root-user",
                      "--mount",
                      "sh",
                      "-c",
                      "mount -t tmpfs -o size=4k,mode=0 none /dev/shm && exec \"$@\"",
                      "sh"};
  if (!can(without)) GTEST_SKIP() << "this machine gives no mount namespaces";
  expect_green(without);
}

TEST_F(Containers, RootThatCannotBeWritten_IsLeftAlone) {
  const std::string box = box_.root().string();
  const Words sealed{"/usr/bin/env",
                     "unshare",
                     "--map-root-user",
                     "--mount",
                     "sh",
                     "-c",
                     "mount --bind " + box + " " + box + " && mount -o remount,bind,ro / && cd " + box +
                         " && ! touch /snapshot_test_was_here 2>/dev/null && exec \"$@\"",
                     "sh"};
  if (!can(sealed)) GTEST_SKIP() << "this machine gives no mount namespaces";
  expect_green(sealed);
}

TEST_F(Containers, UserWithoutNameOrHome_CanRun) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root becomes another user";
  for (const auto& entry : fs::recursive_directory_iterator(box_.root())) {
    fs::permissions(entry.path(), fs::perms::all);
  }
  fs::permissions(box_.root(), fs::perms::all);
  const Words stranger{"/usr/bin/env", "setpriv",        "--reuid", "54321", "--regid",
                       "54321",        "--clear-groups", "env",     "-u",    "HOME"};
  if (!can(stranger)) GTEST_SKIP() << "setpriv is not there";
  expect_green(stranger);
}

}  // namespace
}  // namespace snapshot_test::support
