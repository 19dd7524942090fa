// Capturing over a baseline: a snapshot that can be checked is not lost without a word.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// One benchmark of two cases, of which the library decides what it does.
constexpr const char* kSuite =
    "import lib\n"
    "class Case:\n"
    "    params = ['a', 'b']\n"
    "    def setup(self, which): lib.setup(which)\n"
    "    def time_it(self, which): return lib.compute(which)\n"
    "def time_other(): return 1\n";
constexpr const char* kGood =
    "def setup(which): pass\n"
    "def compute(which): return which * 3\n";

struct Bad {
  const char* what;
  const char* library;
  const char* status;
};

/// All that can become of a case so that verify has nothing to check.
const std::vector<Bad> kBad{
    {"raises", "def setup(which): pass\ndef compute(which): raise ValueError('no')\n", "failed"},
    {"set-up raises", "def setup(which): raise ValueError('no')\ndef compute(which): return 1\n", "failed"},
    {"skips itself", "def setup(which): raise NotImplementedError('not here')\ndef compute(which): return 1\n",
     "skipped"},
    {"dies", "import os\ndef setup(which): pass\ndef compute(which): os._exit(3)\n", "failed"},
    {"shows nothing", "def setup(which): pass\ndef compute(which): pass\n", "vacuous"},
    {"cannot be pickled",
     "class Odd:\n    def __reduce_ex__(self, protocol): raise TypeError('no')\n"
     "def setup(which): pass\ndef compute(which): return Odd()\n",
     "opaque"},
    {"differs from run to run", "import os\ndef setup(which): pass\ndef compute(which): return os.getpid()\n",
     "unstable"},
    {"does not end", "import time\ndef setup(which): pass\ndef compute(which): time.sleep(60)\n", "failed"},
};

TEST(CaptureAgain, CaseNoLongerCheckable_KeepsItsSnapshotAndFails) {
  for (const Bad& bad : kBad) {
    SCOPED_TRACE(bad.what);
    const Sandbox box;
    box.write_suite(kSuite);
    box.write_library(kGood);
    const auto first = box.capture();
    ASSERT_EQ(first.run.status, 0) << first.text();
    const auto before = box.read_json(".snapshots/cases/bench/Case.time_it.json");

    box.write_library(bad.library);
    const auto again = box.capture({"--timeout", "2"});
    EXPECT_EQ(again.run.status, 1) << again.text();
    EXPECT_EQ(again.of("bench.Case.time_it('a')"), bad.status) << again.text();
    EXPECT_EQ(again.entry("bench.Case.time_it('a')").value("loss", ""), "kept");
    EXPECT_EQ(again.json["summary"]["kept"], 2);
    EXPECT_THAT(again.run.out, HasSubstr("kept"));
    EXPECT_THAT(again.run.out, HasSubstr("--allow-loss"));
    const auto after = box.read_json(".snapshots/cases/bench/Case.time_it.json");
    EXPECT_EQ(after["cases"], before["cases"]) << "its run stays, too";

    box.write_library(kGood);
    const auto verified = box.verify();
    EXPECT_EQ(verified.run.status, 0) << verified.text();
    EXPECT_EQ(verified.of("bench.Case.time_it('b')"), "identical");
  }
}

TEST(CaptureAgain, CaseNoLongerCheckableWithAllowLoss_ReplacesItsSnapshot) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library(kGood);
  ASSERT_EQ(box.capture().run.status, 0);
  box.write_library(kBad.front().library);
  const auto again = box.capture({"--allow-loss"});
  EXPECT_EQ(again.run.status, 0) << again.text();
  EXPECT_EQ(again.entry("bench.Case.time_it('a')").value("loss", ""), "replaced");
  EXPECT_EQ(again.json["summary"]["replaced"], 2);
  EXPECT_EQ(again.json["summary"]["kept"], 0);
  EXPECT_THAT(again.run.out, HasSubstr("replaced"));
  EXPECT_EQ(box.verify().of("bench.Case.time_it('a')"), "capture-failed");
  // Nothing is left to lose.
  const auto third = box.capture();
  EXPECT_EQ(third.run.status, 0) << third.text();
  EXPECT_EQ(third.json["summary"]["kept"], 0);
}

TEST(CaptureAgain, OneCaseFailingBesideANewOne_KeepsItsSnapshot) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library(kGood);
  ASSERT_EQ(box.capture().run.status, 0);
  // The axis grows in front, and one of the old cases fails.
  box.write_suite(
      "import lib\n"
      "class Case:\n"
      "    params = ['new', 'a', 'b']\n"
      "    def time_it(self, which): return lib.compute(which)\n");
  box.write_library(
      "def compute(which):\n"
      "    if which == 'b': raise ValueError('no')\n"
      "    return which * 3\n");
  const auto again = box.capture();
  EXPECT_EQ(again.run.status, 1) << again.text();
  EXPECT_EQ(again.entry("bench.Case.time_it('b')").value("loss", ""), "kept");
  box.write_library(kGood);
  const auto verified = box.verify();
  for (const char* label : {"bench.Case.time_it('new')", "bench.Case.time_it('a')", "bench.Case.time_it('b')"}) {
    EXPECT_EQ(verified.of(label), "identical") << verified.text();
  }
  EXPECT_TRUE(verified.entry("bench.Case.time_it('b')")["source_changed"] == true) << "kept with its version";
}

TEST(CaptureAgain, SnapshotWithoutItsObject_IsNotKept) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library(kGood);
  ASSERT_EQ(box.capture().run.status, 0);
  std::filesystem::remove_all(box.path(".snapshots/objects"));
  box.write_library(kBad.front().library);
  const auto again = box.capture({"--filter", "Case"});
  EXPECT_EQ(again.json["summary"]["kept"], 0) << again.text();
  EXPECT_EQ(again.run.status, 5);
}

TEST(CaptureAgain, ModuleThatDoesNotImport_LosesNoSnapshot) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library(kGood);
  box.write("benchmarks/bench_more.py", "def time_more(): return 2\n");
  ASSERT_EQ(box.capture().run.status, 0);
  const auto before = box.tree(".snapshots/cases/bench_more");
  box.write("benchmarks/bench_more.py", "import not_there\ndef time_more(): return 2\n");
  EXPECT_EQ(box.capture().run.status, 1);
  EXPECT_EQ(box.tree(".snapshots/cases/bench_more"), before);
  EXPECT_EQ(box.verify().of("bench_more.time_more"), "raised");
}

TEST(CaptureAgain, KeptSnapshotAfterClean_IsStillVerified) {
  const Sandbox box;
  box.write_suite(kSuite);
  box.write_library(kGood);
  ASSERT_EQ(box.capture().run.status, 0);
  box.write_library(kBad.front().library);
  ASSERT_EQ(box.capture().run.status, 1);
  ASSERT_EQ(box.run({"clean", "--snapshot-dir", ".snapshots"}).status, 0);
  box.write_library(kGood);
  EXPECT_EQ(box.verify().run.status, 0);
}

}  // namespace
}  // namespace snapshot_test::support
