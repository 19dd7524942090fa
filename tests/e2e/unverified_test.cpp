// What could not be checked never counts as passed, and a run that checked nothing fails.
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

constexpr const char* kPassing = "def time_passes():\n    return 42\n";

TEST(Unverified, VacuousCase_IsNamedAndNotPassed) {
  const Sandbox box;
  box.write_suite(std::string(kPassing) + "import lib\ndef time_vacuous():\n    lib.nothing()\n");
  box.write_library("def nothing(): return None\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.time_vacuous"), "vacuous") << captured.text();
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_vacuous"), "vacuous") << verified.text();
  EXPECT_EQ(verified.entry("bench.time_vacuous").at("standing"), "unverified");
  EXPECT_EQ(verified.run.status, 0) << "one case passed, none failed\n" << verified.text();
  EXPECT_EQ(box.verify({"--strict"}).run.status, 1);
}

TEST(Unverified, NoOpCase_IsNamedAndSkipped) {
  const Sandbox box;
  box.write_suite(std::string(kPassing) +
                  "def time_pass():\n    pass\n"
                  "def time_docstring():\n    '''The cost of an empty call.'''\n"
                  "class Suite:\n    def setup(self): self.x = 1\n    def time_pass(self):\n        pass\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.run.status, 0) << captured.text();
  const auto verified = box.verify({"--strict"});
  for (const char* label : {"bench.time_pass", "bench.time_docstring", "bench.Suite.time_pass"}) {
    EXPECT_EQ(captured.of(label), "no-op") << captured.text();
    EXPECT_EQ(verified.of(label), "no-op") << verified.text();
    EXPECT_EQ(verified.entry(label).at("standing"), "skipped");
  }
  EXPECT_EQ(verified.run.status, 0) << verified.text();
}

TEST(Unverified, SkippedCase_IsNamedAndTheOthersPass) {
  const Sandbox box;
  box.write_suite(std::string(kPassing) +
                  "class Refuses:\n"
                  "    params = [1, 2]\n"
                  "    def setup(self, n):\n"
                  "        if n == 2: raise NotImplementedError('not for 2')\n"
                  "    def time_f(self, n): return n\n"
                  "class Listed:\n"
                  "    params = [[1, 2], ['a', 'b']]\n"
                  "    skip_params = [(2, 'b')]\n"
                  "    def time_f(self, n, s): return n\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.run.status, 0) << captured.text();
  const auto verified = box.verify();
  for (const auto* report : {&captured, &verified}) {
    EXPECT_EQ(report->of("bench.Refuses.time_f(2)"), "skipped") << report->text();
    EXPECT_EQ(report->of("bench.Listed.time_f(2, 'b')"), "skipped") << report->text();
  }
  EXPECT_EQ(verified.of("bench.Refuses.time_f(1)"), "identical") << verified.text();
  EXPECT_EQ(verified.of("bench.Listed.time_f(2, 'a')"), "identical") << verified.text();
  EXPECT_EQ(verified.run.status, 0) << verified.text();
}

struct Nothing {
  const char* name;
  const char* suite;
};
void PrintTo(const Nothing& param, std::ostream* out) { *out << param.name; }
class NothingToVerify : public ::testing::TestWithParam<Nothing> {};

TEST_P(NothingToVerify, OnlyUncheckedCases_GiveStatus5) {
  const Sandbox box;
  box.write_suite(GetParam().suite);
  (void)box.capture();
  const auto verified = box.verify();
  EXPECT_EQ(verified.run.status, 5) << verified.text();
}

INSTANTIATE_TEST_SUITE_P(All, NothingToVerify,
                         ::testing::Values(Nothing{"Vacuous", "def time_f():\n    [].sort()\n"},
                                           Nothing{"NoOp", "def time_f():\n    pass\n"},
                                           Nothing{"Skipped",
                                                   "def setup(): raise NotImplementedError\ndef time_f(): return 1\n"},
                                           Nothing{"FailedWhenCaptured", "def time_f(): raise ValueError('always')\n"}),
                         [](const auto& tested) { return tested.param.name; });

TEST(Unverified, ResultThatDiffersInTheSecondRun_IsUnstable) {
  const Sandbox box;
  box.write_suite(std::string(kPassing) + "import os\ndef time_pid():\n    return os.getpid()\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.time_pid"), "unstable") << captured.text();
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_pid"), "unstable") << verified.text();
  EXPECT_EQ(verified.run.status, 0) << verified.text();
}

TEST(Unverified, ValuesThatDependOnTheDay_AreUnstable) {
  const Sandbox box;
  box.write_suite(std::string(kPassing) +
                  "import datetime, time\n"
                  "def time_today(): return datetime.date.today().isoformat()\n"
                  "def time_weekday(): return datetime.datetime.now().weekday()\n"
                  "def time_year(): return time.gmtime().tm_year\n"
                  "def time_age(): return time.time() > 10**9 and abs(time.time() - time.time()) < 1\n");
  const auto captured = box.capture();
  for (const char* name : {"time_today", "time_weekday", "time_year"}) {
    EXPECT_EQ(captured.of(std::string("bench.") + name), "unstable") << captured.text();
  }
  EXPECT_EQ(captured.of("bench.time_age"), "outer") << "what is the same at any time of day";
  const auto frozen = box.capture({"--freeze-time", "1700000000"});
  EXPECT_EQ(frozen.of("bench.time_today"), "outer") << frozen.text();
}

TEST(Unverified, NewCase_IsNoSnapshotAndFailsWhenStrict) {
  const Sandbox box;
  box.write_suite(kPassing);
  ASSERT_EQ(box.capture().run.status, 0);
  box.write_suite(std::string(kPassing) + "def time_new():\n    return 1\n");
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_new"), "no-snapshot") << verified.text();
  EXPECT_EQ(verified.run.status, 0) << verified.text();
  EXPECT_EQ(box.verify({"--strict"}).run.status, 1);
  EXPECT_EQ(box.verify({"--filter", "time_new"}).run.status, 5);
}

TEST(Unverified, GoneCase_IsObsoleteAndFailsWhenStrict) {
  const Sandbox box;
  box.write_suite(std::string(kPassing) + "def time_old():\n    return 1\n");
  ASSERT_EQ(box.capture().run.status, 0);
  box.write_suite(kPassing);
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_old"), "obsolete") << verified.text();
  EXPECT_EQ(verified.run.status, 0) << verified.text();
  EXPECT_EQ(box.verify({"--strict"}).run.status, 1);
}

TEST(Unverified, CaseThatAFilterLeavesOut_IsNotObsolete) {
  const Sandbox box;
  box.write_suite(std::string(kPassing) + "def time_other():\n    return 1\n");
  ASSERT_EQ(box.capture().run.status, 0);
  const auto verified = box.verify({"--filter", "time_passes", "--strict"});
  EXPECT_EQ(verified.of("bench.time_other"), "(not reported)") << verified.text();
  EXPECT_EQ(verified.run.status, 0) << verified.text();
}

TEST(Unverified, CaseThatFailedInCapture_IsCaptureFailedInVerify) {
  const Sandbox box;
  box.write_suite(std::string(kPassing) + "import lib\ndef time_f():\n    return lib.f()\n");
  box.write_library("def f(): raise ValueError('not yet')\n");
  const auto captured = box.capture();
  EXPECT_EQ(captured.of("bench.time_f"), "failed") << captured.text();
  box.write_library("def f(): return 1\n");
  const auto verified = box.verify();
  EXPECT_EQ(verified.of("bench.time_f"), "capture-failed") << verified.text();
}

TEST(Unverified, MinVerifiedAboveTheShare_FailsTheRun) {
  const Sandbox box;
  box.write_suite(std::string(kPassing) + "def time_vacuous():\n    [].sort()\n");
  ASSERT_EQ(box.capture().run.status, 0);
  EXPECT_EQ(box.verify({"--min-verified", "50"}).run.status, 0);
  const auto verified = box.verify({"--min-verified", "51"});
  EXPECT_EQ(verified.run.status, 1) << verified.text();
  EXPECT_EQ(box.verify({"--min-verified", "101"}).run.status, 2);
}

TEST(Unverified, FailureBesideAVacuousCase_GivesStatus1) {
  const Sandbox box;
  box.write_suite("import lib\ndef time_f():\n    return lib.f()\ndef time_vacuous():\n    [].sort()\n");
  box.write_library("def f(): return 1\n");
  ASSERT_EQ(box.capture().run.status, 0);
  box.write_library("def f(): return 2\n");
  EXPECT_EQ(box.verify().run.status, 1);
}

TEST(Unverified, MemoryNeverWritten_IsUnstable) {
  ST_NEEDS_NUMPY();
  const Sandbox box;
  box.write_suite(
      "import numpy as np\ndef time_empty():\n    x = np.empty(100_000)\n"
      // numpy keeps memory of that size for itself.
      "def time_small():\n    x = np.empty(4)\n"
      "def time_huge():\n    x = np.empty(1_000_000)\n"
      "def time_zeros():\n    return np.zeros(1_000_000)\n"
      "def time_where():\n    a = np.arange(8.0)\n    return np.divide(1, a, where=a > 4)\n"
      "def time_integers():\n    return np.add(1, np.arange(8), where=np.arange(8) > 4)\n"
      "class InSetUp:\n    def setup(self): self.a = np.empty(6)\n    def time_f(self): return self.a + 1\n");
  const auto captured = box.capture();
  for (const auto& [label, status] : captured.outcomes()) {
    // What a is, is known.
    const auto known = label == "bench.time_zeros" ? "outer" : label == "bench.time_where" ? "part" : "unstable";
    EXPECT_EQ(status, known) << label << captured.text();
  }
}

}  // namespace
}  // namespace snapshot_test::support
