// A value that says where something is must not depend on where this run put it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

constexpr const char* kSuite =
    "import os, pathlib, tempfile\n"
    "import numpy as np\n"
    "FIRST = os.path.abspath('first')\n"
    "MADE = tempfile.mkdtemp()\n"
    "def time_absolute(): return os.path.abspath('x')\n"
    "def time_current(): return [os.getcwd(), os.getcwdb(), pathlib.Path.cwd() / 'x']\n"
    "def time_name(): return os.path.basename(os.getcwd()), tempfile.gettempdir()\n"
    "def time_made(): return tempfile.mkdtemp(), tempfile.mkstemp(suffix='.csv')[1]\n"
    "def time_import(): return {FIRST: 1, 'made': MADE}\n"
    "def time_text(): return f'wrote {os.getcwd()}/x, then {os.getcwd()}/y\\u20ac'\n"
    "def time_raised():\n    try: open('missing')\n    except OSError as e: return "
    "OSError(str(os.path.abspath(e.filename)))\n"
    "def time_array(): return np.array([os.path.abspath('x'), 'y'])\n"
    "def time_user(): return os.path.expanduser('~/cache'), os.path.dirname(os.path.abspath(__file__))\n"
    "def time_file():\n    with open('out.txt', 'w') as f: print(os.getcwd(), file=f)\n"
    "def time_id(path): return 1\n"
    "time_id.params = [os.path.abspath('given'), 2]\n"
    "class Cached:\n"
    "    def setup_cache(self): return os.path.abspath('cached')\n"
    "    def time_path(self, path): return path, os.path.abspath('here')\n";

class Folders : public ::testing::Test {
 protected:
  void SetUp() override {
    ST_NEEDS_NUMPY();
    box_.write_suite(kSuite);
    captured_ = box_.capture();
    ASSERT_EQ(captured_.run.status, 0) << captured_.text();
  }
  void expect_identical(const Report& verified, const std::string& how) const {
    EXPECT_EQ(verified.run.status, 0) << how << verified.text();
    for (const auto& [label, verdict] : verified.outcomes()) {
      EXPECT_EQ(verdict, "identical") << how << ": " << label << "\n" << verified.text();
    }
  }

  Sandbox box_;
  Report captured_;
};

TEST_F(Folders, PathsOfTheRunInValues_AreIdenticalInEveryRun) {
  for (const auto& entry : captured_.json.at("cases")) {
    EXPECT_THAT(entry.dump(), ::testing::Not(::testing::HasSubstr("unstable"))) << entry.dump(2);
  }
  expect_identical(box_.verify(), "again");
  expect_identical(box_.verify({"--shuffle", "3", "-j2"}), "shuffled");
}

TEST_F(Folders, CaseVerifiedAlone_IsIdentical) {
  for (const char* filter : {"time_absolute", "time_import", "time_path", "time_id"}) {
    expect_identical(box_.verify({"--filter", filter}), filter);
  }
}

TEST_F(Folders, OtherTemporaryAndHomeFolder_IsIdentical) {
  std::filesystem::create_directories(box_.path("other/a/longer/temporary"));
  std::filesystem::create_directories(box_.path("other/home"));
  RunOptions options;
  options.environment = {{"TMPDIR", box_.path("other/a/longer/temporary").string()},
                         {"HOME", box_.path("other/home").string()}};
  expect_identical(box_.verify({}, options), "elsewhere");
}

TEST_F(Folders, SpawnIsolation_IsIdentical) { expect_identical(box_.verify({"--isolation", "spawn"}), "spawned"); }

// What no placeholder stands for is not the same in the two runs of a capture.
TEST(FoldersInOtherForms, SplitOrMeasuredPath_IsUnstable) {
  const Sandbox box;
  box.write_suite("import os\ndef time_f(): return os.getcwd().split('/')\ndef time_g(): return len(os.getcwd())\n");
  const auto captured = box.capture();
  EXPECT_THAT(captured.entry("bench.time_f").dump(), ::testing::HasSubstr("unstable")) << captured.text();
  EXPECT_THAT(captured.entry("bench.time_g").dump(), ::testing::HasSubstr("unstable")) << captured.text();
}

}  // namespace
}  // namespace snapshot_test::support
