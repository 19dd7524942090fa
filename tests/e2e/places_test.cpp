// Where it runs and how many cases run at once change nothing, and it writes nowhere but into the snapshots.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSuite =
    "import lib, os\n"
    "class Suite:\n"
    "    params = [list(range(6))]\n"
    "    def setup_cache(self):\n        open('cache.txt', 'w').write('c')\n        return 100\n"
    "    def time_f(self, base, n):\n"
    "        open('junk.txt', 'w').write(str(n))\n"
    "        return lib.f(base + n), sorted(os.listdir('.'))\n"
    "    def time_g(self, base, n):\n"
    "        return [lib.f(i) for i in range(n)]\n";
constexpr const char* kLibrary = "def f(x): return x / 7\n";

TEST(Places, CaptureAndVerify_LeaveTheUsersFoldersAsTheyWere) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library(kLibrary);
  const auto suite = box.tree("benchmarks");
  const auto project = box.tree("project");
  RunOptions options;
  options.folder = "home";
  ASSERT_EQ(box.capture({}, options).run.status, 0);
  ASSERT_EQ(box.verify({}, options).run.status, 0);
  EXPECT_EQ(box.tree("benchmarks"), suite);
  EXPECT_EQ(box.tree("project"), project);
  EXPECT_TRUE(box.tree("home").empty());
  EXPECT_TRUE(box.tree("tmp").empty()) << "temporary files are left";
}

TEST(Places, FailedAndKilledCases_LeaveNoTemporaryFiles) {
  const Sandbox box;
  box.write_suite(
      "import os, signal, time\n"
      "def setup(): open('junk.txt', 'w').write('x')\n"
      "def time_crash(): os.kill(os.getpid(), signal.SIGSEGV)\n"
      "def time_hang(): time.sleep(600)\n"
      "def time_ok(): return 1\n");
  const auto captured = box.capture({"--timeout", "1"});
  EXPECT_EQ(captured.of("bench.time_ok"), "outer") << captured.text();
  EXPECT_TRUE(box.tree("tmp").empty()) << "temporary files are left";
}

TEST(Places, VerifyInAMovedFolder_Passes) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library(kLibrary);
  ASSERT_EQ(box.capture().run.status, 0);
  fs::create_directory(box.path("elsewhere"));
  for (const char* name : {"benchmarks", "project", ".snapshots"}) {
    fs::rename(box.path(name), box.path("elsewhere") / name);
  }
  RunOptions options;
  options.folder = "elsewhere";
  const auto run = box.run({"verify", "benchmarks", "--project-dir", "project", "--strict", "--python", test_python(),
                            "--json", box.path("report.json").string()},
                           options);
  EXPECT_EQ(run.status, 0) << run.text();
}

TEST(Workers, SeveralWorkers_ChangeNeitherVerdictsNorObjects) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library(kLibrary);
  ASSERT_EQ(box.capture({"-j", "1"}).run.status, 0);
  const auto cases_alone = box.tree(".snapshots/cases");
  const auto objects_alone = box.tree(".snapshots/objects");
  const auto alone = box.verify({"-j", "1"});
  EXPECT_EQ(alone.run.status, 0) << alone.text();
  const auto together = box.verify({"-j", "3"});
  EXPECT_EQ(together.outcomes(), alone.outcomes()) << together.text();

  fs::remove_all(box.path(".snapshots"));
  ASSERT_EQ(box.capture({"-j", "3"}).run.status, 0);
  EXPECT_EQ(box.tree(".snapshots/objects"), objects_alone);
  EXPECT_EQ(box.tree(".snapshots/cases").size(), cases_alone.size());
}

TEST(Order, ShuffledCases_ChangeNeitherVerdictsNorObjects) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library(kLibrary);
  ASSERT_EQ(box.capture({"-j", "1"}).run.status, 0);
  const auto in_order = box.tree(".snapshots/objects");
  const auto verdicts = box.verify({"-j", "1"}).outcomes();
  for (const char* seed : {"1", "2"}) {
    const auto verified = box.verify({"--shuffle", seed, "-j", "2"});
    EXPECT_EQ(verified.outcomes(), verdicts) << verified.text();
    fs::remove_all(box.path(".snapshots"));
    ASSERT_EQ(box.capture({"--shuffle", seed}).run.status, 0);
    EXPECT_EQ(box.tree(".snapshots/objects"), in_order) << "seed " << seed;
  }
}

TEST(Output, NoTerminal_HasNoEscapeSequences) {
  const Sandbox box;
  box.write_suite("def time_f(): return 1\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.run.status, 0) << captured.text();
  EXPECT_EQ((captured.run.out + captured.run.err).find('\x1b'), std::string::npos);
}

TEST(Output, Quiet_NamesFailuresAndKeepsTheStatus) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_f(): return lib.f()\n");
  box.write_library("def f(): return 1\n");
  const auto captured = box.capture({"--quiet"});
  EXPECT_EQ(captured.run.status, 0) << captured.text();
  EXPECT_LE(captured.run.out.size(), box.capture().run.out.size());
  box.write_library("def f(): return 2\n");
  const auto verified = box.verify({"--quiet"});
  EXPECT_EQ(verified.run.status, 1) << verified.text();
  EXPECT_NE((verified.run.out + verified.run.err).find("bench.time_f"), std::string::npos)
      << "a failure is named even then";
}

TEST(Output, EndOfVerify_HasEachCountAndTheVerifiedShare) {
  const Sandbox box;
  box.write_suite("def time_f(): return 1\ndef time_vacuous(): [].sort()\ndef time_pass(): pass\n");
  ASSERT_EQ(box.capture().run.status, 0);
  const auto verified = box.verify();
  for (const char* part : {"identical", "vacuous", "no-op", "50"}) {
    EXPECT_NE(verified.run.out.find(part), std::string::npos) << part << " is missing in\n" << verified.text();
  }
}

}  // namespace
}  // namespace snapshot_test::support
