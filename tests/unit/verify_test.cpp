// A verification from its cases' outcomes to verdicts and an exit status, without processes.
#include <gmock/gmock.h>

#include "session_support.hpp"

namespace snapshot_test::session {
namespace {

using model::Ending;
using model::ExitStatus;
using model::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Verifying : public SessionTest {
 protected:
  /// A baseline in which this case returned.
  void captured(const std::string& name) {
    suite.add(name, Shown{});
    ASSERT_TRUE(capture());
  }
};

TEST_F(Verifying, EachEnding_OfACase_GivesItsVerdict) {
  const std::map<Ending, Verdict> wanted{
      {Ending::kReturned, Verdict::kIdentical},  {Ending::kSkipped, Verdict::kRaised},
      {Ending::kRaised, Verdict::kRaised},       {Ending::kTimedOut, Verdict::kTimedOut},
      {Ending::kSignalled, Verdict::kCrashed},   {Ending::kExited, Verdict::kCrashed},
      {Ending::kOutOfMemory, Verdict::kCrashed}, {Ending::kImportFailed, Verdict::kRaised},
      {Ending::kNotRun, Verdict::kCrashed},      {Ending::kProtocol, Verdict::kCrashed},
      {Ending::kRefused, Verdict::kRefused}};
  for (const auto& [ending, verdict] : wanted) {
    suite.add("f_" + std::to_string(static_cast<int>(ending)), Shown{});
  }
  ASSERT_TRUE(capture());
  for (const auto& [ending, verdict] : wanted) {
    suite.change("f_" + std::to_string(static_cast<int>(ending)), Shown{ending, "1", "a detail"});
  }
  const auto summary = verify();
  ASSERT_TRUE(summary) << summary.error().message;
  for (const auto& [ending, verdict] : wanted) {
    const auto& judged = heard.verdict_on("f_" + std::to_string(static_cast<int>(ending)));
    EXPECT_EQ(judged.verdict, verdict) << name(ending);
    EXPECT_THAT(judged.reason, HasSubstr(verdict == Verdict::kIdentical ? "" : "a detail")) << name(ending);
  }
  for (const auto& [name, running] : heard.running) {
    EXPECT_EQ(running, 0) << name;
  }
}

TEST_F(Verifying, SameValue_IsIdenticalAndSucceeds) {
  captured("f");
  const auto summary = verify();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(heard.verdict_on("f").verdict, Verdict::kIdentical);
  EXPECT_EQ(summary->status, ExitStatus::kSuccess);
}

TEST_F(Verifying, Rules_AreThoseOfEachBenchmark) {
  captured("f");
  captured("g");
  verifying.comparison.rules.tolerance = {0.5, 0};
  model::RuleChange loose{{"g"}, {"rtol"}, {}};
  loose.rules.tolerance.rtol = 0.75;
  verifying.comparison.changes = {loose};
  ASSERT_TRUE(verify());
  EXPECT_EQ(suite.rules.at("f").tolerance.rtol, 0.5);
  EXPECT_EQ(suite.rules.at("g").tolerance.rtol, 0.75);
}

TEST_F(Verifying, AnotherValue_IsDifferentAndFails) {
  captured("f");
  suite.change("f", Shown{Ending::kReturned, "2", ""});
  const auto summary = verify();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(heard.verdict_on("f").verdict, Verdict::kDifferent);
  EXPECT_EQ(summary->status, ExitStatus::kFailed);
}

TEST_F(Verifying, NoValueAnyMore_IsDifferent) {
  captured("f");
  suite.change("f", Shown{Ending::kReturned, std::nullopt, ""});
  ASSERT_TRUE(verify());
  EXPECT_EQ(heard.verdict_on("f").verdict, Verdict::kDifferent);
}

TEST_F(Verifying, RefusedResource_IsNoVerdictOnTheCase) {
  captured("f");
  suite.change("f", Shown{Ending::kRefused, std::nullopt, "no more processes"});
  const auto summary = verify();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(heard.verdict_on("f").verdict, Verdict::kRefused);
  EXPECT_EQ(summary->status, ExitStatus::kInternal);
}

TEST_F(Verifying, Interrupt_InTheMiddle_JudgesWhatHasRunAndNothingElse) {
  suite.add("f", Shown{});
  captured("g");
  suite.on_run = [&] { suite.interrupted = true; };
  const auto summary = verify();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->status, ExitStatus::kInterrupted);
  EXPECT_THAT(suite.ran, ElementsAre("f"));
  EXPECT_EQ(heard.verdicts.size(), 1U);
  EXPECT_EQ(heard.verdict_on("f").verdict, Verdict::kIdentical);
}

TEST_F(Verifying, Case_WithoutASnapshot_IsNotRun) {
  captured("f");
  suite.add("fresh", Shown{});
  const auto summary = verify();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(heard.verdict_on("fresh").verdict, Verdict::kNoSnapshot);
  EXPECT_THAT(suite.ran, ElementsAre("f"));
  EXPECT_EQ(summary->status, ExitStatus::kSuccess);
}

TEST_F(Verifying, Case_WithoutASnapshot_FailsWhenStrict) {
  captured("f");
  suite.add("fresh", Shown{});
  verifying.demands.strict = true;
  EXPECT_EQ(verify()->status, ExitStatus::kFailed);
}

TEST_F(Verifying, Snapshot_WhoseBenchmarkIsGone_IsObsolete) {
  suite.add("gone", Shown{});
  captured("f");
  suite.remove("gone");
  ASSERT_TRUE(verify());
  EXPECT_EQ(heard.verdict_on("gone").verdict, Verdict::kObsolete);
}

TEST_F(Verifying, MissingCapture_StoresTheCase_ForTheNextRun) {
  captured("f");
  suite.add("fresh", Shown{});
  suite.add("hopeless", Shown{Ending::kRaised, std::nullopt, "ValueError"});
  verifying.demands.missing = model::Missing::kCapture;
  const auto summary = verify();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(heard.verdict_on("fresh").verdict, Verdict::kNoSnapshot) << "nothing was verified of it";
  EXPECT_THAT(heard.verdict_on("fresh").reason, HasSubstr("captured now"));
  EXPECT_THAT(heard.verdict_on("hopeless").reason, HasSubstr("verify cannot check it (failed)"));
  ASSERT_TRUE(verify());
  EXPECT_EQ(heard.verdict_on("fresh").verdict, Verdict::kIdentical);
  EXPECT_EQ(heard.verdict_on("f").verdict, Verdict::kIdentical);
}

TEST_F(Verifying, MissingCapture_OfAnInterruptedRun_StoresNothing) {
  captured("f");
  suite.add("fresh", Shown{});
  verifying.demands.missing = model::Missing::kCapture;
  suite.on_run = [&] { suite.interrupted = true; };
  ASSERT_TRUE(verify());
  suite.on_run = [] {};
  suite.interrupted = false;
  ASSERT_TRUE(verify());
  EXPECT_EQ(heard.verdict_on("fresh").verdict, Verdict::kNoSnapshot);
}

TEST_F(Verifying, ObsoleteDelete_RemovesTheSnapshot_AndUndoBringsItBack) {
  suite.add("gone", Shown{});
  captured("f");
  suite.remove("gone");
  verifying.demands.obsolete = model::Obsolete::kDelete;
  ASSERT_TRUE(verify());
  EXPECT_THAT(heard.verdict_on("gone").reason, HasSubstr("removed"));
  ASSERT_TRUE(verify());
  EXPECT_FALSE(heard.verdicts.contains("bench.gone"));
  const auto store = must(store::Store::open(verifying.snapshot_dir));
  const auto undoable = must(store->find_undoable());
  ASSERT_TRUE(undoable.has_value());
  must(store->undo_capture(undoable->run_id));
  ASSERT_TRUE(must(store->load_manifest("bench.gone")).has_value());
}

TEST_F(Verifying, ObsoleteDelete_OfARunThatIsNotComplete_RemovesNothing) {
  suite.add("gone", Shown{});
  captured("f");
  suite.remove("gone");
  verifying.demands.obsolete = model::Obsolete::kDelete;
  verifying.suite.filter = "anything";
  ASSERT_TRUE(verify());
  verifying.suite.filter.reset();
  suite.suite.failures.push_back({"other", "ImportError", ""});
  ASSERT_TRUE(verify());
  EXPECT_EQ(heard.verdict_on("gone").verdict, Verdict::kObsolete);
  EXPECT_TRUE(must(must(store::Store::open(verifying.snapshot_dir))->load_manifest("bench.gone")).has_value());
}

TEST_F(Verifying, ObsoleteIgnore_DoesNotSpeakOfIt) {
  suite.add("gone", Shown{});
  captured("f");
  suite.remove("gone");
  verifying.demands.obsolete = model::Obsolete::kIgnore;
  const auto summary = verify();
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->count(model::Standing::kObsolete), 0U);
  EXPECT_FALSE(heard.verdicts.contains("bench.gone"));
}

TEST_F(Verifying, CasesThatDidNotRun_AreNamed) {
  suite.add("f", Shown{});
  captured("g");
  suite.on_run = [&] { suite.interrupted = true; };
  const auto summary = verify();
  ASSERT_TRUE(summary);
  ASSERT_EQ(summary->not_run.size(), 1U);
  EXPECT_EQ(summary->not_run.front().benchmark, "bench.g");
  EXPECT_FALSE(heard.verdicts.contains("bench.g"));
  EXPECT_EQ(summary->ok(), std::nullopt);
}

TEST_F(Verifying, Snapshot_WhoseModuleDoesNotImport_Raised) {
  captured("f");
  suite.remove("f");
  suite.suite.failures.push_back({"bench", "ImportError: no module named x", ""});
  const auto summary = verify();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(heard.verdict_on("f").verdict, Verdict::kRaised);
  EXPECT_THAT(heard.verdict_on("f").reason, HasSubstr("no module named x"));
  EXPECT_EQ(summary->status, ExitStatus::kFailed);
}

TEST_F(Verifying, Snapshot_OfAnUnstableCase_IsNeverAPass) {
  suite.add("f", [](const Look& look) {
    return Shown{Ending::kReturned, look.pass == runner::Pass::kFirst ? "1" : "2", ""};
  });
  ASSERT_TRUE(capture());
  const auto summary = verify();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(heard.verdict_on("f").verdict, Verdict::kUnstable);
  EXPECT_EQ(summary->status, ExitStatus::kNothingVerified);
}

TEST_F(Verifying, Snapshot_OfACaseThatFailed_IsNotRun) {
  suite.add("f", Shown{Ending::kRaised, std::nullopt, "ValueError"});
  captured("g");
  ASSERT_TRUE(verify());
  EXPECT_EQ(heard.verdict_on("f").verdict, Verdict::kCaptureFailed);
  EXPECT_THAT(suite.ran, ElementsAre("g"));
}

TEST_F(Verifying, Source_ThatChanged_IsSaid) {
  captured("f");
  suite.suite.benchmarks.front().version = "other";
  ASSERT_TRUE(verify());
  EXPECT_TRUE(heard.verdict_on("f").source_changed);
}

TEST_F(Verifying, TooFewChecked_FailsBelowTheLeastShare) {
  suite.add("f", Shown{Ending::kReturned, std::nullopt, ""});
  captured("g");
  verifying.demands.min_verified = 50;
  EXPECT_EQ(verify()->status, ExitStatus::kSuccess);
  verifying.demands.min_verified = 51;
  EXPECT_EQ(verify()->status, ExitStatus::kFailed);
}

TEST_F(Verifying, NoBaseline_StartsNoHost) {
  suite.add("f", Shown{});
  const auto summary = verify();
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kNoBaseline);
  EXPECT_THAT(suite.events, IsEmpty());
}

TEST_F(Verifying, ShardThatChecksNothing_SucceedsOnlyWhereOthersHaveCases) {
  suite.add("f", Shown{Ending::kReturned, std::nullopt, ""});
  suite.add("g", Shown{Ending::kReturned, std::nullopt, ""});
  ASSERT_TRUE(capture());
  verifying.shard = ShardOptions{{1, 1}, nullptr};
  EXPECT_EQ(verify()->status, ExitStatus::kNothingVerified);
  verifying.shard = ShardOptions{{1, 2}, nullptr};
  const auto summary = verify();
  EXPECT_EQ(summary->status, ExitStatus::kSuccess);
  EXPECT_EQ(summary->ok(), std::nullopt) << "nothing was checked";
}

class VerifyingInSeries : public Verifying {
 protected:
  /// A benchmark of two cases: what shows something first in a process is what the second is there for.
  void two_cases() {
    suite.has_series = true;
    suite.add(
        "f", [](const Look&) { return Shown{}; }, 2);
    ASSERT_TRUE(capture());
  }
};

TEST_F(VerifyingInSeries, FirstCase_OfABenchmark_RunsByItself) {
  two_cases();
  EXPECT_EQ(verify()->status, ExitStatus::kSuccess);
  EXPECT_THAT(suite.ran, ElementsAre("f", "f in series"));
}

TEST_F(VerifyingInSeries, Difference_InASeriesOnly_IsRunByItselfAndPassesWithANote) {
  two_cases();
  suite.change("f", [](const Look& look) { return Shown{Ending::kReturned, look.in_series ? "2" : "1", ""}; });
  EXPECT_EQ(verify()->status, ExitStatus::kSuccess);
  EXPECT_THAT(suite.ran, ElementsAre("f", "f in series", "f"));
  EXPECT_EQ(heard.verdict_on("f").verdict, Verdict::kIdentical);
  EXPECT_THAT(heard.verdict_on("f").observation.notes,
              ElementsAre(HasSubstr("in a process in which other cases had run it was different")));
}

TEST_F(VerifyingInSeries, Difference_ThatIsThereByItself_Fails) {
  two_cases();
  suite.change("f", Shown{Ending::kReturned, "2", ""});
  EXPECT_EQ(verify()->status, ExitStatus::kFailed);
  EXPECT_THAT(suite.ran, ElementsAre("f", "f in series", "f"));
  EXPECT_EQ(heard.verdict_on("f").verdict, Verdict::kDifferent);
}

TEST_F(VerifyingInSeries, Crash_InASeriesOnly_BlamesNobody) {
  two_cases();
  suite.change("f", [](const Look& look) {
    return look.in_series ? Shown{Ending::kSignalled, std::nullopt, "SIGSEGV"} : Shown{};
  });
  EXPECT_EQ(verify()->status, ExitStatus::kSuccess);
  EXPECT_EQ(heard.verdict_on("f").verdict, Verdict::kIdentical);
}

TEST_F(VerifyingInSeries, ProcessACase_HasNoSeries) {
  two_cases();
  verifying.suite.isolation = runner::Isolation::kFork;
  ASSERT_TRUE(verify());
  EXPECT_THAT(suite.ran, ElementsAre("f", "f"));
}

}  // namespace
}  // namespace snapshot_test::session
