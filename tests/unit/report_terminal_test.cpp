#include "report/terminal.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "report/case_json.hpp"
#include "report/format.hpp"
#include "report/import_failures.hpp"
#include "report/listing.hpp"

namespace snapshot_test::report {
namespace {

using model::CaptureStatus;
using model::ExitStatus;
using model::Verdict;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

model::CaseVerdict verdict(const std::string& label, Verdict what, std::string reason = "") {
  model::CaseVerdict result;
  result.id = {label.substr(0, label.find('(')), 0, label};
  result.verdict = what;
  result.reason = std::move(reason);
  result.observation.ending = model::Ending::kReturned;
  result.observation.seconds = 0.25;
  return result;
}

model::CaseVerdict a_difference() {
  model::CaseVerdict result = verdict("m.time_f(10, 'f8')", Verdict::kDifferent, "return differs");
  model::SiteComparison same;
  same.site = {model::SiteKind::kBody, 0};
  model::SiteComparison site;
  site.match = model::SiteMatch::kDifferent;
  site.explanation = "3 of 10 elements differ\n  at [3]: 1.5, was 1.0";
  result.sites = {same, site};
  result.observation.output = "hello\nworld\n";
  return result;
}

model::VerifySummary summary(std::map<Verdict, std::size_t> counts, ExitStatus status, std::string failure = "") {
  model::VerifySummary result;
  result.counts = std::move(counts);
  for (const auto& [verdict, cases] : result.counts) {
    const bool passed = model::standing(verdict) == model::Standing::kPass;
    if (passed || verdict == Verdict::kDifferent) {
      result.checked[model::CheckedBy::kResult] += cases;
    }
  }
  result.seconds = 92;
  result.snapshot_dir = ".snapshots";
  result.status = status;
  result.failure = std::move(failure);
  return result;
}

model::RunPlan plan(std::size_t cases) {
  model::RunPlan result;
  result.benchmarks = 2;
  result.cases = cases;
  result.workers = 4;
  return result;
}

class TerminalTest : public testing::Test {
 protected:
  Terminal make(Verbosity verbosity) { return Terminal(out_, {verbosity, Color::kOff, nullptr, nullptr}); }
  std::string text() const { return out_.str(); }

  std::ostringstream out_;
};

TEST_F(TerminalTest, Normal_ExplainsFailuresListsUnverifiedAndCloses) {
  Terminal terminal = make(Verbosity::kNormal);
  model::RunPlan planned = plan(4);
  planned.failures = {{"broken", "ModuleNotFoundError: No module named 'x'", "Traceback ..."}};
  planned.notes = {"the root has no __init__.py"};
  planned.filtered_out = 1200;
  terminal.planned(planned);
  terminal.note("a detail");
  terminal.verified(verdict("m.time_a", Verdict::kIdentical));
  terminal.verified(a_difference());
  terminal.verified(verdict("m.time_b", Verdict::kNoSnapshot, "never captured"));
  terminal.verified(verdict("m.time_c", Verdict::kSkipped));
  auto closing = summary({{Verdict::kIdentical, 1},
                          {Verdict::kClose, 0},
                          {Verdict::kDifferent, 1},
                          {Verdict::kSkipped, 1},
                          {Verdict::kNoSnapshot, 1}},
                         ExitStatus::kFailed, "1 case failed");
  closing.plan = planned;
  terminal.finished(closing);
  EXPECT_EQ(text(), R"(cannot import or read broken: ModuleNotFoundError: No module named 'x'
note: the root has no __init__.py
4 cases of 2 benchmarks, 4 at a time; 1,200 not matched by --filter
different: m.time_f(10, 'f8')
  return differs
  return: different
    3 of 10 elements differ
      at [3]: 1.5, was 1.0
  its stdout and stderr:
    | hello
    | world
no-snapshot (unverified): 1 case
  m.time_b: never captured

1 failed case:
  different  m.time_f(10, 'f8'): return differs

  identical               1  passed
  different               1  failed
  skipped                 1  skipped
  no-snapshot             1  unverified
verified 2 of 3 cases (66.6 %) in 1 min 32 s
FAILED (exit status 1): 1 case failed
)");
}

TEST_F(TerminalTest, Durations_ListTheSlowestCases) {
  TerminalOptions options;
  options.verbosity = Verbosity::kQuiet;
  options.durations = 2;
  Terminal terminal(out_, options);
  for (const auto& [label, total] : {std::pair{"m.a", 1.0}, {"m.b", 3.0}, {"m.c", 0.5}, {"m.d", 2.0}}) {
    auto result = verdict(label, Verdict::kIdentical);
    result.observation.total_seconds = total;
    terminal.verified(result);
  }
  auto gone = verdict("m.gone", Verdict::kObsolete);
  gone.observation.ending = model::Ending::kNotRun;
  gone.observation.total_seconds = 9;
  terminal.verified(gone);
  terminal.finished(summary({{Verdict::kIdentical, 4}}, ExitStatus::kSuccess));
  EXPECT_THAT(text(), HasSubstr("the slowest 2 cases:\n    in all    the call\n"
                                "    3.00 s      0.25 s  m.b\n    2.00 s      0.25 s  m.d\n"));
  EXPECT_THAT(text(), Not(HasSubstr("m.a")));
}

TEST_F(TerminalTest, Quiet_ShowsFailuresImportErrorsAndOneLine) {
  Terminal terminal = make(Verbosity::kQuiet);
  model::RunPlan planned = plan(2);
  planned.failures = {{"broken", "SyntaxError: x", ""}};
  planned.notes = {"not shown"};
  terminal.planned(planned);
  terminal.note("not shown");
  terminal.verified(verdict("m.time_a", Verdict::kIdentical));
  terminal.verified(verdict("m.time_v", Verdict::kVacuous));
  terminal.verified(verdict("m.time_t", Verdict::kTimedOut, "did not end within 60 s"));
  terminal.finished(summary({{Verdict::kIdentical, 1}, {Verdict::kTimedOut, 1}, {Verdict::kVacuous, 1}},
                            ExitStatus::kFailed, "1 case failed"));
  EXPECT_EQ(text(),
            "cannot import or read broken: SyntaxError: x\n"
            "\n1 failed case:\n"
            "  timed-out  m.time_t: did not end within 60 s\n"
            "verified 1 of 3 cases (33.3 %) in 1 min 32 s; FAILED (exit status 1): 1 case failed\n");
}

TEST_F(TerminalTest, Verbose_ShowsEveryCaseAndCompleteLists) {
  Terminal terminal = make(Verbosity::kVerbose);
  terminal.planned(plan(16));
  terminal.note("restarted a host");
  terminal.verified(verdict("m.time_a", Verdict::kIdentical));
  for (int i = 0; i < 15; ++i) {
    terminal.verified(verdict("m.time_v(" + std::to_string(i) + ")", Verdict::kVacuous));
  }
  terminal.finished(summary({{Verdict::kIdentical, 1}, {Verdict::kVacuous, 15}}, ExitStatus::kSuccess));
  EXPECT_THAT(text(), HasSubstr("note: restarted a host\n"));
  EXPECT_THAT(text(), HasSubstr("identical         0.25 s  m.time_a\n"));
  EXPECT_THAT(text(), HasSubstr("vacuous (unverified): 15 cases\n"));
  EXPECT_THAT(text(), HasSubstr("\n  m.time_v(14)\n"));
}

TEST_F(TerminalTest, LongList_IsCutUnlessVerbose) {
  Terminal terminal = make(Verbosity::kNormal);
  for (int i = 0; i < 1234; ++i) {
    terminal.verified(verdict("m.time_v(" + std::to_string(i) + ")", Verdict::kVacuous));
  }
  terminal.finished(summary({{Verdict::kVacuous, 1234}}, ExitStatus::kNothingVerified, "no case could be checked"));
  EXPECT_THAT(text(), HasSubstr("  m.time_v(9)\n  ... and 1,224 more; --verbose lists all\n"));
  EXPECT_THAT(text(), Not(HasSubstr("m.time_v(10)")));
  EXPECT_THAT(text(), HasSubstr("verified 0 of 1,234 cases (0.0 %)"));
  EXPECT_THAT(text(), HasSubstr("FAILED (exit status 5): no case could be checked\n"));
}

TEST_F(TerminalTest, ManyFailures_AreListedAndTheFirstTenExplained) {
  Terminal terminal = make(Verbosity::kNormal);
  for (int i = 0; i < 60; ++i) {
    auto result = a_difference();
    result.sites.front().explanation += "\nin another way: " + std::to_string(i);
    terminal.verified(result);
  }
  std::size_t explained = 0;
  for (std::size_t at = text().find("3 of 10"); at != std::string::npos; at = text().find("3 of 10", at + 1)) {
    ++explained;
  }
  EXPECT_EQ(explained, 10u);
  terminal.finished(summary({{Verdict::kDifferent, 60}}, ExitStatus::kFailed, "60 cases failed"));
  EXPECT_THAT(text(), HasSubstr("\n60 failed cases:\n  different  m.time_f(10, 'f8'): return differs\n"));
  EXPECT_THAT(text(), HasSubstr("  ... and 10 more; --full lists and explains all\n"));
  EXPECT_THAT(text(), HasSubstr("the first 10 are explained above; --full explains all\n"));
}

TEST_F(TerminalTest, RerunCommand_IsQuotedForTheShell) {
  TerminalOptions options;
  options.command = "snapshot_test verify 'my benchmarks'";
  Terminal terminal(out_, options);
  terminal.verified(a_difference());
  terminal.finished(summary({{Verdict::kDifferent, 1}}, ExitStatus::kFailed, "1 case failed"));
  EXPECT_THAT(text(), HasSubstr("again: snapshot_test verify 'my benchmarks' --filter "
                                "'^m\\.time_f\\(10, '\\''f8'\\''\\)$'\n"));
}

TEST_F(TerminalTest, Statement_IsShownBesideItsSite) {
  Terminal terminal = make(Verbosity::kNormal);
  auto result = a_difference();
  result.sites.front().site = {model::SiteKind::kBody, 1};
  result.sites.front().match = model::SiteMatch::kDifferent;
  result.sites.front().source = "y = np.sin(x)";
  terminal.verified(result);
  EXPECT_THAT(text(), HasSubstr("  body[1] (y = np.sin(x)): different\n"));
}

TEST_F(TerminalTest, RepeatedFailure_IsShownOnceAndCounted) {
  Terminal terminal = make(Verbosity::kNormal);
  for (int i = 0; i < 1160; ++i) {
    terminal.verified(verdict("m.time_r(" + std::to_string(i) + ")", Verdict::kRaised, "ImportError: no 'x'"));
  }
  terminal.verified(verdict("m.time_other", Verdict::kRaised, "KeyError: 'a'"));
  terminal.finished(summary({{Verdict::kRaised, 1161}}, ExitStatus::kFailed, "1,161 cases failed"));
  EXPECT_THAT(text(), HasSubstr("raised: m.time_r(0)\n  ImportError: no 'x'\nraised: m.time_other\n"));
  EXPECT_THAT(text(), HasSubstr("raised: 1,159 more cases, as m.time_r(0): ImportError: no 'x'\n  m.time_r(1)\n"));
  EXPECT_THAT(text(), HasSubstr("  m.time_r(10)\n  ... and 1,149 more; --verbose lists all\n"));
  EXPECT_THAT(text(), Not(HasSubstr("m.time_r(11)")));
}

TEST_F(TerminalTest, RepeatedReason_IsListedOnce) {
  Terminal terminal = make(Verbosity::kNormal);
  for (int i = 0; i < 40; ++i) {
    terminal.verified(verdict("m.time_v(" + std::to_string(i) + ")", Verdict::kOpaque, "return: a lock"));
  }
  terminal.verified(verdict("m.time_w", Verdict::kOpaque, "return: a socket"));
  terminal.finished(summary({{Verdict::kOpaque, 41}}, ExitStatus::kNothingVerified, "nothing"));
  EXPECT_THAT(text(), HasSubstr("opaque (unverified): 41 cases\n  40 cases: return: a lock\n    m.time_v(0)\n"
                                "    m.time_v(1)\n    m.time_v(2)\n    ... and 37 more\n"
                                "  m.time_w: return: a socket\n"));
}

TEST_F(TerminalTest, ModulesFailingAlike_AreCounted) {
  Terminal terminal = make(Verbosity::kNormal);
  model::RunPlan planned = plan(2);
  for (int i = 0; i < 20; ++i) {
    planned.failures.push_back({"m" + std::to_string(i), "ModuleNotFoundError: No module named 'x'", ""});
  }
  terminal.planned(planned);
  EXPECT_THAT(text(), HasSubstr("cannot import or read m0: ModuleNotFoundError: No module named 'x'\n"
                                "cannot import or read m1: the same as m0\n"));
  EXPECT_THAT(text(), HasSubstr("... and 17 more modules the same as m0; --verbose lists all\n"));
  EXPECT_THAT(text(), Not(HasSubstr("m5")));
}

TEST_F(TerminalTest, Timeout_ShowsWhereItWas) {
  Terminal terminal = make(Verbosity::kNormal);
  auto late = verdict("m.time_t", Verdict::kTimedOut, "did not end within 60 s, the limit that --timeout sets");
  late.observation.ending = model::Ending::kTimedOut;
  late.observation.traceback = "Current thread 0x1 (most recent call first):\n  File \"x.py\", line 3 in f\n";
  terminal.verified(late);
  EXPECT_THAT(text(), HasSubstr("  where it was when its time was up:\n    Current thread"));
}

TEST_F(TerminalTest, SuccessWithUncheckedCases_SaysSo) {
  make(Verbosity::kNormal)
      .finished(summary({{Verdict::kIdentical, 3999}, {Verdict::kOpaque, 1}}, ExitStatus::kSuccess));
  EXPECT_THAT(text(), HasSubstr("verified 3,999 of 4,000 cases (99.9 %)"));
  EXPECT_THAT(text(), HasSubstr("PASSED: nothing that was checked has changed; 1 case could not be checked\n"));
}

TEST_F(TerminalTest, SuccessWithImportFailures_SaysSo) {
  auto closing = summary({{Verdict::kIdentical, 1}}, ExitStatus::kSuccess);
  closing.plan.failures = {{"a", "E", ""}, {"b", "E", ""}};
  make(Verbosity::kQuiet).finished(closing);
  EXPECT_THAT(text(), HasSubstr("; 2 modules could not be imported or read: a and 1 more\n"));
}

TEST_F(TerminalTest, InnerChangesAndObsoleteSnapshots_AreListed) {
  Terminal terminal = make(Verbosity::kNormal);
  terminal.verified(verdict("m.time_i", Verdict::kInnerChanged, "deepest differs"));
  terminal.verified(verdict("m.time_o", Verdict::kObsolete));
  terminal.finished(summary({{Verdict::kInnerChanged, 1}, {Verdict::kObsolete, 1}}, ExitStatus::kSuccess));
  EXPECT_THAT(text(), HasSubstr("inner-changed (passed): 1 case\n  m.time_i: deepest differs\n"));
  EXPECT_THAT(text(), HasSubstr("obsolete: 1 case\n  m.time_o\n"));
  EXPECT_THAT(text(), HasSubstr("verified 1 of 1 case (100.0 %)"));
}

TEST_F(TerminalTest, Failure_ShowsTracebackEndOfOutputAndEnding) {
  Terminal terminal = make(Verbosity::kNormal);
  auto raised = verdict("m.time_r", Verdict::kRaised, "ran when captured, raises now");
  raised.observation.ending = model::Ending::kRaised;
  raised.observation.detail = "ValueError: bad";
  raised.observation.traceback = "Traceback (most recent call last):\n  File \"x.py\", line 3\nValueError: bad\n";
  for (int i = 0; i < 100; ++i) {
    raised.observation.output += "line " + std::to_string(i) + "\n";
  }
  terminal.verified(raised);
  EXPECT_THAT(text(), HasSubstr("  raised: ValueError: bad\n  traceback:\n    Traceback (most recent call last):\n"));
  EXPECT_THAT(text(), HasSubstr("    | ... 70 lines before\n    | line 70\n"));
  EXPECT_THAT(text(), HasSubstr("    | line 99\n"));
}

TEST_F(TerminalTest, SameExplanation_IsGivenOnce) {
  Terminal terminal = make(Verbosity::kNormal);
  auto result = a_difference();
  result.observation.output.clear();
  for (int depth = 1; depth <= 2; ++depth) {
    result.sites.push_back(result.sites[1]);
    result.sites.back().site = {model::SiteKind::kPath, depth};
  }
  result.sites.back().explanation = "another";
  terminal.verified(result);
  EXPECT_THAT(text(), testing::EndsWith("  return: different\n    3 of 10 elements differ\n      at [3]: 1.5, was 1.0\n"
                                        "  path[1]: different, like return\n  path[2]: different\n    another\n"));
}

TEST_F(TerminalTest, ForeignText_IsEscaped) {
  Terminal terminal = make(Verbosity::kNormal);
  auto result = verdict("m.time_x('\x1b[2J\n\xC2\x9b')", Verdict::kRaised, "r");
  result.observation.output = "\x1b]0;title\x07\r\nok\rover";
  terminal.verified(result);
  EXPECT_EQ(text(),
            "raised: m.time_x('\\x1b[2J\\n\\u009b')\n  r\n  its stdout and stderr:\n    | \\x1b]0;title\\x07\n"
            "    | ok\n    | over\n");
}

TEST_F(TerminalTest, Capture_ClosesWithTheVerifiableShare) {
  Terminal terminal = make(Verbosity::kNormal);
  terminal.planned(plan(5));
  model::CaseCapture vacuous;
  vacuous.id = {"m.time_v", 0, "m.time_v"};
  vacuous.status = CaptureStatus::kVacuous;
  vacuous.reason = "every value is None";
  terminal.captured(vacuous);
  model::CaseCapture failed;
  failed.id = {"m.time_f", 0, "m.time_f"};
  failed.status = CaptureStatus::kFailed;
  failed.reason = "raised in set-up: KeyError: 'a'";
  terminal.captured(failed);
  model::CaptureSummary closing;
  closing.counts = {{CaptureStatus::kOuter, 2},
                    {CaptureStatus::kVacuous, 1},
                    {CaptureStatus::kFailed, 1},
                    {CaptureStatus::kSkipped, 1}};
  closing.seconds = 3.21;
  closing.store_bytes = 850'200'000;
  closing.run_id = "20240101-1";
  closing.snapshot_dir = ".snapshots";
  closing.status = ExitStatus::kSuccess;
  terminal.finished(closing);
  EXPECT_EQ(text(), R"(5 cases of 2 benchmarks, 4 at a time
failed: m.time_f
  raised in set-up: KeyError: 'a'
vacuous (verify cannot check): 1 case
  m.time_v: every value is None

1 failed case:
  failed     m.time_f: raised in set-up: KeyError: 'a'

verify will be able to check 2 of 4 cases (50.0 %)
  outer                   2  return value or values in the benchmark's body
  vacuous                 1  nothing to check: no value but None, nothing changed
  failed                  1  did not run
  skipped                 1  the benchmark itself says skip
.snapshots, 850.2 MB on disk, in 3.21 s, run 20240101-1
CAPTURED: the baseline was stored; verify will not be able to check 2 cases
)");
}

model::CaseVerdict checked_by(model::CaseVerdict result, model::CheckedBy sort, std::vector<std::string> missing) {
  result.checked_by = sort;
  result.missing = std::move(missing);
  return result;
}

TEST_F(TerminalTest, UncomparedSites_AreNamedOnceAndCounted) {
  Terminal terminal = make(Verbosity::kNormal);
  terminal.verified(checked_by(verdict("m.time_a", Verdict::kIdentical), model::CheckedBy::kResult, {}));
  for (const char* label : {"m.time_b(1)", "m.time_b(2)", "m.time_b(3)"}) {
    terminal.verified(checked_by(verdict(label, Verdict::kIdentical), model::CheckedBy::kPart,
                                 {"body[0] cannot be pickled: a lock", "return is compared in part: cut"}));
  }
  terminal.verified(checked_by(verdict("m.time_c", Verdict::kClose), model::CheckedBy::kState,
                               {"return is not the same in two runs"}));
  auto closing =
      summary({{Verdict::kIdentical, 5}, {Verdict::kClose, 1}, {Verdict::kVacuous, 1}}, ExitStatus::kSuccess);
  closing.checked = {{model::CheckedBy::kResult, 1},
                     {model::CheckedBy::kPart, 3},
                     {model::CheckedBy::kState, 1},
                     {model::CheckedBy::kInner, 1}};
  terminal.finished(closing);
  EXPECT_THAT(text(), HasSubstr("not compared: something in each of 4 checked cases\n"
                                "  3 cases: body[0] cannot be pickled: a lock; return is compared in part: cut\n"
                                "    m.time_b(1)\n    m.time_b(2)\n    m.time_b(3)\n"
                                "  m.time_c: return is not the same in two runs\n"));
  EXPECT_THAT(text(), HasSubstr("verified 6 of 7 cases: 1 by their result (14.2 %), 3 by part of it, 2 by inner calls "
                                "or state only in 1 min 32 s\n"));
  EXPECT_THAT(text(), Not(HasSubstr("85.7 %")));
}

TEST_F(TerminalTest, UncomparedSites_AreCutUnlessVerbose) {
  const auto shown = [](Verbosity verbosity) {
    std::ostringstream out;
    Terminal terminal(out, {verbosity, Color::kOff, nullptr, nullptr});
    for (int i = 0; i < 100; ++i) {
      const std::string number = std::to_string(i);
      terminal.verified(checked_by(verdict("m.time_b(" + number + ")", Verdict::kIdentical), model::CheckedBy::kPart,
                                   {"body[" + number + "] cannot be pickled"}));
    }
    terminal.finished(summary({{Verdict::kIdentical, 100}}, ExitStatus::kSuccess));
    return out.str();
  };
  EXPECT_THAT(shown(Verbosity::kNormal), HasSubstr("  ... and 90 more; --verbose lists all\n"));
  EXPECT_THAT(shown(Verbosity::kVerbose), HasSubstr("  m.time_b(99): body[99] cannot be pickled\n"));
  EXPECT_THAT(shown(Verbosity::kVerbose), HasSubstr("  not compared: body[99] cannot be pickled\n"));
  EXPECT_THAT(shown(Verbosity::kQuiet), Not(HasSubstr("not compared")));
}

TEST_F(TerminalTest, Capture_CountsTheSortsApart) {
  Terminal terminal = make(Verbosity::kNormal);
  model::CaseCapture part;
  part.id = {"m.time_p", 0, "m.time_p"};
  part.status = CaptureStatus::kPart;
  part.missing = {"return at ['t'] is not the same in two runs"};
  terminal.captured(part);
  model::CaptureSummary closing;
  closing.counts = {{CaptureStatus::kOuter, 2}, {CaptureStatus::kPart, 1}, {CaptureStatus::kInner, 1}};
  closing.run_id = "r";
  closing.status = ExitStatus::kSuccess;
  terminal.finished(closing);
  EXPECT_THAT(text(), HasSubstr("not compared: something in each of 1 checked case\n  m.time_p: return at ['t'] is"));
  EXPECT_THAT(text(), HasSubstr("verify will be able to check 4 of 4 cases: 2 by their result (50.0 %), 1 by part of "
                                "it, 1 by inner calls or state only\n"));
  EXPECT_THAT(text(), HasSubstr("part                    1  the same, but something in them cannot be compared\n"));
}

TEST_F(TerminalTest, InterruptedCapture_SaysThatTheOldBaselineStays) {
  model::CaptureSummary closing;
  closing.status = ExitStatus::kInterrupted;
  make(Verbosity::kQuiet).finished(closing);
  EXPECT_THAT(text(), HasSubstr("INTERRUPTED (exit status 130): interrupted; nothing was stored; an earlier baseline"));
}

TEST_F(TerminalTest, Color_IsOnlyAroundWords) {
  Terminal terminal(out_, {Verbosity::kNormal, Color::kOn, nullptr, nullptr});
  terminal.verified(a_difference());
  EXPECT_THAT(text(), testing::StartsWith("\x1b["));
  EXPECT_THAT(text(), HasSubstr("different:\x1b[0m m.time_f"));
}

TEST(Format, NumbersDurationsAndSizes_AreRoundedForPeople) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(percent(9999, 10000), "99.9 %") << "never all unless it is all";
  EXPECT_EQ(percent(4, 4), "100.0 %");
  EXPECT_EQ(percent(0, 0), "0.0 %");
  EXPECT_EQ(duration(0.4), "0.40 s");
  EXPECT_EQ(duration(9.999), "10 s");
  EXPECT_EQ(duration(59.9), "1 min 00 s");
  EXPECT_EQ(duration(7500), "2 h 05 min");
  EXPECT_EQ(size(999), "999 bytes");
  EXPECT_EQ(size(999'960), "1.0 MB");
}

TEST(Format, LongText_IsCutBetweenCharacters) {
  const std::string line = one_line("aaaaaaaaaa\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9zz", 18);
  EXPECT_LE(line.size(), 18u);
  EXPECT_THAT(line, testing::StartsWith("aaaaaaaa"));
  EXPECT_THAT(line, testing::EndsWith("zz"));
  EXPECT_THAT(line, HasSubstr(" ... \xC3\xA9"));
}

model::Suite a_suite() {
  model::Suite suite;
  suite.root = "/abs/bench";
  model::Benchmark plain;
  plain.name = "sub.mod.time_a";
  plain.type = "time";
  plain.module = "sub.mod";
  model::Benchmark with_params;
  with_params.name = "core.Core.time_array";
  with_params.type = "peakmem";
  with_params.module = "core";
  with_params.params = {{"n", {"1", "2", "3", "4", "5", "6"}}, {"dtype", {"'f4'", "'f8'"}}};
  model::Benchmark empty;
  empty.name = "core.time_none";
  empty.type = "time";
  empty.module = "core";
  empty.params = {{"x", {}}};
  suite.benchmarks = {plain, with_params, empty};
  suite.failures = {{"broken", "ImportError: no", "Traceback\n  x"}};
  return suite;
}

TEST(Listing, Benchmarks_AreGroupedByModuleAndCounted) {
  const model::Suite suite = a_suite();
  const SelectedIndices all = {{0}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {}};
  EXPECT_EQ(listing_text(suite, all, {}, ListDetail::kBenchmarks, Lists::kBounded, Color::kOff), R"(core
  core.Core.time_array  peakmem  12 cases  n = 1, 2, 3, 4, 5, ... (6 values); dtype = 'f4', 'f8'
  core.time_none        time      0 cases  x = (no values)

sub.mod
  sub.mod.time_a        time       1 case

3 benchmarks, 13 cases in /abs/bench
)");
  EXPECT_THAT(
      import_failures_text(suite.failures, "Python 3.11.7 at /usr/bin/python3", ImportDetail::kCauses, Color::kOff),
      StartsWith("cannot import or read broken: ImportError: no\n  with Python 3.11.7 at /usr/bin/python3: --python"));
}

TEST(Listing, Selection_LeavesTheRestOut) {
  const std::string text =
      listing_text(a_suite(), {{}, {1, 11}, {}}, {}, ListDetail::kCases, Lists::kBounded, Color::kOff);
  EXPECT_THAT(text, HasSubstr("2 of 12 cases"));
  EXPECT_THAT(text, HasSubstr("\n    [11] core.Core.time_array(6, 'f8')\n"));
  EXPECT_THAT(text, HasSubstr("\n1 benchmark, 2 cases in"));
  EXPECT_THAT(text, Not(HasSubstr("time_none")));
  EXPECT_THAT(text, Not(HasSubstr("sub.mod")));
}

TEST(Listing, Json_HasBenchmarksCasesAndFailures) {
  const auto json = Json::parse(listing_json(a_suite(), {{0}, {1, 11}, {}}, {}, ListDetail::kCases));
  EXPECT_EQ(json["format"], 1);
  EXPECT_EQ(json["root"], "/abs/bench");
  ASSERT_EQ(json["benchmarks"].size(), 2u);
  EXPECT_FALSE(json["benchmarks"][0].contains("selected"));
  EXPECT_EQ(json["benchmarks"][0]["cases"], 1);
  const Json& second = json["benchmarks"][1];
  EXPECT_EQ(second["name"], "core.Core.time_array");
  EXPECT_EQ(second["param_names"], (Json{"n", "dtype"}));
  EXPECT_EQ(second["cases"], 12);
  EXPECT_EQ(second["selected"], (Json{1, 11}));
  EXPECT_EQ(second["labels"][1]["label"], "core.Core.time_array(6, 'f8')");
  EXPECT_EQ(json["failures"][0]["where"], "broken");
  EXPECT_EQ(json["notes"], Json::array());
}

TEST(Listing, StoredCases_StandUnderTheirBenchmark) {
  StoredBenchmarks stored;
  stored["sub.mod.time_a"].cases = 1;
  StoredBenchmark& array = stored["core.Core.time_array"];
  array.cases = 11;
  array.unstable = {{"return", "", {0}}, {"body[0]", "['time']", {1, 2, 3}}};
  array.checked = {{model::CheckedBy::kResult, 7}, {model::CheckedBy::kPart, 3}};
  const SelectedIndices all = {{0}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {}};
  EXPECT_THAT(listing_text(a_suite(), all, stored, ListDetail::kBenchmarks, Lists::kBounded, Color::kOff),
              HasSubstr("dtype = 'f4', 'f8'\n"
                        "    checked by part of the result (3 of 11 cases)\n"
                        "    unstable: return, all of it (1 of 11 cases)\n"
                        "    unstable: body[0] at ['time'] (3 of 11 cases)\n"
                        "  core.time_none "));

  const auto json = Json::parse(listing_json(a_suite(), all, stored, ListDetail::kBenchmarks));
  EXPECT_EQ(json["benchmarks"][0]["stored"], 1);
  EXPECT_EQ(json["benchmarks"][0]["unstable"], Json::array());
  EXPECT_EQ(json["benchmarks"][1]["stored"], 11);
  EXPECT_EQ(json["benchmarks"][1]["checked_by"], (Json{{"result", 7}, {"part", 3}, {"state", 0}, {"inner", 0}}));
  EXPECT_EQ(json["benchmarks"][1]["unstable"][0], (Json{{"site", "return"}, {"path", ""}, {"indices", {0}}}));
  EXPECT_EQ(json["benchmarks"][1]["unstable"][1]["indices"], (Json{1, 2, 3}));
  EXPECT_FALSE(json["benchmarks"][2].contains("stored"));
}

TEST(Listing, ManyUnstableParts_AreCutUnlessVerbose) {
  StoredBenchmarks stored;
  StoredBenchmark& known = stored["sub.mod.time_a"];
  known.cases = 1;
  for (int i = 0; i < 7; ++i) {
    known.unstable.push_back({"return", "[" + std::to_string(i) + "]", {0}});
  }
  const SelectedIndices only = {{0}, {}, {}};
  const std::string bounded =
      listing_text(a_suite(), only, stored, ListDetail::kBenchmarks, Lists::kBounded, Color::kOff);
  EXPECT_THAT(bounded, HasSubstr("return at [4] (1 of 1 case)\n    unstable: ... and 2 more parts; --verbose"));
  EXPECT_THAT(bounded, Not(HasSubstr("[5]")));
  EXPECT_THAT(listing_text(a_suite(), only, stored, ListDetail::kBenchmarks, Lists::kComplete, Color::kOff),
              HasSubstr("return at [6] (1 of 1 case)\n\n1 benchmark"));
}

TEST(Reports, EachReport_IsToldTheSame) {
  std::ostringstream first;
  std::ostringstream second;
  Reports both;
  both.add(std::make_unique<Terminal>(first, TerminalOptions{}), Cases::kNotRead);
  both.add(std::make_unique<Terminal>(second, TerminalOptions{}), Cases::kNotRead);
  both.planned(plan(1));
  both.phase("verifying", 1);
  both.ended({"m.time_f", 0, "m.time_f"});
  both.verified(a_difference());
  both.finished(summary({{Verdict::kDifferent, 1}}, ExitStatus::kFailed, "1 case failed"));
  EXPECT_EQ(first.str(), second.str());
  EXPECT_THAT(first.str(), HasSubstr("1 case failed"));
}

TEST(Reports, Cases_AreKeptOnlyForAReportThatReadsThem) {
  for (const Cases cases : {Cases::kRead, Cases::kNotRead}) {
    std::ostringstream out;
    Reports reports;
    reports.add(std::make_unique<Terminal>(out, TerminalOptions{}), cases);
    reports.verified(a_difference());
    EXPECT_EQ(reports.record().verified.size(), cases == Cases::kRead ? 1U : 0U);
  }
}

TEST(Reports, FinishedRun_IsNotAbortedAfterwards) {
  Reports reports;
  reports.finished(summary({{Verdict::kIdentical, 1}}, ExitStatus::kSuccess, ""));
  reports.aborted(ExitStatus::kInternal, "too late");
  EXPECT_TRUE(std::holds_alternative<model::VerifySummary>(reports.record().end));
}

/// Keeps what it is told at each close(), or cannot be written.
class Kept : public Report {
 public:
  Kept(std::vector<model::VerifySummary>& told, bool is_file, bool fails)
      : told_(told), is_file_(is_file), fails_(fails) {}
  Result<void> close(const RunRecord& record) override {
    if (fails_) {
      return fail(ErrorKind::kIo, "no space for the page");
    }
    told_.push_back(std::get<model::VerifySummary>(record.end));
    return {};
  }
  [[nodiscard]] bool can_be_rewritten() const override { return is_file_; }

 private:
  std::vector<model::VerifySummary>& told_;
  bool is_file_;
  bool fails_;
};

TEST(Reports, FileThatCannotBeWritten_MakesAllOthersSayThatTheRunIsNotGood) {
  std::vector<model::VerifySummary> file;
  std::vector<model::VerifySummary> stream;
  std::ostringstream terminal;
  Reports reports;
  reports.add(std::make_unique<Kept>(file, true, false), Cases::kNotRead);
  reports.add(std::make_unique<Kept>(stream, false, false), Cases::kNotRead);
  reports.add(std::make_unique<Kept>(file, true, true), Cases::kNotRead);
  reports.add(std::make_unique<Terminal>(terminal, TerminalOptions{}), Cases::kNotRead);
  reports.finished(summary({{Verdict::kIdentical, 1}}, ExitStatus::kSuccess, ""));
  ASSERT_EQ(reports.unwritten().size(), 1U);
  ASSERT_EQ(file.size(), 2U) << "written again";
  EXPECT_EQ(file.back().ok(), std::nullopt);
  EXPECT_EQ(file.back().status, ExitStatus::kInternal);
  EXPECT_EQ(file.back().failure, "no space for the page");
  ASSERT_EQ(stream.size(), 1U) << "what is sent cannot be taken back";
  EXPECT_EQ(stream.back().ok(), std::nullopt);
  EXPECT_THAT(terminal.str(), HasSubstr("FAILED (exit status 3)"));
  EXPECT_THAT(terminal.str(), Not(HasSubstr("PASSED")));
}

TEST(Reports, StreamThatCannotBeWritten_IsToldByTheFiles) {
  std::vector<model::VerifySummary> file;
  Reports reports;
  reports.add(std::make_unique<Kept>(file, false, true), Cases::kNotRead);
  reports.add(std::make_unique<Kept>(file, true, false), Cases::kNotRead);
  reports.finished(summary({{Verdict::kIdentical, 1}}, ExitStatus::kSuccess, ""));
  ASSERT_EQ(file.size(), 2U);
  EXPECT_EQ(file.back().ok(), std::nullopt);
}

TEST(Reports, RunThatFailed_KeepsItsOwnReason) {
  std::vector<model::VerifySummary> file;
  Reports reports;
  reports.add(std::make_unique<Kept>(file, true, false), Cases::kNotRead);
  reports.add(std::make_unique<Kept>(file, true, true), Cases::kNotRead);
  reports.finished(summary({{Verdict::kDifferent, 1}}, ExitStatus::kFailed, "1 case failed"));
  ASSERT_EQ(file.size(), 1U);
  EXPECT_EQ(file.back().status, ExitStatus::kFailed);
}

}  // namespace
}  // namespace snapshot_test::report
