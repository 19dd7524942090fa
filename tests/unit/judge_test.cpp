// The rules of docs/verdicts.md, one by one.
#include "session/judge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace snapshot_test::session {
namespace {

using model::CaptureStatus;
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

CaseOutcome returned(std::vector<SiteComparison> comparisons) {
  CaseOutcome outcome;
  outcome.observation.ending = Ending::kReturned;
  outcome.comparisons = std::move(comparisons);
  return outcome;
}

CaseOutcome ended(Ending ending) {
  CaseOutcome outcome;
  outcome.observation.ending = ending;
  outcome.observation.detail = "why";
  return outcome;
}

Verdict verdict(std::vector<SiteValue> sites, std::vector<SiteComparison> comparisons) {
  return judge(snapshot(std::move(sites)), returned(std::move(comparisons))).verdict;
}

TEST(Judge, EqualBytesEverywhereAreIdentical) {
  EXPECT_EQ(verdict({stored(kReturn), stored(kDeepest)},
                    {match(kReturn, SiteMatch::kIdentical), match(kDeepest, SiteMatch::kIdentical)}),
            Verdict::kIdentical);
}

TEST(Judge, OneCloseSiteMakesTheCaseClose) {
  EXPECT_EQ(verdict({stored(kReturn), stored(body(0))},
                    {match(kReturn, SiteMatch::kIdentical), match(body(0), SiteMatch::kClose)}),
            Verdict::kClose);
  EXPECT_EQ(verdict({stored(kReturn), stored(kDeepest)},
                    {match(kReturn, SiteMatch::kIdentical), match(kDeepest, SiteMatch::kClose)}),
            Verdict::kClose);
}

TEST(Judge, EveryMeaningfulReturnAndBodySiteDecides) {
  EXPECT_EQ(verdict({stored(kReturn), stored(body(0)), stored(body(1))},
                    {match(kReturn, SiteMatch::kIdentical), match(body(0), SiteMatch::kIdentical),
                     match(body(1), SiteMatch::kDifferent)}),
            Verdict::kDifferent);
}

TEST(Judge, AnOuterSiteThatIsGoneIsADifference) {
  EXPECT_EQ(verdict({stored(body(0))}, {match(body(0), SiteMatch::kMissing)}), Verdict::kDifferent);
  EXPECT_EQ(verdict({stored(kReturn)}, {match(kReturn, SiteMatch::kOpaque)}), Verdict::kDifferent);
}

TEST(Judge, InnerCallsMayChangeWhileTheResultDoesNot) {
  for (const SiteMatch change : {SiteMatch::kDifferent, SiteMatch::kMissing}) {
    EXPECT_EQ(
        verdict({stored(kReturn), stored(kDeepest)}, {match(kReturn, SiteMatch::kClose), match(kDeepest, change)}),
        Verdict::kInnerChanged);
  }
}

TEST(Judge, WithoutOuterSitesDeepestDecides) {
  EXPECT_EQ(verdict({stored(kDeepest)}, {match(kDeepest, SiteMatch::kIdentical)}), Verdict::kIdentical);
  EXPECT_EQ(verdict({stored(kDeepest)}, {match(kDeepest, SiteMatch::kDifferent)}), Verdict::kDifferent);
  EXPECT_EQ(verdict({stored(kDeepest)}, {match(kDeepest, SiteMatch::kMissing)}), Verdict::kDifferent);
}

TEST(Judge, WhatOtherThreadsComputedDecidesWithTheInnerCalls) {
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

TEST(Judge, WhereDeepestDiffersTheOutermostCommonCallDecides) {
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

TEST(Judge, StateDecidesWhereNothingElseIs) {
  EXPECT_EQ(verdict({stored(kState)}, {match(kState, SiteMatch::kClose)}), Verdict::kClose);
  EXPECT_EQ(verdict({stored(kState)}, {match(kState, SiteMatch::kDifferent)}), Verdict::kDifferent);
}

TEST(Judge, StateDecidesTogetherWithValues) {
  const std::vector<SiteValue> sites{stored(kReturn), stored(kState)};
  EXPECT_EQ(verdict(sites, {match(kReturn, SiteMatch::kIdentical), match(kState, SiteMatch::kIdentical)}),
            Verdict::kIdentical);
  EXPECT_EQ(verdict(sites, {match(kReturn, SiteMatch::kIdentical), match(kState, SiteMatch::kDifferent)}),
            Verdict::kDifferent);
  EXPECT_EQ(verdict(sites, {match(kReturn, SiteMatch::kIdentical), match(kState, SiteMatch::kMissing)}),
            Verdict::kDifferent);
}

TEST(LookFor, WhatTheSnapshotHasInTheWayThatItWasLookedAt) {
  using model::Observe;
  EXPECT_EQ(look_for({}, false), Observe::kValues);
  EXPECT_EQ(look_for({}, true), Observe::kUnheld);
  EXPECT_EQ(look_for({stored(kReturn)}, false), Observe::kValues);
  EXPECT_EQ(look_for({stored(kReturn), stored(kState)}, false), Observe::kAll);
  EXPECT_EQ(look_for({stored(kReturn), stored(kState)}, true), Observe::kUnheld);
  EXPECT_EQ(look_for({stored(kState)}, false), Observe::kUnheld);
}

TEST(Judge, WhatWasNeverStableDoesNotDecide) {
  EXPECT_EQ(verdict({unstable(kReturn), stored(body(0))},
                    {match(kReturn, SiteMatch::kUnstable), match(body(0), SiteMatch::kIdentical)}),
            Verdict::kIdentical);
  EXPECT_EQ(verdict({unstable(kReturn)}, {match(kReturn, SiteMatch::kUnstable)}), Verdict::kUnstable);
}

TEST(Judge, NothingToCompareIsNeverAPass) {
  EXPECT_EQ(verdict({}, {}), Verdict::kVacuous);
  EXPECT_EQ(verdict({opaque(kReturn)}, {match(kReturn, SiteMatch::kOpaque)}), Verdict::kOpaque);
}

TEST(Judge, ADamagedSnapshotFails) {
  EXPECT_EQ(verdict({stored(kReturn)}, {match(kReturn, SiteMatch::kUnreadable)}), Verdict::kUnreadable);
  EXPECT_EQ(verdict({stored(kDeepest)}, {match(kDeepest, SiteMatch::kUnreadable)}), Verdict::kUnreadable);
}

TEST(Judge, ACaseThatRanWhenCapturedMustStillRun) {
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

TEST(Judge, AVacuousCaseThatRaisesNowFails) {
  EXPECT_EQ(judge(snapshot({}), ended(Ending::kRaised)).verdict, Verdict::kRaised);
}

TEST(Judge, SkippedBothTimesIsNeither) {
  store::CaseRecord record;
  record.status = CaptureStatus::kSkipped;
  EXPECT_EQ(judge(record, ended(Ending::kSkipped)).verdict, Verdict::kSkipped);
  EXPECT_EQ(judge(record, returned({})).verdict, Verdict::kNoSnapshot);
}

TEST(Judge, ABodyThatWasEmptiedIsADifference) {
  CaseOutcome outcome = returned({match(kReturn, SiteMatch::kMissing)});
  outcome.observation.ending = Ending::kNoOp;
  EXPECT_EQ(judge(snapshot({stored(kReturn)}), std::move(outcome)).verdict, Verdict::kDifferent);
}

model::Observation observation(std::vector<SiteValue> sites) {
  model::Observation seen;
  seen.ending = Ending::kReturned;
  seen.sites = std::move(sites);
  return seen;
}

TEST(JudgeCapture, SaysWhatVerifyWillHave) {
  EXPECT_EQ(judge_capture(observation({stored(kReturn)})).status, CaptureStatus::kOuter);
  EXPECT_EQ(judge_capture(observation({opaque(kReturn), stored(kDeepest)})).status, CaptureStatus::kInner);
  EXPECT_EQ(judge_capture(observation({stored(kState)})).status, CaptureStatus::kState);
  EXPECT_EQ(judge_capture(observation({opaque(kReturn)})).status, CaptureStatus::kOpaque);
  EXPECT_EQ(judge_capture(observation({unstable(kReturn)})).status, CaptureStatus::kUnstable);
  EXPECT_EQ(judge_capture(observation({})).status, CaptureStatus::kVacuous);
}

TEST(MarkUnstable, KeepsThePathsThatDiffered) {
  model::Observation first = observation({stored(kReturn)});
  SiteComparison differs = match(kReturn, SiteMatch::kDifferent);
  differs.differing_paths = {"['time']"};
  EXPECT_EQ(mark_unstable(first, returned({differs})), "");
  EXPECT_THAT(first.sites[0].unstable, testing::ElementsAre("['time']"));
  EXPECT_EQ(judge_capture(first).status, CaptureStatus::kOuter);
}

TEST(MarkUnstable, AValueThatDiffersAsAWholeIsWhollyUnstable) {
  model::Observation first = observation({stored(kReturn)});
  SiteComparison differs = match(kReturn, SiteMatch::kDifferent);
  differs.wholly_different = true;
  (void)mark_unstable(first, returned({differs}));
  EXPECT_EQ(judge_capture(first).status, CaptureStatus::kUnstable);
}

TEST(MarkUnstable, ASecondRunThatEndsOtherwiseLeavesNothingStable) {
  model::Observation first = observation({stored(kReturn)});
  EXPECT_NE(mark_unstable(first, ended(Ending::kRaised)), "");
  EXPECT_EQ(judge_capture(first).status, CaptureStatus::kUnstable);
}

model::VerifySummary summary(std::map<Verdict, std::size_t> counts) {
  model::VerifySummary result;
  result.counts = std::move(counts);
  return result;
}

ExitStatus status(std::map<Verdict, std::size_t> counts, bool strict = false, double min_verified = 0) {
  model::VerifySummary result = summary(std::move(counts));
  conclude(result, strict, min_verified);
  EXPECT_EQ(result.failure.empty(), result.status == ExitStatus::kSuccess);
  return result.status;
}

TEST(Conclude, SuccessNeedsAPassAndNoFailure) {
  EXPECT_EQ(status({{Verdict::kIdentical, 1}}), ExitStatus::kSuccess);
  EXPECT_EQ(status({{Verdict::kIdentical, 1}, {Verdict::kDifferent, 1}}), ExitStatus::kFailed);
  EXPECT_EQ(status({}), ExitStatus::kNothingVerified);
  for (const Verdict nothing : {Verdict::kVacuous, Verdict::kUnstable, Verdict::kOpaque, Verdict::kNoSnapshot,
                                Verdict::kCaptureFailed, Verdict::kSkipped, Verdict::kNoOp, Verdict::kObsolete}) {
    EXPECT_EQ(status({{nothing, 7}}), ExitStatus::kNothingVerified) << name(nothing);
  }
}

TEST(Conclude, StrictFailsWhatWasNotFullyVerified) {
  for (const Verdict partly : {Verdict::kInnerChanged, Verdict::kVacuous, Verdict::kUnstable, Verdict::kOpaque,
                               Verdict::kNoSnapshot, Verdict::kCaptureFailed, Verdict::kObsolete}) {
    EXPECT_EQ(status({{Verdict::kIdentical, 1}, {partly, 1}}), ExitStatus::kSuccess) << name(partly);
    EXPECT_EQ(status({{Verdict::kIdentical, 1}, {partly, 1}}, true), ExitStatus::kFailed) << name(partly);
  }
  EXPECT_EQ(status({{Verdict::kIdentical, 1}, {Verdict::kSkipped, 1}, {Verdict::kNoOp, 1}}, true),
            ExitStatus::kSuccess);
}

TEST(Conclude, MinVerifiedCountsWhatCouldBeChecked) {
  const std::map<Verdict, std::size_t> counts{
      {Verdict::kIdentical, 9}, {Verdict::kVacuous, 1}, {Verdict::kSkipped, 90}};
  EXPECT_EQ(status(counts, false, 90), ExitStatus::kSuccess);
  EXPECT_EQ(status(counts, false, 91), ExitStatus::kFailed);
}

TEST(Conclude, AModuleThatDoesNotImportIsNoSuccess) {
  model::VerifySummary result = summary({{Verdict::kIdentical, 1}});
  result.plan.failures.push_back({"bench_x", "ImportError: no", ""});
  conclude(result, false, 0);
  EXPECT_EQ(result.status, ExitStatus::kFailed);
}

}  // namespace
}  // namespace snapshot_test::session
