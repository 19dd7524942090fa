// The rules of docs/verdicts.md, one by one.
#include "session/judge.hpp"
#include "session/conclude.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace snapshot_test::session {
namespace {

using model::CaptureStatus;
using model::CheckedBy;
using model::Counted;
using model::Ending;
using model::ExitStatus;
using model::Site;
using model::SiteComparison;
using model::SiteKind;
using model::SiteMatch;
using model::SiteValue;
using model::Verdict;

constexpr Site kReturn{SiteKind::kReturn, 0};
constexpr Site kDeepest{SiteKind::kDeepest, 0};
constexpr Site kState{SiteKind::kState, 0};
constexpr Site body(int i) { return {SiteKind::kBody, i}; }
constexpr Site path(int depth) { return {SiteKind::kPath, depth}; }

SiteValue stored(Site site) {
  SiteValue value;
  value.site = site;
  value.meaningful = true;
  value.object = std::string(64, 'a');
  return value;
}

SiteValue opaque(Site site) {
  SiteValue value = stored(site);
  value.object.clear();
  value.opaque = "a lock";
  return value;
}

SiteValue unstable(Site site) {
  SiteValue value = stored(site);
  value.wholly_unstable = true;
  return value;
}

SiteValue partly_unstable(Site site) {
  SiteValue value = stored(site);
  value.unstable = {"['time']"};
  return value;
}

SiteValue partly_kept(Site site) {
  SiteValue value = stored(site);
  value.partly = "cut after 10,000 items";
  return value;
}

SiteComparison match(Site site, SiteMatch match) {
  SiteComparison comparison;
  comparison.site = site;
  comparison.match = match;
  return comparison;
}

store::CaseRecord snapshot(std::vector<SiteValue> sites) {
  store::CaseRecord record;
  record.ending = Ending::kReturned;
  record.sites = std::move(sites);
  model::Observation observation;
  observation.ending = Ending::kReturned;
  observation.sites = record.sites;
  record.status = judge_capture(observation).status;
  return record;
}

runner::CaseOutcome returned(std::vector<SiteComparison> comparisons) {
  runner::CaseOutcome outcome;
  outcome.observation.ending = Ending::kReturned;
  outcome.comparisons = std::move(comparisons);
  return outcome;
}

runner::CaseOutcome ended(Ending ending) {
  runner::CaseOutcome outcome;
  outcome.observation.ending = ending;
  outcome.observation.detail = "why";
  return outcome;
}

Verdict verdict(std::vector<SiteValue> sites, std::vector<SiteComparison> comparisons) {
  return judge(snapshot(std::move(sites)), returned(std::move(comparisons))).verdict;
}

TEST(Judge, AllSitesIdentical_IsIdentical) {
  EXPECT_EQ(verdict({stored(kReturn), stored(kDeepest)},
                    {match(kReturn, SiteMatch::kIdentical), match(kDeepest, SiteMatch::kIdentical)}),
            Verdict::kIdentical);
}

TEST(Judge, OneSiteClose_IsClose) {
  EXPECT_EQ(verdict({stored(kReturn), stored(body(0))},
                    {match(kReturn, SiteMatch::kIdentical), match(body(0), SiteMatch::kClose)}),
            Verdict::kClose);
  EXPECT_EQ(verdict({stored(kReturn), stored(kDeepest)},
                    {match(kReturn, SiteMatch::kIdentical), match(kDeepest, SiteMatch::kClose)}),
            Verdict::kClose);
}

TEST(Judge, OneOuterSiteDifferent_IsDifferent) {
  EXPECT_EQ(verdict({stored(kReturn), stored(body(0)), stored(body(1))},
                    {match(kReturn, SiteMatch::kIdentical), match(body(0), SiteMatch::kIdentical),
                     match(body(1), SiteMatch::kDifferent)}),
            Verdict::kDifferent);
}

TEST(Judge, OuterSiteGone_IsDifferent) {
  EXPECT_EQ(verdict({stored(body(0))}, {match(body(0), SiteMatch::kMissing)}), Verdict::kDifferent);
  EXPECT_EQ(verdict({stored(kReturn)}, {match(kReturn, SiteMatch::kOpaque)}), Verdict::kDifferent);
}

TEST(Judge, InnerSiteChangedAndResultNot_IsInnerChanged) {
  for (const SiteMatch change : {SiteMatch::kDifferent, SiteMatch::kMissing}) {
    EXPECT_EQ(
        verdict({stored(kReturn), stored(kDeepest)}, {match(kReturn, SiteMatch::kClose), match(kDeepest, change)}),
        Verdict::kInnerChanged);
  }
}

TEST(Judge, OnlyTheDeepestSite_Decides) {
  EXPECT_EQ(verdict({stored(kDeepest)}, {match(kDeepest, SiteMatch::kIdentical)}), Verdict::kIdentical);
  EXPECT_EQ(verdict({stored(kDeepest)}, {match(kDeepest, SiteMatch::kDifferent)}), Verdict::kDifferent);
  EXPECT_EQ(verdict({stored(kDeepest)}, {match(kDeepest, SiteMatch::kMissing)}), Verdict::kDifferent);
}

TEST(Judge, ThreadSite_DecidesWithTheInnerCalls) {
  constexpr Site kThreads{SiteKind::kThreads, 0};
  EXPECT_EQ(verdict({stored(kThreads)}, {match(kThreads, SiteMatch::kIdentical)}), Verdict::kIdentical);
  EXPECT_EQ(verdict({stored(kThreads)}, {match(kThreads, SiteMatch::kMissing)}), Verdict::kDifferent);
  EXPECT_EQ(verdict({stored(kDeepest), stored(kThreads)},
                    {match(kDeepest, SiteMatch::kIdentical), match(kThreads, SiteMatch::kDifferent)}),
            Verdict::kDifferent);
  EXPECT_EQ(verdict({stored(kReturn), stored(kThreads)},
                    {match(kReturn, SiteMatch::kIdentical), match(kThreads, SiteMatch::kDifferent)}),
            Verdict::kInnerChanged);
}

TEST(Judge, DeepestDifferent_OutermostCommonCallDecides) {
  const std::vector<SiteValue> sites{stored(kDeepest), stored(path(1)), stored(path(2))};
  EXPECT_EQ(verdict(sites, {match(kDeepest, SiteMatch::kDifferent), match(path(1), SiteMatch::kIdentical),
                            match(path(2), SiteMatch::kDifferent)}),
            Verdict::kInnerChanged);
  EXPECT_EQ(verdict(sites, {match(kDeepest, SiteMatch::kDifferent), match(path(1), SiteMatch::kMissing),
                            match(path(2), SiteMatch::kDifferent)}),
            Verdict::kDifferent);
  EXPECT_EQ(verdict(sites, {match(kDeepest, SiteMatch::kMissing), match(path(1), SiteMatch::kMissing),
                            match(path(2), SiteMatch::kMissing)}),
            Verdict::kDifferent);
}

TEST(Judge, OnlyStateSite_Decides) {
  EXPECT_EQ(verdict({stored(kState)}, {match(kState, SiteMatch::kClose)}), Verdict::kClose);
  EXPECT_EQ(verdict({stored(kState)}, {match(kState, SiteMatch::kDifferent)}), Verdict::kDifferent);
}

TEST(Judge, StateBesideAValue_DecidesToo) {
  const std::vector<SiteValue> sites{stored(kReturn), stored(kState)};
  EXPECT_EQ(verdict(sites, {match(kReturn, SiteMatch::kIdentical), match(kState, SiteMatch::kIdentical)}),
            Verdict::kIdentical);
  EXPECT_EQ(verdict(sites, {match(kReturn, SiteMatch::kIdentical), match(kState, SiteMatch::kDifferent)}),
            Verdict::kDifferent);
  EXPECT_EQ(verdict(sites, {match(kReturn, SiteMatch::kIdentical), match(kState, SiteMatch::kMissing)}),
            Verdict::kDifferent);
}

TEST(LookFor, SitesOfTheSnapshot_DecideWhatIsObserved) {
  using model::Observe;
  EXPECT_EQ(look_for({}, false), Observe::kValues);
  EXPECT_EQ(look_for({}, true), Observe::kUnheld);
  EXPECT_EQ(look_for({stored(kReturn)}, false), Observe::kValues);
  EXPECT_EQ(look_for({stored(kReturn), stored(kState)}, false), Observe::kAll);
  EXPECT_EQ(look_for({stored(kReturn), stored(kState)}, true), Observe::kUnheld);
  EXPECT_EQ(look_for({stored(kState)}, false), Observe::kUnheld);
}

TEST(Judge, UnstableSite_DoesNotDecide) {
  EXPECT_EQ(verdict({unstable(kReturn), stored(body(0))},
                    {match(kReturn, SiteMatch::kUnstable), match(body(0), SiteMatch::kIdentical)}),
            Verdict::kIdentical);
  EXPECT_EQ(verdict({unstable(kReturn)}, {match(kReturn, SiteMatch::kUnstable)}), Verdict::kUnstable);
}

TEST(Judge, NothingComparable_IsVacuousOrOpaque) {
  EXPECT_EQ(verdict({}, {}), Verdict::kVacuous);
  EXPECT_EQ(verdict({opaque(kReturn)}, {match(kReturn, SiteMatch::kOpaque)}), Verdict::kOpaque);
}

TEST(Judge, InnerSitesBesideAnOpaqueResult_DoNotDecide) {
  for (const Site outer : {kReturn, body(0)}) {
    for (const SiteMatch inner : {SiteMatch::kIdentical, SiteMatch::kDifferent}) {
      const std::vector<SiteComparison> now{match(outer, SiteMatch::kOpaque), match(kDeepest, inner)};
      EXPECT_EQ(verdict({opaque(outer), stored(kDeepest)}, now), Verdict::kOpaque);
      EXPECT_EQ(verdict({unstable(outer), stored(kDeepest)}, now), Verdict::kUnstable);
    }
  }
}

TEST(Judge, InnerSitesBesideAnOpaqueResult_AreInTheReason) {
  const auto reason = [](SiteMatch inner) {
    return judge(snapshot({opaque(kReturn), stored(kDeepest)}),
                 returned({match(kReturn, SiteMatch::kOpaque), match(kDeepest, inner)}))
        .reason;
  };
  EXPECT_THAT(reason(SiteMatch::kIdentical), testing::HasSubstr("inner calls that were compared agree"));
  EXPECT_THAT(reason(SiteMatch::kDifferent), testing::HasSubstr("but deepest differs"));
}

TEST(Judge, OpaqueResultInAnOlderStore_IsOpaque) {
  store::CaseRecord record = snapshot({opaque(kReturn), stored(kDeepest)});
  record.status = CaptureStatus::kInner;
  record.reason = "only inner calls return something to check";
  const auto result =
      judge(record, returned({match(kReturn, SiteMatch::kOpaque), match(kDeepest, SiteMatch::kIdentical)}));
  EXPECT_EQ(result.verdict, Verdict::kOpaque);
  EXPECT_EQ(result.checked_by, std::nullopt);
  EXPECT_THAT(result.reason, testing::StartsWith("return cannot be pickled: a lock"));
}

TEST(Judge, StateBesideAnOpaqueResult_Decides) {
  const std::vector<SiteValue> sites{opaque(body(0)), stored(kState)};
  EXPECT_EQ(verdict(sites, {match(body(0), SiteMatch::kOpaque), match(kState, SiteMatch::kDifferent)}),
            Verdict::kDifferent);
  const auto agrees =
      judge(snapshot(sites), returned({match(body(0), SiteMatch::kOpaque), match(kState, SiteMatch::kIdentical)}));
  EXPECT_EQ(agrees.verdict, Verdict::kIdentical);
  EXPECT_EQ(agrees.checked_by, CheckedBy::kState);
  EXPECT_THAT(agrees.missing, testing::ElementsAre("body[0] cannot be pickled: a lock"));
}

TEST(Judge, Sites_DecideWhatACaseIsCheckedBy) {
  const auto checked = [](std::vector<SiteValue> sites) {
    std::vector<SiteComparison> now;
    for (const SiteValue& site : sites) {
      const bool compared = !site.object.empty() && !site.wholly_unstable;
      now.push_back(match(site.site, compared ? SiteMatch::kIdentical : SiteMatch::kOpaque));
    }
    return judge(snapshot(std::move(sites)), returned(std::move(now))).checked_by;
  };
  EXPECT_EQ(checked({stored(kReturn), stored(body(0)), opaque(kDeepest)}), CheckedBy::kResult);
  EXPECT_EQ(checked({stored(Site{SiteKind::kResult, 0})}), CheckedBy::kResult);
  for (const SiteValue& less : {opaque(body(0)), unstable(body(0)), partly_unstable(body(0)), partly_kept(body(0))}) {
    EXPECT_EQ(checked({stored(kReturn), less}), CheckedBy::kPart);
  }
  EXPECT_EQ(checked({partly_kept(kReturn)}), CheckedBy::kPart);
  EXPECT_EQ(checked({stored(kReturn), partly_kept(kState)}), CheckedBy::kPart);
  EXPECT_EQ(checked({stored(kReturn), partly_unstable(kState)}), CheckedBy::kResult);
  EXPECT_EQ(checked({stored(kState)}), CheckedBy::kState);
  EXPECT_EQ(checked({stored(kDeepest)}), CheckedBy::kInner);
  EXPECT_EQ(checked({}), std::nullopt);
}

TEST(Judge, SiteWithBounds_IsCheckedByResult) {
  SiteValue bounded = stored(kReturn);
  bounded.bounds = {{"[0]", 1e-9}};
  EXPECT_EQ(judge(snapshot({bounded}), returned({match(kReturn, SiteMatch::kClose)})).checked_by, CheckedBy::kResult);
}

TEST(Judge, TimedOutOrUnreadable_IsNotChecked) {
  EXPECT_EQ(judge(snapshot({stored(kReturn)}), ended(Ending::kTimedOut)).checked_by, std::nullopt);
  EXPECT_EQ(judge(snapshot({stored(kReturn)}), returned({match(kReturn, SiteMatch::kUnreadable)})).checked_by,
            std::nullopt);
  EXPECT_EQ(judge(snapshot({stored(kReturn)}), ended(Ending::kRaised)).checked_by, CheckedBy::kResult);
  EXPECT_EQ(judge(snapshot({stored(kReturn)}), returned({match(kReturn, SiteMatch::kDifferent)})).checked_by,
            CheckedBy::kResult);
}

TEST(Judge, InnerSiteThatSharesAnOuterObject_IsIgnored) {
  SiteComparison inner = match(path(1), SiteMatch::kDifferent);
  inner.shares_with = kReturn;
  const std::vector<SiteValue> sites{stored(kReturn), stored(path(1))};
  EXPECT_EQ(verdict(sites, {match(kReturn, SiteMatch::kIdentical), inner}), Verdict::kIdentical);
  EXPECT_EQ(verdict(sites, {match(kReturn, SiteMatch::kDifferent), inner}), Verdict::kDifferent);
}

TEST(Judge, DamagedObject_IsUnreadable) {
  EXPECT_EQ(verdict({stored(kReturn)}, {match(kReturn, SiteMatch::kUnreadable)}), Verdict::kUnreadable);
  EXPECT_EQ(verdict({stored(kDeepest)}, {match(kDeepest, SiteMatch::kUnreadable)}), Verdict::kUnreadable);
}

TEST(Judge, EndingNow_HasItsFailureVerdict) {
  const auto now = [](Ending ending) { return judge(snapshot({stored(kReturn)}), ended(ending)).verdict; };
  EXPECT_EQ(now(Ending::kRaised), Verdict::kRaised);
  EXPECT_EQ(now(Ending::kImportFailed), Verdict::kRaised);
  EXPECT_EQ(now(Ending::kSignalled), Verdict::kCrashed);
  EXPECT_EQ(now(Ending::kExited), Verdict::kCrashed);
  EXPECT_EQ(now(Ending::kOutOfMemory), Verdict::kCrashed);
  EXPECT_EQ(now(Ending::kProtocol), Verdict::kCrashed);
  EXPECT_EQ(now(Ending::kTimedOut), Verdict::kTimedOut);
  // It skips itself now: a pass in which nothing is checked would be the worst of answers.
  EXPECT_EQ(now(Ending::kSkipped), Verdict::kRaised);
}

TEST(Judge, RefusedCase_IsRefusedAndUnverified) {
  EXPECT_EQ(judge(snapshot({stored(kReturn)}), ended(Ending::kRefused)).verdict, Verdict::kRefused);
  EXPECT_EQ(standing(Verdict::kRefused), model::Standing::kUnverified);
  EXPECT_TRUE(fails_when_strict(Verdict::kRefused));
}

TEST(Judge, VacuousCaseThatRaises_HasVerdictRaised) {
  EXPECT_EQ(judge(snapshot({}), ended(Ending::kRaised)).verdict, Verdict::kRaised);
}

TEST(Judge, SkippedInBothRuns_IsSkipped) {
  store::CaseRecord record;
  record.status = CaptureStatus::kSkipped;
  EXPECT_EQ(judge(record, ended(Ending::kSkipped)).verdict, Verdict::kSkipped);
  EXPECT_EQ(judge(record, returned({})).verdict, Verdict::kNoSnapshot);
}

TEST(Judge, EmptiedBody_IsDifferent) {
  runner::CaseOutcome outcome = returned({match(kReturn, SiteMatch::kMissing)});
  outcome.observation.ending = Ending::kNoOp;
  EXPECT_EQ(judge(snapshot({stored(kReturn)}), std::move(outcome)).verdict, Verdict::kDifferent);
}

model::Observation observation(std::vector<SiteValue> sites) {
  model::Observation seen;
  seen.ending = Ending::kReturned;
  seen.sites = std::move(sites);
  return seen;
}

TEST(JudgeCapture, Sites_DecideTheStatus) {
  EXPECT_EQ(judge_capture(observation({stored(kReturn)})).status, CaptureStatus::kOuter);
  EXPECT_EQ(judge_capture(observation({stored(kReturn), opaque(body(0))})).status, CaptureStatus::kPart);
  EXPECT_EQ(judge_capture(observation({stored(kDeepest)})).status, CaptureStatus::kInner);
  EXPECT_EQ(judge_capture(observation({stored(kState), stored(kDeepest)})).status, CaptureStatus::kState);
  EXPECT_EQ(judge_capture(observation({opaque(kReturn), stored(kDeepest)})).status, CaptureStatus::kOpaque);
  EXPECT_EQ(judge_capture(observation({unstable(kReturn), stored(kDeepest)})).status, CaptureStatus::kUnstable);
  EXPECT_EQ(judge_capture(observation({stored(kState)})).status, CaptureStatus::kState);
  EXPECT_EQ(judge_capture(observation({opaque(kReturn)})).status, CaptureStatus::kOpaque);
  EXPECT_EQ(judge_capture(observation({unstable(kReturn)})).status, CaptureStatus::kUnstable);
  EXPECT_EQ(judge_capture(observation({})).status, CaptureStatus::kVacuous);
}

TEST(JudgeCapture, SitesThatCannotBeCompared_AreNamed) {
  SiteValue many = stored(body(1));
  many.unstable = {"[0]", "[1]", "[2]", "[3]", "[4]"};
  const auto judgement =
      judge_capture(observation({stored(kReturn), opaque(body(0)), many, partly_kept(body(2)), unstable(kDeepest)}));
  EXPECT_THAT(judgement.missing, testing::ElementsAre("body[0] cannot be pickled: a lock",
                                                      "body[1] is not the same in two runs at [0], [1], [2] and 2 more",
                                                      "body[2] is compared in part: cut after 10,000 items"));
  EXPECT_THAT(judgement.reason, testing::HasSubstr("a lock; body[1] is not"));
}

TEST(JudgeCapture, InnerSiteBesideAnOpaqueResult_IsWorthConfirming) {
  EXPECT_TRUE(worth_confirming(observation({opaque(kReturn), stored(kDeepest)})));
  EXPECT_FALSE(worth_confirming(observation({opaque(kReturn), opaque(kDeepest)})));
  EXPECT_FALSE(worth_confirming(observation({})));
}

TEST(ModeDeepestAlone, OpaqueResult_KeepsOnlyTheDeepestCall) {
  const auto record = deepest_alone(snapshot({opaque(kReturn), stored(kDeepest), stored(path(1))}));
  EXPECT_EQ(record.status, CaptureStatus::kInner);
  EXPECT_EQ(record.sites.size(), 1u);
}

TEST(ModeDeepestAlone, Magnitude_IsKnownWhereNothingElseDecided) {
  store::CaseRecord both = snapshot({stored(kReturn), stored(kDeepest)});
  store::CaseRecord one = snapshot({stored(kDeepest)});
  both.magnitude = one.magnitude = 1e-12;
  EXPECT_FALSE(deepest_alone(both).magnitude.has_value());
  EXPECT_EQ(deepest_alone(one).magnitude, 1e-12);
}

TEST(MarkUnstable, DifferingPath_IsMarkedUnstable) {
  model::Observation first = observation({stored(kReturn)});
  SiteComparison differs = match(kReturn, SiteMatch::kDifferent);
  differs.differing_paths = {"['time']"};
  EXPECT_EQ(mark_unstable(first, returned({differs})), "");
  EXPECT_THAT(first.sites[0].unstable, testing::ElementsAre("['time']"));
  EXPECT_EQ(judge_capture(first).status, CaptureStatus::kPart);
}

TEST(MarkUnstable, ValueThatDiffersAsAWhole_IsWhollyUnstable) {
  model::Observation first = observation({stored(kReturn)});
  SiteComparison differs = match(kReturn, SiteMatch::kDifferent);
  differs.wholly_different = true;
  (void)mark_unstable(first, returned({differs}));
  EXPECT_EQ(judge_capture(first).status, CaptureStatus::kUnstable);
}

TEST(MarkUnstable, SecondRunThatEndsOtherwise_LeavesNothingStable) {
  model::Observation first = observation({stored(kReturn)});
  EXPECT_NE(mark_unstable(first, ended(Ending::kRaised)), "");
  EXPECT_EQ(judge_capture(first).status, CaptureStatus::kUnstable);
}

TEST(MarkUnstable, SecondRunTimedOutInLooking_SaysNothingOfStability) {
  const auto confirmed = [](double call, double all) {
    model::Observation first = observation({stored(kReturn)});
    first.seconds = call;
    first.total_seconds = all;
    runner::CaseOutcome second = ended(Ending::kTimedOut);
    second.observation.total_seconds = 60;
    EXPECT_NE(mark_unstable(first, second), "");
    return judge_capture(first).status;
  };
  EXPECT_EQ(confirmed(0.1, 50), CaptureStatus::kOuter) << "looking at the values took the time";
  EXPECT_EQ(confirmed(49, 50), CaptureStatus::kUnstable) << "the call did";
  EXPECT_EQ(confirmed(0.1, 0.3), CaptureStatus::kUnstable) << "it was nowhere near: it hangs now and then";
}

model::VerifySummary summary(std::map<Verdict, std::size_t> counts) {
  model::VerifySummary result;
  result.counts = std::move(counts);
  for (const auto& [verdict, cases] : result.counts) {
    const auto counts_as = standing(verdict);
    if (counts_as == model::Standing::kPass || counts_as == model::Standing::kFail) {
      result.checked[CheckedBy::kResult] += cases;
    }
  }
  return result;
}

ExitStatus status(std::map<Verdict, std::size_t> counts, bool strict = false, double min_verified = 0) {
  model::VerifySummary result = summary(std::move(counts));
  conclude(result, {strict, min_verified, Counted::kResult});
  EXPECT_EQ(result.failure.empty(), result.status == ExitStatus::kSuccess);
  return result.status;
}

TEST(Conclude, Success_NeedsAPassAndNoFailure) {
  EXPECT_EQ(status({{Verdict::kIdentical, 1}}), ExitStatus::kSuccess);
  EXPECT_EQ(status({{Verdict::kIdentical, 1}, {Verdict::kDifferent, 1}}), ExitStatus::kFailed);
  EXPECT_EQ(status({}), ExitStatus::kNothingVerified);
  for (const Verdict nothing : {Verdict::kVacuous, Verdict::kUnstable, Verdict::kOpaque, Verdict::kNoSnapshot,
                                Verdict::kCaptureFailed, Verdict::kSkipped, Verdict::kNoOp, Verdict::kObsolete}) {
    EXPECT_EQ(status({{nothing, 7}}), ExitStatus::kNothingVerified) << name(nothing);
  }
}

TEST(Conclude, UnverifiedCase_FailsOnlyWhenStrict) {
  for (const Verdict partly : {Verdict::kInnerChanged, Verdict::kVacuous, Verdict::kUnstable, Verdict::kOpaque,
                               Verdict::kNoSnapshot, Verdict::kCaptureFailed, Verdict::kObsolete}) {
    EXPECT_EQ(status({{Verdict::kIdentical, 1}, {partly, 1}}), ExitStatus::kSuccess) << name(partly);
    EXPECT_EQ(status({{Verdict::kIdentical, 1}, {partly, 1}}, true), ExitStatus::kFailed) << name(partly);
  }
  EXPECT_EQ(status({{Verdict::kIdentical, 1}, {Verdict::kSkipped, 1}, {Verdict::kNoOp, 1}}, true),
            ExitStatus::kSuccess);
}

TEST(Conclude, MinVerified_LeavesOutSkippedCases) {
  const std::map<Verdict, std::size_t> counts{
      {Verdict::kIdentical, 9}, {Verdict::kVacuous, 1}, {Verdict::kSkipped, 90}};
  EXPECT_EQ(status(counts, false, 90), ExitStatus::kSuccess);
  EXPECT_EQ(status(counts, false, 91), ExitStatus::kFailed);
}

TEST(Conclude, MinVerified_CountsWhatItIsToldToCount) {
  model::VerifySummary verified;
  verified.counts = {{Verdict::kIdentical, 4}};
  verified.checked = {{CheckedBy::kResult, 1}, {CheckedBy::kPart, 1}, {CheckedBy::kState, 1}, {CheckedBy::kInner, 1}};
  model::CaptureSummary captured;
  captured.counts = {
      {CaptureStatus::kOuter, 1}, {CaptureStatus::kPart, 1}, {CaptureStatus::kState, 1}, {CaptureStatus::kInner, 1}};
  const auto passes = [&](double percent, Counted counted) {
    conclude(verified, {false, percent, counted});
    conclude(captured, {false, percent, counted});
    EXPECT_EQ(verified.status, captured.status);
    return verified.status == ExitStatus::kSuccess;
  };
  EXPECT_TRUE(passes(25, Counted::kResult));
  EXPECT_FALSE(passes(26, Counted::kResult));
  EXPECT_THAT(verified.failure, testing::HasSubstr("only 25.0 % of the cases were checked by their result"));
  EXPECT_THAT(captured.failure, testing::HasSubstr("only 25.0 % of the cases can be checked by their result"));
  EXPECT_TRUE(passes(50, Counted::kPart));
  EXPECT_FALSE(passes(51, Counted::kPart));
  EXPECT_TRUE(passes(100, Counted::kAny));
}

std::optional<bool> ok(std::map<Verdict, std::size_t> counts, const model::Demands& demands = {},
                       Extent extent = Extent::kComplete) {
  model::VerifySummary result = summary(std::move(counts));
  conclude(result, demands, extent);
  EXPECT_EQ(result.ok() == true, result.status == ExitStatus::kSuccess) << result.failure;
  EXPECT_EQ(result.failure.empty(), result.status == ExitStatus::kSuccess);
  return result.ok();
}

TEST(Conclude, LessVerifiedThanDemanded_HasOkNull) {
  const auto demanding = [](auto set) {
    model::Demands demands;
    set(demands);
    return demands;
  };
  const auto strict = demanding([](auto& demands) { demands.strict = true; });
  const auto share = demanding([](auto& demands) { demands.min_verified = 90; });
  const auto cases = demanding([](auto& demands) { demands.min_cases = 3; });
  const auto missing = demanding([](auto& demands) { demands.missing = model::Missing::kFail; });
  const std::map<Verdict, std::size_t> half{{Verdict::kIdentical, 2}, {Verdict::kNoSnapshot, 2}};
  EXPECT_EQ(ok(half), true);
  for (const model::Demands& demands : {strict, share, cases, missing}) {
    EXPECT_EQ(ok(half, demands), std::nullopt);
    EXPECT_EQ(ok({{Verdict::kIdentical, 9}}, demands), true);
    EXPECT_EQ(ok({{Verdict::kIdentical, 1}, {Verdict::kNoSnapshot, 1}, {Verdict::kDifferent, 1}}, demands), false);
    EXPECT_EQ(ok({}, demands), std::nullopt);
  }
  EXPECT_EQ(ok({{Verdict::kIdentical, 1}, {Verdict::kInnerChanged, 1}}, strict), false) << "that was verified";
  EXPECT_EQ(ok({{Verdict::kIdentical, 1}, {Verdict::kRefused, 1}}), std::nullopt);
}

TEST(Conclude, ObsoleteSnapshot_FailsOnlyACompleteRun) {
  const std::map<Verdict, std::size_t> counts{{Verdict::kIdentical, 1}, {Verdict::kObsolete, 1}};
  model::Demands demands;
  for (const auto obsolete : {model::Obsolete::kAuto, model::Obsolete::kIgnore, model::Obsolete::kWarn,
                              model::Obsolete::kFail, model::Obsolete::kDelete}) {
    demands.obsolete = obsolete;
    EXPECT_EQ(ok(counts, demands), obsolete != model::Obsolete::kFail);
    EXPECT_EQ(ok(counts, demands, Extent::kPartial), true);
  }
}

TEST(Conclude, RefusedCase_GivesStatus3) {
  EXPECT_EQ(status({{Verdict::kIdentical, 9}, {Verdict::kRefused, 1}}), ExitStatus::kInternal);
  EXPECT_EQ(status({{Verdict::kDifferent, 1}, {Verdict::kRefused, 1}}), ExitStatus::kInternal);
}

TEST(Conclude, ModuleThatDoesNotImport_FailsStrictOrWithLostSnapshots) {
  model::VerifySummary verified = summary({{Verdict::kIdentical, 1}});
  verified.plan.failures.push_back({"bench_x", "ImportError: no", ""});
  conclude(verified, {});
  EXPECT_EQ(verified.status, ExitStatus::kSuccess) << "the baseline's cases of it have verdicts of their own";
  model::Demands strict;
  strict.strict = true;
  conclude(verified, strict);
  EXPECT_EQ(verified.status, ExitStatus::kFailed);

  model::CaptureSummary captured;
  captured.counts = {{CaptureStatus::kOuter, 1}};
  captured.plan.failures = verified.plan.failures;
  conclude(captured, {});
  EXPECT_EQ(captured.status, ExitStatus::kSuccess);
  conclude(captured, strict);
  EXPECT_EQ(captured.status, ExitStatus::kFailed);
  captured.not_imported = 1;
  conclude(captured, {});
  EXPECT_EQ(captured.status, ExitStatus::kFailed);
}

TEST(Again, CallThatDiffers_FailsTheCaseWhateverTheFirstOne) {
  constexpr Site second{SiteKind::kRepeated, 1};
  constexpr Site changed{SiteKind::kPerturbed, 0};
  const auto record = snapshot({stored(kReturn), stored(second), stored(changed)});
  const auto outcome = [&](SiteMatch of_second, SiteMatch of_changed) {
    return judge(record, returned({match(kReturn, SiteMatch::kIdentical), match(second, of_second),
                                   match(changed, of_changed)}));
  };
  EXPECT_EQ(outcome(SiteMatch::kIdentical, SiteMatch::kClose).verdict, Verdict::kIdentical);
  EXPECT_EQ(outcome(SiteMatch::kDifferent, SiteMatch::kIdentical).verdict, Verdict::kDifferent);
  EXPECT_EQ(outcome(SiteMatch::kDifferent, SiteMatch::kIdentical).reason,
            "repeated[1] differs; the case's call 2 in one process, set up anew, did not come to what it was to");
  EXPECT_EQ(outcome(SiteMatch::kIdentical, SiteMatch::kMissing).verdict, Verdict::kDifferent);
}

TEST(Again, WhatWasNotAsked_DecidesNothing) {
  const auto record = snapshot({stored(kReturn), stored({SiteKind::kPerturbed, 1})});
  EXPECT_EQ(judge(record, returned({match(kReturn, SiteMatch::kClose)})).verdict, Verdict::kClose);
}

TEST(Again, UnstableOnes_DecideNothing) {
  const auto record = snapshot({stored(kReturn), unstable({SiteKind::kRepeated, 1})});
  EXPECT_EQ(record.status, CaptureStatus::kOuter);
  EXPECT_EQ(judge(record, returned({match(kReturn, SiteMatch::kIdentical),
                                    match({SiteKind::kRepeated, 1}, SiteMatch::kDifferent)}))
                .verdict,
            Verdict::kIdentical);
}

TEST(Again, Sites_AreReadAsTheyAreWritten) {
  for (const char* text : {"repeated[1]", "repeated[12]", "perturbed[0]"}) {
    const auto site = Site::parse(text);
    ASSERT_TRUE(site) << text;
    EXPECT_EQ(site->text(), text);
  }
  EXPECT_FALSE(Site::parse("repeated"));
}

}  // namespace
}  // namespace snapshot_test::session
