// A capture from its cases' outcomes to the store, without processes.
#include <gmock/gmock.h>

#include "session_support.hpp"

namespace snapshot_test::session {
namespace {

using model::CaptureStatus;
using model::Ending;
using model::ExitStatus;
using model::Loss;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Capturing : public SessionTest {};

TEST_F(Capturing, EachEnding_OfACase_GivesItsStatus) {
  const std::map<Ending, CaptureStatus> wanted{
      {Ending::kReturned, CaptureStatus::kOuter},      {Ending::kNoOp, CaptureStatus::kNoOp},
      {Ending::kSkipped, CaptureStatus::kSkipped},     {Ending::kRaised, CaptureStatus::kFailed},
      {Ending::kTimedOut, CaptureStatus::kFailed},     {Ending::kSignalled, CaptureStatus::kFailed},
      {Ending::kExited, CaptureStatus::kFailed},       {Ending::kOutOfMemory, CaptureStatus::kFailed},
      {Ending::kImportFailed, CaptureStatus::kFailed}, {Ending::kNotRun, CaptureStatus::kFailed},
      {Ending::kProtocol, CaptureStatus::kFailed}};
  for (const auto& [ending, status] : wanted) {
    suite.add("f_" + std::to_string(static_cast<int>(ending)), Shown{ending, "1", "a detail"});
  }
  const auto summary = capture();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->status, ExitStatus::kSuccess);
  for (const auto& [ending, status] : wanted) {
    const auto& captured = heard.capture_of("f_" + std::to_string(static_cast<int>(ending)));
    EXPECT_EQ(captured.status, status) << name(ending);
    if (status == CaptureStatus::kFailed || status == CaptureStatus::kSkipped) {
      EXPECT_EQ(captured.reason, "a detail") << name(ending);
    }
  }
  for (const auto& [name, running] : heard.running) {
    EXPECT_EQ(running, 0) << name << " was started and not ended, or the other way round";
  }
}

TEST_F(Capturing, Case_ThatShowsNothing_IsVacuousAndNothingIsVerified) {
  suite.add("f", Shown{Ending::kReturned, std::nullopt, ""});
  const auto summary = capture();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(heard.capture_of("f").status, CaptureStatus::kVacuous);
  EXPECT_EQ(summary->status, ExitStatus::kNothingVerified);
}

TEST_F(Capturing, SecondRun_WithTheSameValue_ConfirmsItInAnotherHost) {
  suite.add("f", Shown{});
  ASSERT_TRUE(capture());
  EXPECT_THAT(suite.ran, ElementsAre("f", "f"));
  EXPECT_THAT(suite.events, ElementsAre("start 1", "end 1", "start 2", "end 2"));
}

TEST_F(Capturing, SecondRun_WithAnotherValue_IsUnstable) {
  suite.add("f", [](const Look& look) {
    return Shown{Ending::kReturned, look.pass == runner::Pass::kFirst ? "1" : "2", ""};
  });
  const auto summary = capture();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(heard.capture_of("f").status, CaptureStatus::kUnstable);
  EXPECT_EQ(summary->status, ExitStatus::kNothingVerified);
}

TEST_F(Capturing, SecondRun_ThatEndsInAnotherWay_IsUnstableAndSaysHow) {
  suite.add("f", [](const Look& look) {
    return look.pass == runner::Pass::kFirst ? Shown{} : Shown{Ending::kRaised, std::nullopt, "ValueError: x"};
  });
  ASSERT_TRUE(capture());
  EXPECT_EQ(heard.capture_of("f").status, CaptureStatus::kUnstable);
  EXPECT_THAT(heard.capture_of("f").reason, HasSubstr("its second run raised: ValueError: x"));
}

TEST_F(Capturing, SecondRun_OfWhatShowedNothingToConfirm_IsLeftOut) {
  suite.add("f", Shown{});
  suite.add("skips", Shown{Ending::kSkipped, std::nullopt, "not here"});
  ASSERT_TRUE(capture());
  EXPECT_THAT(suite.ran, ElementsAre("f", "skips", "f"));
}

TEST_F(Capturing, NoStabilityCheck_RunsEachCaseOnce) {
  capturing.method.stability_check = false;
  suite.add("f", Shown{});
  ASSERT_TRUE(capture());
  EXPECT_THAT(suite.ran, ElementsAre("f"));
  EXPECT_EQ(heard.capture_of("f").status, CaptureStatus::kOuter);
}

TEST_F(Capturing, Case_ThatMindsBeingLookedAt_RunsAgainWithoutItsValuesHeld) {
  suite.add("f", [](const Look& look) {
    return look.observe == model::Observe::kUnheld ? Shown{} : Shown{Ending::kRaised, std::nullopt, "BufferError"};
  });
  ASSERT_TRUE(capture());
  EXPECT_EQ(heard.capture_of("f").status, CaptureStatus::kOuter);
  EXPECT_THAT(suite.ran, ElementsAre("f", "f", "f"));
}

TEST_F(Capturing, RefusedResource_InEitherPass_StoresNothing) {
  for (const runner::Pass pass : {runner::Pass::kFirst, runner::Pass::kSecond}) {
    suite = FakeSuite();
    suite.add("f", [pass](const Look& look) {
      return look.pass == pass ? Shown{Ending::kRefused, std::nullopt, "no space"} : Shown{};
    });
    suite.add("g", Shown{});
    const auto summary = capture();
    ASSERT_FALSE(summary);
    EXPECT_EQ(summary.error().kind, ErrorKind::kIo);
    EXPECT_THAT(summary.error().message, HasSubstr("bench.f: no space; nothing was captured"));
    EXPECT_EQ(suite.ran.back(), "f") << "nothing runs after it";
    EXPECT_EQ(verify().error().kind, ErrorKind::kNoBaseline);
  }
}

TEST_F(Capturing, Interrupt_InTheMiddle_LeavesTheBaselineAsItWas) {
  for (const std::size_t after : {1U, 3U}) {  // in the first pass, in the second
    suite = FakeSuite();
    suite.add("f", Shown{Ending::kReturned, "old", ""});
    suite.add("g", Shown{Ending::kReturned, "old", ""});
    ASSERT_TRUE(capture());
    suite.change("f", Shown{Ending::kReturned, "new", ""});
    suite.on_run = [&, after] { suite.interrupted = suite.ran.size() == after; };
    const auto summary = capture();
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary->status, ExitStatus::kInterrupted);
    EXPECT_EQ(summary->run_id, "");
    EXPECT_EQ(suite.ran.size(), after);
    suite.on_run = [] {};
    suite.interrupted = false;
    suite.change("f", Shown{Ending::kReturned, "old", ""});
    const auto verified = verify();
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_EQ(verified->status, ExitStatus::kSuccess);
  }
}

TEST_F(Capturing, Resume_AfterAnInterrupt_RunsOnlyWhatIsLeft) {
  capturing.method.resume = true;
  suite.add("f", Shown{});
  suite.add("g", Shown{});
  suite.on_run = [&] { suite.interrupted = suite.ran.size() == 3; };  // "f" was not confirmed
  ASSERT_TRUE(capture());
  EXPECT_THAT(suite.ran, ElementsAre("f", "g", "g"));
  suite.on_run = [] {};
  suite.interrupted = false;
  const auto summary = capture();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_THAT(suite.ran, ElementsAre("f"));
  EXPECT_EQ(summary->resumed, 2U);
  EXPECT_EQ(summary->status, ExitStatus::kSuccess);
  EXPECT_EQ(heard.capture_of("f").status, CaptureStatus::kOuter);
}

TEST_F(Capturing, Resume_WithoutTheOption_RunsAllAgain) {
  capturing.method.resume = true;
  suite.add("f", Shown{});
  suite.on_run = [&] { suite.interrupted = true; };
  ASSERT_TRUE(capture());
  suite.on_run = [] {};
  suite.interrupted = false;
  capturing.method.resume = false;
  ASSERT_TRUE(capture());
  EXPECT_THAT(suite.ran, ElementsAre("f", "f"));
}

TEST_F(Capturing, Check_BesideAnInterruptedCapture_LeavesThatToBeResumed) {
  suite.add("f", Shown{});
  suite.add("g", Shown{});
  ASSERT_TRUE(capture());
  capturing.method.resume = true;
  suite.on_run = [&] { suite.interrupted = suite.ran.size() == 3; };
  ASSERT_TRUE(capture());
  suite.on_run = [] {};
  suite.interrupted = false;
  capturing.method.resume = false;
  capturing.storing = CaptureOptions::Storing::kCheck;
  ASSERT_TRUE(capture());
  capturing.method.resume = true;
  capturing.storing = CaptureOptions::Storing::kCommit;
  const auto summary = capture();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->resumed, 2U);
  EXPECT_THAT(suite.ran, ElementsAre("f"));
}

TEST_F(Capturing, Snapshot_ThatWouldBeLost_IsKeptAndFails) {
  suite.add("f", Shown{Ending::kReturned, "good", ""});
  ASSERT_TRUE(capture());
  suite.change("f", Shown{Ending::kRaised, std::nullopt, "ValueError"});
  const auto summary = capture();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(heard.capture_of("f").loss, Loss::kKept);
  EXPECT_EQ(summary->status, ExitStatus::kFailed);
  EXPECT_THAT(summary->failure, HasSubstr("--allow-loss"));
  suite.change("f", Shown{Ending::kReturned, "good", ""});
  EXPECT_EQ(verify()->status, ExitStatus::kSuccess);
}

TEST_F(Capturing, Snapshot_ThatWouldBeLost_IsReplacedWithAllowLoss) {
  suite.add("f", Shown{Ending::kReturned, "good", ""});
  ASSERT_TRUE(capture());
  suite.change("f", Shown{Ending::kRaised, std::nullopt, "ValueError"});
  capturing.allow_loss = true;
  const auto summary = capture();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(heard.capture_of("f").loss, Loss::kReplaced);
  EXPECT_EQ(summary->replaced, 1U);
  suite.change("f", Shown{Ending::kReturned, "good", ""});
  ASSERT_TRUE(verify());
  EXPECT_EQ(heard.verdict_on("f").verdict, model::Verdict::kCaptureFailed);
}

TEST_F(Capturing, Suite_WithoutCases_IsNothingVerifiedAndMakesNoStore) {
  const auto summary = capture();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->status, ExitStatus::kNothingVerified);
  EXPECT_THAT(suite.ran, IsEmpty());
  EXPECT_EQ(verify().error().kind, ErrorKind::kNoBaseline);
}

class CapturingInSeries : public Capturing {
 protected:
  CapturingInSeries() { suite.has_series = true; }

  [[nodiscard]] store::CaseRecord record_of(const std::string& name) const {
    return must(must(store::Store::open(capturing.snapshot_dir))->load_manifest("bench." + name))->cases.at(0);
  }
};

TEST_F(CapturingInSeries, SecondRun_ThatAgreesInASeries_IsContextFreeAndTakesWhatItTookThere) {
  suite.add("f", [](const Look& look) { return Shown{Ending::kReturned, "1", "", look.in_series ? 0.01 : 0.2}; });
  ASSERT_TRUE(capture());
  EXPECT_THAT(suite.ran, ElementsAre("f", "f in series"));
  EXPECT_TRUE(record_of("f").context_free);
  EXPECT_EQ(record_of("f").total_seconds, 0.01);
}

TEST_F(CapturingInSeries, SecondRun_ThatDiffersInASeriesOnly_IsStableAndNotContextFree) {
  suite.add("f", [](const Look& look) { return Shown{Ending::kReturned, look.in_series ? "2" : "1", "", 0.2}; });
  ASSERT_TRUE(capture());
  EXPECT_THAT(suite.ran, ElementsAre("f", "f in series", "f"));
  EXPECT_EQ(heard.capture_of("f").status, CaptureStatus::kOuter);
  EXPECT_FALSE(record_of("f").context_free);
  EXPECT_EQ(record_of("f").total_seconds, 0.2);
}

TEST_F(CapturingInSeries, SecondRun_ThatDiffersInWhatNeverAgrees_IsContextFree) {
  // Of "part" no more differs in a series than by itself; of "more" another part does, too; of "other", only another.
  const auto shows = [](std::vector<std::string> in_series) {
    return [in_series](const Look& look) {
      return look.pass == runner::Pass::kFirst ? Shown{}
             : look.in_series                  ? Shown{Ending::kReturned, "2", "", 0.01, in_series}
                                               : Shown{Ending::kReturned, "3", "", 0.2, {"[0]", "[1]"}};
    };
  };
  suite.add("part", shows({"[1]"}));
  suite.add("more", shows({"[0]", "[1]", "[2]"}));
  suite.add("other", shows({"[2]"}));
  suite.add("all", shows({}));
  ASSERT_TRUE(capture());
  EXPECT_TRUE(record_of("part").context_free);
  EXPECT_THAT(record_of("part").sites.at(0).unstable, ElementsAre("[0]", "[1]"));
  for (const char* name : {"more", "other", "all"}) {
    EXPECT_FALSE(record_of(name).context_free) << name;
    EXPECT_THAT(record_of(name).sites.at(0).unstable, ElementsAre("[0]", "[1]")) << name;
  }
}

TEST_F(CapturingInSeries, SecondRun_ThatDiffersByItself_IsUnstable) {
  suite.add("f", [](const Look& look) {
    return Shown{Ending::kReturned, look.pass == runner::Pass::kFirst ? "1" : "2", ""};
  });
  ASSERT_TRUE(capture());
  EXPECT_THAT(suite.ran, ElementsAre("f", "f in series", "f"));
  EXPECT_EQ(heard.capture_of("f").status, CaptureStatus::kUnstable);
}

TEST_F(CapturingInSeries, SecondRun_OfALongCaseOrWithAProcessEach_IsByItself) {
  suite.add("f", Shown{Ending::kReturned, "1", "", 1.5});
  ASSERT_TRUE(capture());
  EXPECT_THAT(suite.ran, ElementsAre("f", "f"));
  suite.change("f", Shown{});
  capturing.suite.isolation = runner::Isolation::kFork;
  ASSERT_TRUE(capture());
  EXPECT_THAT(suite.ran, ElementsAre("f", "f"));
  EXPECT_FALSE(record_of("f").context_free);
}

}  // namespace
}  // namespace snapshot_test::session
