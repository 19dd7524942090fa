// How cases stand before and after a change: baseline, and verify --against-status.
#include <gmock/gmock.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kBefore =
    "import os, lib\n"
    "def time_stays(): return 1\n"
    "def time_breaks(): return lib.VALUE\n"
    "def time_bad(): raise ValueError('bad')\n"
    "def time_mended(): raise ValueError('not yet')\n"
    "def time_skips(): return 1\n"
    "def skip(): raise NotImplementedError('no')\n"
    "time_skips.setup = skip\n"
    "def time_nothing(): pass\n"
    "def time_lock():\n    import threading\n    return threading.Lock()\n"
    "def time_gone(): return 1\n";

class TransitionsOf : public testing::Test {
 protected:
  TransitionsOf() {
    box_.write_suite(kBefore);
    box_.write_library("VALUE = 1\n");
  }

  support::Run baseline(std::vector<std::string> extra = {}, const RunOptions& options = {}) {
    std::vector<std::string> arguments = box_.suite_arguments("baseline");
    arguments.insert(arguments.end(), extra.begin(), extra.end());
    return box_.run(arguments, options);
  }
  [[nodiscard]] std::string status() const { return box_.path(".snapshots/status.json").string(); }
  Report verify(std::vector<std::string> extra = {}) {
    extra.insert(extra.begin(), {"--against-status", status(), "--summary", box_.path("summary.json").string()});
    return box_.verify(extra);
  }
  /// status of each case, by label
  [[nodiscard]] std::map<std::string, std::string> recorded() const {
    std::map<std::string, std::string> all;
    const auto file = box_.read_json(".snapshots/status.json");
    for (const auto& benchmark : file["benchmarks"]) {
      for (const auto& each : benchmark["cases"]) {
        all[each["case"]] = each["status"];
      }
    }
    return all;
  }
  /// "pass to fail" and the like, by label; fails where a case is in two cells, or the counts are others.
  static std::map<std::string, std::string> cells(const Report& report) {
    std::map<std::string, std::string> all;
    const auto& transitions = report.json["summary"]["transitions"];
    std::size_t cells = 0;
    for (const auto& [before, row] : transitions["cases"].items()) {
      for (const auto& [now, labels] : row.items()) {
        ++cells;
        EXPECT_EQ(transitions["counts"][before][now], labels.size());
        for (const auto& label : labels) {
          EXPECT_TRUE(all.emplace(label, before + " to " + now).second) << label;
        }
      }
    }
    EXPECT_EQ(cells, 15U) << "the 3 x 3, and what is added and removed";
    return all;
  }
  static void expect_sound(const Report& report) {
    EXPECT_EQ(report.json["summary"]["exit_status"], report.run.status);
    EXPECT_EQ(report.json["summary"]["ok"] == true, report.run.status == 0) << report.text();
  }

  Sandbox box_;
};

TEST_F(TransitionsOf, Baseline_RecordsHowEachCaseEndsWithoutSnapshots) {
  const support::Run run = baseline();
  EXPECT_EQ(run.status, 0) << run.out << run.err;
  EXPECT_EQ(recorded(), (std::map<std::string, std::string>{{"bench.time_stays", "pass"},
                                                            {"bench.time_breaks", "pass"},
                                                            {"bench.time_bad", "fail"},
                                                            {"bench.time_mended", "fail"},
                                                            {"bench.time_skips", "skip"},
                                                            {"bench.time_nothing", "skip"},
                                                            {"bench.time_lock", "pass"},
                                                            {"bench.time_gone", "pass"}}));
  EXPECT_THAT(run.out, AllOf(HasSubstr("fail: 2 cases\n"), HasSubstr("raised: ValueError: bad"),
                             HasSubstr("8 cases: 4 pass, 2 fail, 2 skip"), HasSubstr("RECORDED: ")))
      << run.out;
  const auto file = box_.read_json(".snapshots/status.json");
  EXPECT_EQ(file["suite"], std::filesystem::canonical(box_.path("benchmarks")).string());
  EXPECT_EQ(file["run"]["python"]["implementation"], "CPython");
  EXPECT_FALSE(std::filesystem::exists(box_.path(".snapshots/format.json")));
}

TEST_F(TransitionsOf, Capture_TakesTheFolderOfAStatusFile) {
  ASSERT_EQ(baseline().status, 0);
  EXPECT_EQ(box_.capture().run.status, 0);
  EXPECT_TRUE(std::filesystem::exists(status()));
  EXPECT_EQ(box_.run({"clean", "--snapshot-dir", box_.path(".snapshots").string()}).status, 0);
  EXPECT_TRUE(std::filesystem::exists(status()));
}

TEST_F(TransitionsOf, Baseline_DoesNotHoldValues) {
  ST_NEEDS_NUMPY();
  box_.write_suite("import numpy\ndef time_resize():\n    a = numpy.ones(3)\n    a.resize(5)\n");
  ASSERT_EQ(baseline().status, 0);
  EXPECT_EQ(recorded()["bench.time_resize"], "pass");
}

TEST_F(TransitionsOf, UnchangedCode_IsAllOnTheDiagonal) {
  ASSERT_EQ(box_.capture().run.status, 0);
  ASSERT_EQ(baseline().status, 0);
  const auto verified = verify();
  EXPECT_EQ(verified.run.status, 0) << verified.text();
  expect_sound(verified);
  EXPECT_EQ(cells(verified), (std::map<std::string, std::string>{{"bench.time_stays", "pass to pass"},
                                                                 {"bench.time_breaks", "pass to pass"},
                                                                 {"bench.time_bad", "fail to fail"},
                                                                 {"bench.time_mended", "fail to fail"},
                                                                 {"bench.time_skips", "skip to skip"},
                                                                 {"bench.time_nothing", "skip to skip"},
                                                                 {"bench.time_lock", "pass to pass"},
                                                                 {"bench.time_gone", "pass to pass"}}));
  EXPECT_EQ(verified.of("bench.time_bad"), "capture-failed");
  EXPECT_EQ(verified.of("bench.time_lock"), "opaque");
  EXPECT_THAT(verified.run.out, HasSubstr("PASSED: no case fails that passed before; 2 cases fail that did not pass "
                                          "before; 3 cases could not be checked"))
      << verified.run.out;
}

TEST_F(TransitionsOf, EveryKindOfChange_HasItsCell) {
  ASSERT_EQ(box_.capture().run.status, 0);
  ASSERT_EQ(baseline().status, 0);
  box_.write_library("VALUE = 2\n");
  box_.write_suite(
      "import os, lib\n"
      "def time_stays(): return 1\n"
      "def time_breaks(): return lib.VALUE\n"
      "def time_bad(): raise KeyError('worse')\n"
      "def time_mended(): return 5\n"
      "def time_skips(): return 1\n"
      "def time_nothing(): return 3\n"
      "def time_lock(): raise OSError('locked')\n"
      "def time_new(): return 1\n"
      "def time_new_bad(): return 1 / 0\n");
  const auto verified = verify();
  EXPECT_EQ(verified.run.status, 1) << verified.text();
  expect_sound(verified);
  EXPECT_EQ(verified.json["summary"]["ok"], false);
  EXPECT_EQ(cells(verified), (std::map<std::string, std::string>{{"bench.time_stays", "pass to pass"},
                                                                 {"bench.time_breaks", "pass to fail"},
                                                                 {"bench.time_bad", "fail to fail"},
                                                                 {"bench.time_mended", "fail to pass"},
                                                                 {"bench.time_skips", "skip to pass"},
                                                                 {"bench.time_nothing", "skip to pass"},
                                                                 {"bench.time_lock", "pass to fail"},
                                                                 {"bench.time_gone", "pass to removed"},
                                                                 {"bench.time_new", "added to pass"},
                                                                 {"bench.time_new_bad", "added to fail"}}));
  EXPECT_THAT(verified.run.out,
              AllOf(HasSubstr("  before \\ now       pass     fail     skip  removed\n"
                              "  pass                  1        2        0        1\n"
                              "  fail                  1        1        0        0\n"
                              "  skip                  2        0        0        0\n"
                              "  added                 1        1        0\n"
                              "pass to fail: 2 cases\n  bench.time_breaks\n  bench.time_lock\n"),
                    HasSubstr("removed, pass before: 1 case\n  bench.time_gone\n"),
                    HasSubstr("FAILED (exit status 1): 2 cases passed before, by the status file, and fail now")))
      << verified.run.out;
  EXPECT_EQ(box_.read_json("summary.json")["transitions"], verified.json["summary"]["transitions"]);
  EXPECT_FALSE(verified.json["summary"].contains("pass-to-fail"));
}

TEST_F(TransitionsOf, FlatKeys_AreThereWhenAskedFor) {
  ASSERT_EQ(box_.capture().run.status, 0);
  ASSERT_EQ(baseline().status, 0);
  const auto verified = verify({"--flat-transitions"});
  const auto summary = box_.read_json("summary.json");
  EXPECT_EQ(summary["pass-to-pass"], 4);
  EXPECT_EQ(summary["fail-to-fail"], 2);
  EXPECT_EQ(summary["skip-to-skip"], 2);
  for (const char* key :
       {"pass-to-fail", "pass-to-skip", "fail-to-pass", "fail-to-skip", "skip-to-pass", "skip-to-fail"}) {
    EXPECT_EQ(summary[key], 0) << key;
  }
  EXPECT_EQ(box_.run({"verify", "--flat-transitions"}).status, 2) << "it needs a status file";
}

TEST_F(TransitionsOf, FailuresFromBefore_DoNotFailTheRunAndNewOnesDo) {
  box_.write_library("VALUE = 1\n");
  ASSERT_EQ(box_.capture().run.status, 0);
  box_.write_suite(
      "import lib\ndef time_stays(): return 1\ndef time_breaks(): raise ValueError(lib.VALUE)\n"
      "def time_gone(): return 1\n");
  ASSERT_EQ(baseline().status, 0);
  const auto same = verify({"--obsolete", "ignore"});
  EXPECT_EQ(same.run.status, 0) << same.text();
  EXPECT_EQ(same.of("bench.time_breaks"), "raised");
  EXPECT_EQ(same.json["summary"]["failed"], 1);
  EXPECT_EQ(same.json["summary"]["ok"], true);
  box_.write_suite("def time_stays(): return 2\ndef time_breaks(): raise ValueError\ndef time_gone(): return 1\n");
  const auto worse = verify({"--obsolete", "ignore"});
  EXPECT_EQ(worse.run.status, 1);
  EXPECT_THAT(worse.run.out, HasSubstr("one case passed before, by the status file, and fails now"));
}

TEST_F(TransitionsOf, OtherRules_HoldAsEver) {
  ASSERT_EQ(box_.capture().run.status, 0);
  ASSERT_EQ(baseline().status, 0);
  const auto few = verify({"--min-cases", "100"});
  EXPECT_EQ(few.run.status, 1);
  EXPECT_TRUE(few.json["summary"]["ok"].is_null());
  const auto strict = verify({"--strict"});
  EXPECT_EQ(strict.run.status, 1);
  EXPECT_TRUE(strict.json["summary"]["ok"].is_null()) << strict.text();
  box_.write("benchmarks/more.py", "def time_more(): return 1\n");
  const auto missing = verify({"--missing", "fail"});
  EXPECT_EQ(missing.run.status, 1);
  EXPECT_TRUE(missing.json["summary"]["ok"].is_null()) << missing.text();
  const auto nothing = verify({"--filter", "nothing_of_this_name"});
  EXPECT_EQ(nothing.run.status, 5);
  EXPECT_TRUE(nothing.json["summary"]["ok"].is_null());
}

TEST_F(TransitionsOf, DeselectedCases_AreNeitherAddedNorRemoved) {
  ASSERT_EQ(box_.capture().run.status, 0);
  ASSERT_EQ(baseline({"--filter", "stays|breaks"}).status, 0);
  EXPECT_EQ(recorded().size(), 2U);
  const auto all = verify();
  EXPECT_EQ(cells(all), (std::map<std::string, std::string>{{"bench.time_stays", "pass to pass"},
                                                            {"bench.time_breaks", "pass to pass"}}));
  const auto some = verify({"--filter", "breaks|gone"});
  EXPECT_EQ(cells(some), (std::map<std::string, std::string>{{"bench.time_breaks", "pass to pass"}}));
  const auto excluded = verify({"--exclude", "breaks"});
  EXPECT_EQ(cells(excluded), (std::map<std::string, std::string>{{"bench.time_stays", "pass to pass"}}));
  const auto disjoint = verify({"--filter", "gone"});
  EXPECT_EQ(disjoint.run.status, 5) << disjoint.text();
  EXPECT_TRUE(cells(disjoint).empty());
  EXPECT_TRUE(disjoint.json["summary"]["ok"].is_null());
  EXPECT_THAT(disjoint.run.out, HasSubstr("none of the cases of the status file was verified"));
}

TEST_F(TransitionsOf, ModuleThatDoesNotImport_Fails) {
  box_.write("benchmarks/other.py", "def time_other(): return 3\ndef time_unseen(): return 4\n");
  ASSERT_EQ(box_.capture({"--exclude", "unseen"}).run.status, 0);
  ASSERT_EQ(baseline().status, 0);
  box_.write("benchmarks/other.py", "import nothing_of_this_name\n");
  const auto broken = verify();
  EXPECT_EQ(broken.run.status, 1);
  EXPECT_EQ(cells(broken)["other.time_other"], "pass to fail");
  EXPECT_EQ(cells(broken)["other.time_unseen"], "pass to fail") << "it has no snapshot";
  EXPECT_THAT(cells(verify({"--filter", "stays"})), testing::SizeIs(1));
  ASSERT_EQ(baseline().status, 0);
  box_.write("benchmarks/other.py", "def time_other(): return 3\n");
  const auto mended = verify();
  EXPECT_EQ(mended.run.status, 0);
  EXPECT_EQ(cells(mended)["other.time_other"], "fail to pass");
}

TEST_F(TransitionsOf, MaxFail_CountsCasesThatPassedBefore) {
  ASSERT_EQ(box_.capture().run.status, 0);
  box_.write_suite("def time_stays(): return 1\ndef time_breaks(): raise ValueError\ndef time_gone(): return 1\n");
  ASSERT_EQ(baseline().status, 0);
  EXPECT_TRUE(verify({"-x", "-j", "1"}).json["not_run"].empty());
  box_.write_suite("def time_stays(): return 2\ndef time_breaks(): raise ValueError\ndef time_gone(): return 2\n");
  const auto stopped = verify({"-x", "-j", "1"});
  EXPECT_EQ(stopped.run.status, 1);
  const std::size_t not_run = stopped.json["not_run"].size();
  EXPECT_GT(not_run, 0U);
  EXPECT_EQ(cells(stopped).size() + not_run, 3U) << stopped.text();
}

TEST_F(TransitionsOf, ParameterizedCases_AreFoundWhenAnAxisGrows) {
  box_.write_suite("def time_n(n): return 12 // n\ntime_n.params = [0, 1]\n");
  ASSERT_EQ(box_.capture().run.status, 0);
  ASSERT_EQ(baseline().status, 0);
  box_.write_suite("def time_n(n): return 12 // (n + 0.5)\ntime_n.params = [3, 0, 1]\n");
  const auto verified = verify();
  EXPECT_EQ(cells(verified), (std::map<std::string, std::string>{{"bench.time_n(3)", "added to pass"},
                                                                 {"bench.time_n(0)", "fail to pass"},
                                                                 {"bench.time_n(1)", "pass to fail"}}));
}

TEST_F(TransitionsOf, UnusableStatusFiles_AreErrorsThatSayWhatToDo) {
  ASSERT_EQ(box_.capture().run.status, 0);
  const auto refused = [&](const std::string& message) {
    const auto verified = verify();
    EXPECT_EQ(verified.run.status, 2) << verified.text();
    EXPECT_TRUE(verified.json["ok"].is_null() || verified.json["summary"]["ok"].is_null());
    EXPECT_THAT(verified.run.err, HasSubstr(message));
  };
  refused("does not exist; record one with `snapshot_test baseline --status FILE`");
  box_.write(".snapshots/status.json", "");
  refused("is empty");
  box_.write(".snapshots/status.json", "{\"cases\": []}");
  refused("is no file that `snapshot_test baseline` has written");
  box_.write(".snapshots/status.json", "{\"format\": \"snapshot_test status\", \"version\": 7}");
  refused("has format version 7, and this version reads 1");
  ASSERT_EQ(baseline().status, 0);
  const std::string whole = box_.read(".snapshots/status.json");
  box_.write(".snapshots/status.json", whole.substr(0, whole.size() / 2));
  refused("is damaged: line ");
  std::string wrong = whole;
  const std::string status = "\"status\": \"pass\"";
  wrong.replace(wrong.find(status), status.size(), "\"status\": \"fine\"");
  box_.write(".snapshots/status.json", wrong);
  refused("is damaged: benchmarks[");
}

TEST_F(TransitionsOf, StatusFileOfAnotherSuite_IsRefused) {
  ASSERT_EQ(box_.capture().run.status, 0);
  box_.write("elsewhere/__init__.py", "");
  box_.write("elsewhere/others.py", "def time_x(): return 1\n");
  ASSERT_EQ(
      box_.run({"baseline", box_.path("elsewhere").string(), "--status", status(), "--python", test_python()}).status,
      0);
  const auto verified = verify();
  EXPECT_EQ(verified.run.status, 2) << verified.text();
  EXPECT_THAT(verified.run.err, AllOf(HasSubstr("is of another suite: it was recorded in '"), HasSubstr("elsewhere")));
}

TEST_F(TransitionsOf, BaselineOfNothing_WritesNothing) {
  const support::Run none = baseline({"--filter", "nothing_of_this_name"});
  EXPECT_EQ(none.status, 5);
  EXPECT_FALSE(std::filesystem::exists(status()));
  box_.write_suite("import nothing_of_this_name\n");
  EXPECT_EQ(baseline().status, 5);
  EXPECT_FALSE(std::filesystem::exists(status()));
}

TEST_F(TransitionsOf, UnwritableStatusFile_IsStatus3) {
  const support::Run run = baseline({"--status", "/proc/no/status.json"});
  EXPECT_EQ(run.status, 3) << run.out << run.err;
}

TEST_F(TransitionsOf, ReportOfARun_KeepsTheMatrix) {
  ASSERT_EQ(box_.capture().run.status, 0);
  ASSERT_EQ(baseline().status, 0);
  const auto one = verify({"--filter", "stays|bad"});
  box_.write("one.json", one.json.dump());
  const auto two = verify({"--filter", "breaks|skips"});
  box_.write("two.json", two.json.dump());
  ASSERT_EQ(box_.run({"report", box_.path("one.json").string(), box_.path("two.json").string(), "--json",
                      box_.path("all.json").string()})
                .status,
            0);
  const auto all = box_.read_json("all.json")["summary"]["transitions"]["cases"];
  EXPECT_THAT(all["pass"]["pass"], testing::SizeIs(2));
  EXPECT_THAT(all["fail"]["fail"], testing::SizeIs(1));
  EXPECT_THAT(all["skip"]["skip"], testing::SizeIs(1));
}

}  // namespace
}  // namespace snapshot_test::support
