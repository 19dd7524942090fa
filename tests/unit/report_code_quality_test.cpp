#include "report/code_quality.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <set>
#include <sstream>

namespace snapshot_test::report {
namespace {

using model::ExitStatus;
using model::Verdict;
using testing::IsEmpty;

model::CaseVerdict verdict(const std::string& name, const std::string& label, Verdict what) {
  model::CaseVerdict result;
  result.id = {name, 0, label, "bench"};
  result.id.file = (std::filesystem::current_path() / "benchmarks" / "bench.py").string();
  result.id.line = 12;
  result.verdict = what;
  result.reason = "because \x1b[31m";
  return result;
}

/// What GitLab gets of a run with these cases.
Json findings(const std::vector<model::CaseVerdict>& verdicts, ExitStatus status, const std::string& failure,
              bool strict = false) {
  std::ostringstream out;
  auto file = OutputFile::open("-", out);
  Reports reports;
  reports.add(std::make_unique<CodeQuality>(std::move(*file)), Cases::kRead);
  reports.set_head({"verify", "0.1.0", "2024-05-06T07:08:09Z", "benchmarks", ".snapshots"});
  for (const auto& each : verdicts) {
    reports.verified(each);
  }
  model::VerifySummary summary;
  summary.status = status;
  summary.failure = failure;
  summary.strict = strict;
  reports.finished(summary);
  EXPECT_THAT(reports.unwritten(), IsEmpty());
  return Json::parse(out.str());
}

TEST(CodeQualityTest, FailedOrUncheckedCase_IsAFindingWithItsPlace) {
  const Json found = findings({verdict("bench.time_a", "bench.time_a", Verdict::kIdentical),
                               verdict("bench.time_b", "bench.time_b(1)", Verdict::kDifferent),
                               verdict("bench.time_c", "bench.time_c", Verdict::kRaised),
                               verdict("bench.time_d", "bench.time_d", Verdict::kSkipped),
                               verdict("bench.time_e", "bench.time_e", Verdict::kVacuous)},
                              ExitStatus::kFailed, "2 cases failed");
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0]["description"], "bench.time_b(1): different: because \\x1b[31m");
  EXPECT_EQ(found[0]["severity"], "major");
  EXPECT_EQ(found[0]["check_name"], "snapshot_test different");
  EXPECT_EQ(found[0]["location"]["path"], "benchmarks/bench.py");
  EXPECT_EQ(found[0]["location"]["lines"]["begin"], 12);
  EXPECT_EQ(found[1]["severity"], "critical");
  EXPECT_EQ(found[2]["severity"], "info");
}

TEST(CodeQualityTest, Fingerprints_AreUniqueAndTheSameInEveryRun) {
  std::vector<model::CaseVerdict> verdicts;
  for (int i = 0; i < 3; ++i) {
    verdicts.push_back(verdict("bench.time_b", "bench.time_b(<object>)", Verdict::kDifferent));
  }
  const Json few = findings(verdicts, ExitStatus::kFailed, "3 cases failed");
  verdicts.insert(verdicts.begin(), verdict("bench.time_a", "bench.time_a", Verdict::kDifferent));
  const Json more = findings(verdicts, ExitStatus::kFailed, "4 cases failed");
  std::set<std::string> known;
  for (const Json& each : more) {
    known.insert(each["fingerprint"].get<std::string>());
  }
  EXPECT_EQ(known.size(), 4u);
  for (const Json& each : few) {
    EXPECT_EQ(known.count(each["fingerprint"].get<std::string>()), 1u);
  }
}

TEST(CodeQualityTest, RunWithoutFindings_IsAnEmptyList) {
  EXPECT_EQ(findings({verdict("bench.time_a", "bench.time_a", Verdict::kIdentical)}, ExitStatus::kSuccess, ""),
            Json::array());
}

TEST(CodeQualityTest, RunThatFailsByItself_IsAFinding) {
  const Json found = findings({}, ExitStatus::kNothingVerified, "nothing was verified");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["location"]["path"], "benchmarks");
  EXPECT_EQ(found[0]["location"]["lines"]["begin"], 1);
}

}  // namespace
}  // namespace snapshot_test::report
