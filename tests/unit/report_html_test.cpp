#include "report/html.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <random>
#include <sstream>

#include "report/json_report.hpp"
#include "report/page_data.hpp"
#include "report/page_text.hpp"
#include "report/record_json.hpp"

namespace snapshot_test::report {
namespace {

using model::ExitStatus;
using model::SiteKind;
using model::SiteMatch;
using model::Verdict;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostile = "</script></noscript><img src=x onerror=alert(1)>'\"@{script}\x1b[31m";

model::CaseVerdict verdict(const std::string& name, Verdict what, double rtol = -1) {
  model::CaseVerdict result;
  result.id = {name, 0, name + "(" + kHostile + ")", "bench"};
  result.verdict = what;
  result.reason = what == Verdict::kIdentical ? "" : kHostile;
  result.checked_by = model::CheckedBy::kResult;
  result.observation.ending = model::Ending::kReturned;
  if (rtol >= 0) {
    model::SiteComparison site;
    site.match = what == Verdict::kDifferent ? SiteMatch::kDifferent : SiteMatch::kClose;
    site.details = {{"sketch",
                     {{"passing_rtol", rtol},
                      {"passing_rtol_alone", rtol},
                      {"max_ulps", 7},
                      {"rtol", 1e-5},
                      {"atol", 0.0},
                      {"tolerances", {0, 1}},
                      {"worst", {{{"expected", "2.0"}, {"actual", "2.1"}, {"difference", 0.1}, {"index", {3}}}}},
                      {"reading", "structural: 100 % of 3 elements, by a factor 2"}}},
                    {"groups", {{{"path", "[*]"}, {"what", "value"}, {"count", 1}}}},
                    {"differences", {{{"what", "value"}, {"numbers", {{"exact", false}}}}}}};
    result.sites.push_back(site);
  }
  return result;
}

RunRecord record(std::vector<model::CaseVerdict> cases, ExitStatus status = ExitStatus::kFailed) {
  RunRecord made;
  made.head = {"verify", "0.1.0", "2024-05-06T07:08:09Z", "bench", ".snapshots", "snapshot_test verify bench"};
  model::VerifySummary summary;
  summary.status = status;
  summary.failure = status == ExitStatus::kSuccess ? "" : "some failed";
  for (const auto& each : cases) {
    ++summary.counts[each.verdict];
  }
  made.verified = std::move(cases);
  made.end = summary;
  return made;
}

std::string written(std::unique_ptr<Report> (*make)(OutputFile), const RunRecord& from) {
  std::ostringstream out;
  Reports reports;
  reports.add(make(*OutputFile::open("-", out)), Cases::kRead);
  reports.tell(from);
  EXPECT_TRUE(reports.unwritten().empty());
  return out.str();
}

std::string page_of(const RunRecord& from) {
  return written([](OutputFile file) -> std::unique_ptr<Report> { return std::make_unique<Html>(std::move(file)); },
                 from);
}

std::string json_of(const RunRecord& from) {
  return written(
      [](OutputFile file) -> std::unique_ptr<Report> {
        return std::make_unique<JsonReport>(std::move(file), Detail::kCases);
      },
      from);
}

TEST(CaseDifferenceTest, Difference_HasThePassingRtolAndItsDistance) {
  const CaseDifference found = case_difference(verdict("bench.time_a", Verdict::kDifferent, 0.05));
  EXPECT_EQ(found.kind, "structural");
  EXPECT_EQ(found.rtol, 0.05);
  EXPECT_EQ(found.ulps, 7);
  EXPECT_NEAR(found.tolerances.value_or(0), 0.1 / 2e-5, 1e-6);
  EXPECT_EQ(found.likeness, "return[*]: structural by a factor 2");
}

TEST(CaseDifferenceTest, DifferenceThatIsNoNumber_HasInfiniteRtol) {
  model::CaseVerdict different = verdict("bench.time_a", Verdict::kDifferent, 0.05);
  different.sites[0].details["differences"].push_back({{"what", "value"}, {"actual", "'x'"}});
  EXPECT_EQ(case_difference(different).rtol, std::numeric_limits<double>::infinity());
  EXPECT_EQ(case_difference(verdict("bench.time_a", Verdict::kRaised)).rtol, std::numeric_limits<double>::infinity());
  EXPECT_FALSE(case_difference(verdict("bench.time_a", Verdict::kIdentical)).rtol);
  EXPECT_TRUE(case_difference(verdict("bench.time_a", Verdict::kClose, 0)).likeness.empty());
}

TEST(HtmlTest, ForeignText_IsNoMarkup) {
  const std::string page =
      page_of(record({verdict("bench.time_a", Verdict::kDifferent, 0.05), verdict("bench.time_b", Verdict::kRaised)}));
  EXPECT_THAT(page, Not(HasSubstr("<img src=x")));
  EXPECT_THAT(page, HasSubstr("&lt;img src=x"));
  EXPECT_THAT(page, HasSubstr("\\x1b[31m"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, HasSubstr("FAILED (exit status 1): some failed"));
  EXPECT_THAT(page, HasSubstr("snapshot_test verify bench"));
}

TEST(HtmlTest, LittleRoom_KeepsTheDetailsOfTheWorstCases) {
  std::vector<model::CaseVerdict> cases;
  std::mt19937 draw(1);
  for (int i = 0; i < 3000; ++i) {
    cases.push_back(
        verdict("bench.time_" + std::to_string(i), i % 2 == 0 ? Verdict::kDifferent : Verdict::kClose, 0.5));
    for (int n = 0; n < 30; ++n) {  // what does not compress to nothing
      cases.back().sites[0].explanation += std::to_string(draw());
    }
  }
  const RunRecord all = record(cases);
  const auto rows = page_rows(all);
  EXPECT_EQ(rows.front().verified->verdict, Verdict::kDifferent);
  const auto whole = page_data(rows, 10'000'000);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->details_left_out, 0u);
  std::size_t size = whole->index.size();
  const auto cut = page_data(rows, size * 2 + 20'000);
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->rows_left_out, 0u);
  EXPECT_GT(cut->details_left_out, 0u);
  EXPECT_FALSE(cut->details.empty());
  const auto few = page_data(rows, size / 2);
  ASSERT_TRUE(few);
  EXPECT_GT(few->rows_left_out, 0u);
  size = few->index.size();
  for (const std::string& piece : few->details) {
    size += piece.size();
  }
  EXPECT_LE(size, whole->index.size() / 2);
}

TEST(PageTextTest, Placeholder_IsFilledInOnce) {
  EXPECT_EQ(filled("a @{x} @{y} @{", {{"x", "@{y}"}, {"y", "2"}}), "a @{y} 2 @{");
  EXPECT_EQ(policy_hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

TEST(RecordJsonTest, RecordReadFromJson_IsWrittenTheSame) {
  const std::string first = json_of(
      record({verdict("bench.time_a", Verdict::kDifferent, 0.05), verdict("bench.time_b", Verdict::kIdentical)}));
  const auto read = record_from_json(first, "run.json");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(Json::parse(json_of(*read))["cases"], Json::parse(first)["cases"]);
  EXPECT_EQ(Json::parse(json_of(*read))["summary"]["failure"], "some failed");
}

TEST(RecordJsonTest, GradeAndCasesNotRun_AreKept) {
  RunRecord run = record({verdict("bench.time_a", Verdict::kNoSnapshot)});
  auto& end = std::get<model::VerifySummary>(run.end);
  end.too_little = end.missing_fails = end.obsolete_fails = true;
  end.not_run = {{"bench.time_b", 3, "bench.time_b(3)"}};
  const std::string first = json_of(run);
  ASSERT_TRUE(Json::parse(first)["summary"]["ok"].is_null());
  const auto read = record_from_json(first, "run.json");
  ASSERT_TRUE(read) << read.error().message;
  const Json again = Json::parse(json_of(*read));
  for (const char* key : {"ok", "not_run", "missing_fails", "obsolete_fails", "status"}) {
    EXPECT_EQ(again["summary"][key], Json::parse(first)["summary"][key]) << key;
  }
  EXPECT_EQ(again["not_run"], Json::parse(first)["not_run"]);

  const RunRecord failed = record({verdict("bench.time_c", Verdict::kDifferent, 0.1)});
  EXPECT_EQ(Json::parse(json_of(*merged({*read, failed})))["summary"]["ok"], false) << "one failed for what it saw";
  EXPECT_TRUE(Json::parse(json_of(*merged({*read, *read})))["summary"]["ok"].is_null());
  RunRecord other = record({verdict("bench.time_b", Verdict::kIdentical)}, ExitStatus::kSuccess);
  other.verified[0].id.index = 3;
  EXPECT_EQ(Json::parse(json_of(*merged({*read, other})))["summary"]["not_run"], 0) << "another shard has judged it";
}

TEST(RecordJsonTest, MergedShards_HaveTheWorstEnd) {
  std::vector<RunRecord> shards;
  shards.push_back(record({verdict("bench.time_a", Verdict::kIdentical)}, ExitStatus::kSuccess));
  shards.push_back(
      record({verdict("bench.time_a", Verdict::kDifferent, 0.1), verdict("bench.time_b", Verdict::kClose, 0)}));
  const auto all = merged(shards);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->verified.size(), 2u);
  EXPECT_EQ(all->verified[0].verdict, Verdict::kDifferent);
  EXPECT_EQ(std::get<model::VerifySummary>(all->end).status, ExitStatus::kFailed);
  shards[1].end = Aborted{ExitStatus::kInternal, "no room"};
  const auto broken = merged(shards);
  ASSERT_TRUE(broken);
  EXPECT_EQ(std::get<model::VerifySummary>(broken->end).status, ExitStatus::kInternal);
  EXPECT_EQ(std::get<model::VerifySummary>(broken->end).failure, "no room");
}

TEST(RecordJsonTest, TextThatIsNoReport_IsRefused) {
  for (const char* text : {"", "[]", "{}", R"({"format": 1, "cases": [{}], "command": "verify", "summary": {}})",
                           R"({"format": 2, "cases": []})"}) {
    const auto read = record_from_json(text, "run.json");
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(read.error().message, HasSubstr("run.json"));
  }
}

}  // namespace
}  // namespace snapshot_test::report
