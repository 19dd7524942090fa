// What becomes of cases without a snapshot and of snapshots without a case; what a run's grade is.
#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using testing::HasSubstr;

class Policies : public testing::Test {
 protected:
  Policies() {
    box_.write("benchmarks/__init__.py", "");
    box_.write("benchmarks/kept.py", "def time_kept(): return 1\ndef time_gone(): return 2\n");
    box_.write("benchmarks/other.py", "def time_other(): return 3\n");
  }

  /// One case is gone, one is new; the module `other` may be broken.
  void change(bool broken) {
    box_.write("benchmarks/kept.py", "def time_kept(): return 1\ndef time_new(): return 2\n");
    box_.write("benchmarks/other.py", broken ? "import nothing_of_this_name\n" : "def time_other(): return 3\n");
  }

  static RunOptions in_ci(bool ci) {
    RunOptions options;
    options.environment["CI"] = ci ? "true" : "";
    return options;
  }

  Sandbox box_;
};

/// ok and exit_status of a report say the same, and no case is in it twice.
void expect_sound(const Report& report, const std::string& what) {
  const auto& summary = report.json["summary"];
  EXPECT_EQ(summary["exit_status"], report.run.status) << what;
  EXPECT_EQ(summary["ok"] == true, report.run.status == 0) << what << report.text();
  std::set<std::string> labels;
  for (const char* place : {"cases", "not_run"}) {
    for (const auto& each : report.json.value(place, nlohmann::json::array())) {
      EXPECT_TRUE(labels.insert(each["label"].get<std::string>()).second) << what << each["label"];
    }
  }
  if (!summary.contains("total")) {
    return;  // it could not start
  }
  std::size_t of_verdicts = 0;
  for (const auto& [verdict, cases] : summary["by_verdict"].items()) {
    of_verdicts += cases.get<std::size_t>();
  }
  const auto count = [&](const char* key) { return summary[key].get<std::size_t>(); };
  EXPECT_EQ(of_verdicts, report.json["cases"].size()) << what;
  EXPECT_EQ(count("total") + count("obsolete"), report.json["cases"].size()) << what;
  EXPECT_EQ(count("total"), count("passed") + count("failed") + count("skipped") + count("unverified")) << what;
  EXPECT_EQ(count("not_run"), report.json["not_run"].size()) << what;
}

/// true, false or null, as text.
std::string ok_of(const Report& report) {
  const auto& json = report.json.contains("summary") ? report.json["summary"] : report.json;
  return json["ok"].dump();
}

TEST_F(Policies, EveryMixOfOptions_HasItsStatusAndVerdicts) {
  for (const bool broken : {false, true}) {
    box_.write("benchmarks/kept.py", "def time_kept(): return 1\ndef time_gone(): return 2\n");
    box_.write("benchmarks/other.py", "def time_other(): return 3\n");
    ASSERT_EQ(box_.capture().run.status, 0);
    change(broken);
    for (const bool filtered : {false, true}) {
      for (const bool ci : {false, true}) {
        for (const std::string missing : {"auto", "unverified", "fail"}) {
          for (const std::string obsolete : {"auto", "ignore", "warn", "fail"}) {
            const std::string what = "broken " + std::to_string(broken) + ", filter " + std::to_string(filtered) +
                                     ", CI " + std::to_string(ci) + ", missing " + missing + ", obsolete " + obsolete;
            std::vector<std::string> extra{"--missing", missing, "--obsolete", obsolete};
            if (filtered) {
              extra.insert(extra.end(), {"--filter", "kept"});
            }
            const auto verified = box_.verify(extra, in_ci(ci));
            expect_sound(verified, what);
            const bool fails_missing = missing == "fail" || (missing == "auto" && ci);
            const bool complete = !broken && !filtered;
            const bool fails_obsolete = complete && (obsolete == "fail" || (obsolete == "auto" && ci));
            const bool fails = (broken && !filtered) || fails_missing || fails_obsolete;
            EXPECT_EQ(verified.run.status, fails ? 1 : 0) << what << verified.text();
            EXPECT_EQ(verified.of("kept.time_kept"), "identical") << what;
            EXPECT_EQ(verified.of("kept.time_new"), "no-snapshot") << what;
            EXPECT_EQ(verified.of("kept.time_gone"), obsolete == "ignore" ? "(not reported)" : "obsolete") << what;
            EXPECT_EQ(verified.of("other.time_other"), filtered ? "(not reported)"
                                                       : broken ? "raised"
                                                                : "identical")
                << what;
            EXPECT_EQ(ok_of(verified), !fails                ? "true"
                                       : broken && !filtered ? "false"
                                       : fails_missing       ? "null"
                                                             : "false")
                << what;
          }
        }
      }
    }
  }
}

TEST_F(Policies, ObsoleteDeleteAndMissingCapture_PassStrictVerify) {
  ASSERT_EQ(box_.capture().run.status, 0);
  change(false);
  const auto verified = box_.verify({"--missing", "capture", "--obsolete", "delete"});
  EXPECT_EQ(verified.run.status, 0) << verified.text();
  expect_sound(verified, "delete and capture");
  const auto again = box_.verify({"--strict"});
  EXPECT_EQ(again.run.status, 0) << again.text();
  EXPECT_EQ(again.of("kept.time_new"), "identical");
  EXPECT_EQ(again.of("kept.time_gone"), "(not reported)");
  const auto undo = [&] {
    return box_.run({"capture", "--undo", "--snapshot-dir", box_.path(".snapshots").string()}).out;
  };
  EXPECT_THAT(
      undo(),
      HasSubstr("this undoes what pull brought or verify --obsolete delete removed\n  1 benchmark as before it\n"));
  EXPECT_EQ(box_.verify().of("kept.time_gone"), "obsolete");
  EXPECT_THAT(undo(), HasSubstr("this undoes the capture of 20"));
}

TEST_F(Policies, CaseThatSkipsItselfOrIsExcluded_IsNotObsolete) {
  ASSERT_EQ(box_.capture().run.status, 0);
  box_.write("benchmarks/kept.py",
             "def time_kept(): return 1\n"
             "def time_gone(): return 2\n"
             "def skip(): raise NotImplementedError\n"
             "time_gone.setup = skip\n");
  EXPECT_EQ(box_.verify({"--obsolete", "fail", "--exclude", "time_gone"}).run.status, 0);
  EXPECT_EQ(box_.verify({"--obsolete", "fail"}).of("kept.time_gone"), "raised");
}

TEST_F(Policies, CasesNotRunAfterAFailure_AreNamedOnce) {
  ASSERT_EQ(box_.capture().run.status, 0);
  box_.write("benchmarks/kept.py", "def time_kept(): return 7\ndef time_gone(): return 8\n");
  const auto stopped = box_.verify({"-x", "-j", "1"});
  expect_sound(stopped, "-x");
  EXPECT_EQ(stopped.run.status, 1);
  EXPECT_EQ(stopped.json["summary"]["ok"], false);
  EXPECT_EQ(stopped.json["cases"].size() + stopped.json["not_run"].size(), 3U) << stopped.text();
  EXPECT_EQ(stopped.json["not_run"].size(), stopped.json["summary"]["not_run"]);
}

TEST_F(Policies, MinCases_CountsCheckedCases) {
  ASSERT_EQ(box_.capture({"--min-cases", "3"}).run.status, 0);
  EXPECT_EQ(box_.capture({"--min-cases", "4"}).run.status, 1);
  EXPECT_EQ(box_.verify({"--min-cases", "3"}).run.status, 0);
  const auto few = box_.verify({"--min-cases", "3", "--filter", "kept"});
  EXPECT_EQ(few.run.status, 1);
  EXPECT_TRUE(few.json["summary"]["ok"].is_null());
  EXPECT_THAT(few.run.out, HasSubstr("only 2 cases were checked by their result (--min-cases 3)"));
}

/// Beside a status file, by which `other` passed and `kept` may have failed.
TEST_F(Policies, EveryMixBesideAStatusFile_HasItsStatusAndCells) {
  const std::string file = box_.path("status.json").string();
  ASSERT_EQ(box_.capture().run.status, 0);
  for (const bool failed_before : {false, true}) {
    box_.write("benchmarks/kept.py", failed_before ? "def time_kept(): raise ValueError\ndef time_gone(): return 2\n"
                                                   : "def time_kept(): return 1\ndef time_gone(): return 2\n");
    box_.write("benchmarks/other.py", "def time_other(): return 3\n");
    auto baseline = box_.suite_arguments("baseline");
    baseline.insert(baseline.end(), {"--status", file});
    ASSERT_EQ(box_.run(baseline).status, 0);
    for (const bool broken : {false, true}) {
      for (const bool fails_now : {false, true}) {
        box_.write("benchmarks/kept.py",
                   std::string("def time_kept(): return ") + (fails_now ? "7" : "1") + "\ndef time_new(): return 2\n");
        box_.write("benchmarks/other.py", broken ? "import nothing_of_this_name\n" : "def time_other(): return 3\n");
        for (const bool filtered : {false, true}) {
          for (const bool ci : {false, true}) {
            const std::string what = "failed before " + std::to_string(failed_before) + ", now " +
                                     std::to_string(fails_now) + ", broken " + std::to_string(broken) + ", filter " +
                                     std::to_string(filtered) + ", CI " + std::to_string(ci);
            std::vector<std::string> extra{"--against-status", file};
            if (filtered) {
              extra.insert(extra.end(), {"--filter", "kept"});
            }
            const auto verified = box_.verify(extra, in_ci(ci));
            expect_sound(verified, what);
            const bool worse = (fails_now && !failed_before) || (broken && !filtered);
            const bool nothing = fails_now && (filtered || broken);
            const bool new_fails = ci;  // time_new has no snapshot
            EXPECT_EQ(verified.run.status, worse || new_fails ? 1 : nothing ? 5 : 0) << what << verified.text();
            EXPECT_EQ(ok_of(verified), worse ? "false" : new_fails || nothing ? "null" : "true") << what;
            const auto& cells = verified.json["summary"]["transitions"]["counts"];
            EXPECT_EQ(cells["pass"]["removed"], 1) << what << ": time_gone";
            EXPECT_EQ(cells["added"]["pass"], 1) << what << ": time_new";
            EXPECT_EQ(cells["pass"]["fail"], (fails_now && !failed_before ? 1 : 0) + (broken && !filtered ? 1 : 0))
                << what;
            EXPECT_EQ(cells["fail"]["fail"], fails_now && failed_before ? 1 : 0) << what;
            EXPECT_EQ(cells["fail"]["pass"], !fails_now && failed_before ? 1 : 0) << what;
            EXPECT_EQ(verified.of("kept.time_kept"), fails_now ? "different" : "identical") << what;
            EXPECT_EQ(verified.of("kept.time_new"), "no-snapshot") << what;
          }
        }
      }
    }
  }
}

TEST_F(Policies, GradeAndExitStatus_AgreeHoweverARunEnds) {
  ASSERT_EQ(box_.capture().run.status, 0);
  struct Row {
    std::vector<std::string> extra;
    int status;
    std::string ok;
  };
  const std::string file = box_.path("status.json").string();
  auto baseline = box_.suite_arguments("baseline");
  baseline.insert(baseline.end(), {"--status", file});
  ASSERT_EQ(box_.run(baseline).status, 0);
  for (const Row& row : std::vector<Row>{{{}, 0, "true"},
                                         {{"--strict"}, 0, "true"},
                                         {{"--min-cases", "3"}, 0, "true"},
                                         {{"--min-cases", "4"}, 1, "null"},
                                         {{"--filter", "nothing_of_this_name"}, 5, "null"},
                                         {{"--filter", "kept", "--exclude", "kept"}, 5, "null"},
                                         {{"--filter", "("}, 2, "null"},
                                         {{"--same-environment", "*"}, 0, "true"},
                                         {{"--against-status", file}, 0, "true"},
                                         {{"--against-status", file, "--filter", "nothing_of_this_name"}, 5, "null"},
                                         {{"--against-status", file, "--min-cases", "4"}, 1, "null"},
                                         {{"--against-status", file + ".not"}, 2, "null"},
                                         {{"--variant", "{no-such-package}"}, 2, "null"},
                                         {{"--variant", "x"}, 5, "null"}}) {
    std::string what;
    for (const std::string& each : row.extra) {
      what += each + " ";
    }
    const auto verified = box_.verify(row.extra);
    EXPECT_EQ(verified.run.status, row.status) << what << verified.text();
    EXPECT_EQ(ok_of(verified), row.ok) << what;
    expect_sound(verified, what);
  }
  box_.write("benchmarks/__init__.py", "import nothing_of_this_name\n");
  for (const bool beside : {false, true}) {
    const auto broken =
        box_.verify(beside ? std::vector<std::string>{"--against-status", file} : std::vector<std::string>());
    EXPECT_EQ(broken.run.status, 1) << broken.text();
    EXPECT_EQ(ok_of(broken), "false");
    expect_sound(broken, "the suite does not import");
  }
}

TEST_F(Policies, ReportThatCannotBeWritten_IsNoSuccessInTheOthers) {
  ASSERT_EQ(box_.capture().run.status, 0);
  const auto verified = box_.verify({"--summary", "/dev/full"});
  EXPECT_EQ(verified.run.status, 3) << verified.text();
  EXPECT_EQ(ok_of(verified), "null");
  expect_sound(verified, "/dev/full");
  EXPECT_THAT(verified.json["summary"]["failure"].get<std::string>(), HasSubstr("/dev/full"));
}

TEST_F(Policies, InterruptedRun_HasNoGrade) {
  box_.write("benchmarks/kept.py",
             "import time\ndef time_a(): return 1\ndef time_b():\n    time.sleep(0.1)\n    return 1\n");
  ASSERT_EQ(box_.capture().run.status, 0);
  box_.write("benchmarks/kept.py",
             "import time\ndef time_a(): return 1\ndef time_b():\n    time.sleep(30)\n    return 1\n");
  for (const std::string command : {"verify", "baseline"}) {
    auto arguments = box_.suite_arguments(command);
    const std::string report = box_.path(command + ".json").string();
    arguments.insert(arguments.end(), {command == "verify" ? "--json" : "--status", report});
    const auto program = box_.start(arguments);
    std::this_thread::sleep_for(std::chrono::seconds(4));
    program->send(SIGTERM);
    EXPECT_EQ(program->wait(std::chrono::seconds(60)).status, 130) << command;
    EXPECT_EQ(std::filesystem::exists(report), command == "verify") << command;
  }
  const auto json = box_.read_json("verify.json");
  EXPECT_TRUE(json["summary"]["ok"].is_null());
  EXPECT_EQ(json["summary"]["exit_status"], 130);
}

TEST_F(Policies, RunThatCannotStart_HasNoGrade) {
  const auto verified = box_.verify();
  EXPECT_EQ(verified.run.status, 4);
  EXPECT_TRUE(verified.json["summary"]["ok"].is_null());
}

TEST_F(Policies, CaptureCheck_SaysWhatWouldChangeAndStoresNothing) {
  ASSERT_EQ(box_.capture().run.status, 0);
  EXPECT_EQ(box_.capture({"--check"}).run.status, 0);
  box_.write("benchmarks/kept.py", "def time_kept(): return 9\ndef time_new(): return 2\n");
  const auto before = box_.tree(".snapshots/cases");
  const auto checked = box_.capture({"--check"});
  EXPECT_EQ(checked.run.status, 1) << checked.text();
  EXPECT_THAT(checked.run.out, HasSubstr("a capture would change the baseline: 1 different, 1 new, 0 gone (--check)"));
  EXPECT_EQ(box_.tree(".snapshots/cases"), before);
  EXPECT_FALSE(std::filesystem::exists(box_.path(".snapshots/staging")));
}

TEST_F(Policies, CaptureCheckWithoutABaseline_HasStatus4) {
  EXPECT_EQ(box_.capture({"--check"}).run.status, 4);
  EXPECT_FALSE(std::filesystem::exists(box_.path(".snapshots")));
}

TEST_F(Policies, CaptureUpdate_TakesOnlyMissingOrFailedCases) {
  box_.write("benchmarks/kept.py", "def time_kept(): return 1\ndef time_bad(): raise ValueError\n");
  ASSERT_EQ(box_.capture().run.status, 0);
  box_.write("benchmarks/kept.py", "def time_kept(): return 9\ndef time_bad(): return 4\ndef time_new(): return 5\n");
  const auto missing = box_.capture({"--update", "missing"});
  EXPECT_EQ(missing.run.status, 0) << missing.text();
  EXPECT_EQ(missing.outcomes(), (std::map<std::string, std::string>{{"kept.time_new", "outer"}}));
  const auto failed = box_.capture({"--update", "failed"});
  EXPECT_EQ(failed.outcomes(), (std::map<std::string, std::string>{{"kept.time_bad", "outer"}}));
  const auto verified = box_.verify();
  EXPECT_EQ(verified.of("kept.time_kept"), "different") << "it was left as it was";
  EXPECT_EQ(verified.of("kept.time_bad"), "identical");
  EXPECT_EQ(verified.of("kept.time_new"), "identical");
  const auto none = box_.capture({"--update", "missing"});
  EXPECT_EQ(none.run.status, 0) << none.text();
  EXPECT_THAT(none.run.out, HasSubstr("every case has a snapshot"));
  EXPECT_EQ(box_.run({"capture", "--update", "some"}).status, 2);
}

}  // namespace
}  // namespace snapshot_test::support
