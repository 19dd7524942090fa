// What the program is started with, and what it leaves behind when it is ended before its time.
#include "support/leftovers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kSuite =
    "import lib\n"
    "def time_f(): return lib.f()\n"
    "def time_g(): return {'a': [1, 2, 3]}\n";

/// A suite that says where it is and waits, once `hold` exists.
constexpr const char* kHoldingSuite =
    "import lib, os, subprocess, time\n"
    "def time_a(): return os.urandom(300000)\n"
    "def time_b():\n"
    "    if os.path.exists(os.environ['BOX'] + '/hold'):\n"
    "        lib.f()\n"
    "        open(os.environ['BOX'] + '/held', 'w').write('x')\n"
    "        time.sleep(600)\n"
    "    return 2\n";

bool wait_for(const fs::path& file) {
  for (int i = 0; i < 1500 && !fs::exists(file); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return fs::exists(file);
}

TEST(Leftovers, StandardDescriptorsClosed_NoFileGetsTheOutput) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library("def f(): return 'value'\n");
  for (const char* closed : {"<&-", ">&-", "2>&-", "<&- >&- 2>&-"}) {
    SCOPED_TRACE(closed);
    fs::remove_all(box.path(".snapshots"));
    for (const std::string command : {"capture", "verify"}) {
      std::string line = "exec '" + Sandbox::binary() + "'";
      for (const auto& word : box.suite_arguments(command)) line += " '" + word + "'";
      const auto run = box.run_command({"/bin/bash", "-c", line + " " + closed});
      EXPECT_EQ(run.status, 0) << run.text();
    }
    EXPECT_EQ(box.verify({"--strict"}).run.status, 0);
    for (const auto& [name, content] : box.tree(".snapshots")) {
      EXPECT_EQ(content.find("captur"), std::string::npos) << name << " holds what belongs on the screen";
    }
  }
}

TEST(Leftovers, FoldersOfAKilledRun_AreRemovedByTheNext) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library("def f(): return 1\n");
  const auto name = "snapshot_test-" + std::to_string(::getuid()) + "-";
  const auto without_lock = box.path("tmp/" + name + "aaaaaa");
  const auto with_lock = box.path("tmp/" + name + "bbbbbb");
  for (const auto& folder : {without_lock, with_lock}) {
    fs::create_directories(folder / "case-7/deep");
    std::ofstream(folder / "case-7/deep/file") << "x";
  }
  std::ofstream(with_lock / ".lock");
  fs::last_write_time(without_lock, fs::file_time_type::clock::now() - std::chrono::hours(1));
  ASSERT_EQ(box.capture().run.status, 0);
  EXPECT_THAT(files_left(box), IsEmpty());
}

class Stopped : public ::testing::TestWithParam<int> {};

TEST_P(Stopped, CaptureEndedBySignal_LeavesNothingStagedAfterClean) {
  const Sandbox box;
  RunOptions options;
  options.environment = {{"BOX", box.root().string()}};
  box.write_suite(kHoldingSuite);
  box.write_library("def f(): pass\n");
  box.write("hold", "");
  const auto capture = box.start(box.suite_arguments("capture"), options);
  ASSERT_TRUE(wait_for(box.path("held")));
  capture->send(GetParam());
  (void)capture->wait(std::chrono::seconds(20));
  EXPECT_THAT(processes_left(box), IsEmpty());
  const auto store = box.path(".snapshots").string();
  if (GetParam() != SIGKILL) {
    EXPECT_FALSE(fs::exists(box.path(".snapshots/staging")));
  }
  // A store that holds nothing but leftovers can be cleaned.
  const auto dry = box.run({"clean", "--dry-run", "--snapshot-dir", store});
  EXPECT_EQ(dry.status, 0) << dry.text();
  const auto cleaned = box.run({"clean", "--snapshot-dir", store});
  EXPECT_EQ(cleaned.status, 0) << cleaned.text();
  EXPECT_THAT(cleaned.out, HasSubstr(GetParam() == SIGKILL ? "1 leftover" : "0 leftovers")) << cleaned.text();
  EXPECT_FALSE(fs::exists(box.path(".snapshots/staging")));
  EXPECT_EQ(box.verify({}, options).run.status, 4);
}

INSTANTIATE_TEST_SUITE_P(Signals, Stopped, ::testing::Values(SIGTERM, SIGINT, SIGKILL), [](const auto& tested) {
  return tested.param == SIGTERM ? "Terminate" : tested.param == SIGINT ? "Interrupt" : "Kill";
});

TEST(Leftovers, DaemonWhoseGuardianIsKilled_Ends) {
  const Sandbox box;
  RunOptions options;
  options.environment = {{"BOX", box.root().string()}};
  box.write_suite(kHoldingSuite);
  box.write_library("def f(): pass\n");
  ASSERT_EQ(box.capture({"--no-stability-check"}, options).run.status, 0);
  // The daemon starts, then the case kills the ancestor that is two below the program itself: its guardian.
  box.write_library(
      "import os, signal, subprocess\n"
      "def parent(pid):\n"
      "    return int(open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[1])\n"
      "def f():\n"
      "    if os.fork() == 0:\n"
      "        os.setsid()\n"
      "        if os.fork() == 0: os.execvp('sleep', ['sleep', '1234'])\n"
      "        os._exit(0)\n"
      "    os.wait()\n"
      "    line = [os.getpid()]\n"
      "    while line[-1] > 1: line.append(parent(line[-1]))\n"
      "    names = [open(f'/proc/{pid}/cmdline').read().split('\\0') for pid in line if pid > 1]\n"
      "    program = max(i for i, words in enumerate(names) if 'verify' in words)\n"
      "    os.kill(line[program - 1], signal.SIGKILL)\n");
  box.write("hold", "");
  (void)box.verify({"--timeout", "5", "-j", "1"}, options);
  EXPECT_THAT(processes_left(box), IsEmpty());
}

TEST(Leftovers, EmptyInterpreterName_IsAUsageError) {
  const Sandbox box;
  box.write_suite(kSuite);
  for (const char* command : {"list", "capture", "verify"}) {
    auto words = box.suite_arguments(command);
    words.back() = "";
    const auto run = box.run(words);
    EXPECT_EQ(run.status, 2) << run.text();
  }
}

}  // namespace
}  // namespace snapshot_test::support
