#include "report/json_report.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "report/bisect_json.hpp"
#include "report/record_json.hpp"
#include "util/file.hpp"

namespace snapshot_test::report {
namespace {

namespace fs = std::filesystem;
using model::ExitStatus;
using model::Verdict;
using testing::HasSubstr;

class JsonReportTest : public testing::Test {
 protected:
  JsonReportTest() {
    std::string name = (fs::temp_directory_path() / "report_test-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~JsonReportTest() override { fs::remove_all(folder_); }

  Reports open(const std::string& path, Detail detail) {
    auto file = OutputFile::open(path, stream_);
    EXPECT_TRUE(file) << file.error().message;
    Reports reports;
    reports.add(std::make_unique<JsonReport>(std::move(*file), detail), Cases::kRead);
    reports.set_head({"verify", "0.1.0", "2024-05-06T07:08:09Z", "bench", ".snapshots"});
    return reports;
  }

  static Json read(const fs::path& path) {
    const auto text = util::read_file(path);
    return text ? Json::parse(*text) : Json(text.error().message);
  }

  static model::CaseVerdict verdict(const std::string& benchmark, std::size_t index, Verdict what) {
    model::CaseVerdict result;
    result.id = {benchmark, index, benchmark + "(" + std::to_string(index) + ")"};
    result.verdict = what;
    result.reason = "because";
    result.observation.ending = model::Ending::kReturned;
    result.observation.seconds = 0.5;
    result.observation.output = "out \xff";
    return result;
  }

  static model::VerifySummary summary() {
    model::VerifySummary closing;
    closing.counts = {{Verdict::kIdentical, 2},
                      {Verdict::kDifferent, 1},
                      {Verdict::kNoSnapshot, 1},
                      {Verdict::kSkipped, 1},
                      {Verdict::kObsolete, 3}};
    closing.checked = {{model::CheckedBy::kResult, 2}, {model::CheckedBy::kInner, 1}};
    closing.failure = "1 case failed";
    closing.status = ExitStatus::kFailed;
    return closing;
  }

  fs::path folder_;
  std::ostringstream stream_;
};

TEST_F(JsonReportTest, Verify_HasEveryCaseSortedAndTheCounts) {
  const fs::path path = folder_ / "report.json";
  Reports report = open(path.string(), Detail::kCases);
  report.planned({.benchmarks = 2, .cases = 3, .failures = {{"broken", "E", "T"}}, .notes = {}});
  auto different = verdict("m.time_b", 10, Verdict::kDifferent);
  model::SiteComparison site;
  site.match = model::SiteMatch::kDifferent;
  site.meaningful = true;
  site.explanation = "3 of 10 differ";
  site.details = {{"mismatched", 3}};
  different.sites = {site};
  different.checked_by = model::CheckedBy::kPart;
  different.missing = {"body[0] cannot be pickled: a lock"};
  report.verified(different);
  report.verified(verdict("m.time_b", 9, Verdict::kIdentical));
  report.verified(verdict("m.time_a", 0, Verdict::kIdentical));
  report.finished(summary());
  ASSERT_TRUE(report.unwritten().empty()) << report.unwritten()[0].message;

  const Json json = read(path);
  EXPECT_EQ(json["format"], 1);
  EXPECT_EQ(json["command"], "verify");
  EXPECT_EQ(json["timestamp"], "2024-05-06T07:08:09Z");
  EXPECT_EQ(json["plan"]["failures"][0]["where"], "broken");
  ASSERT_EQ(json["cases"].size(), 3u);
  EXPECT_EQ(json["cases"][0]["benchmark"], "m.time_a");
  EXPECT_EQ(json["cases"][1]["index"], 9);
  const Json& last = json["cases"][2];
  EXPECT_EQ(last["label"], "m.time_b(10)");
  EXPECT_EQ(last["verdict"], "different");
  EXPECT_EQ(last["standing"], "failed");
  EXPECT_EQ(last["checked_by"], "part");
  EXPECT_EQ(last["missing"], (Json{"body[0] cannot be pickled: a lock"}));
  EXPECT_EQ(json["cases"][0]["checked_by"], nullptr);
  EXPECT_EQ(last["reason"], "because");
  EXPECT_EQ(last["seconds"], 0.5);
  EXPECT_EQ(last["sites"][0]["site"], "return");
  EXPECT_EQ(last["sites"][0]["match"], "different");
  EXPECT_EQ(last["sites"][0]["details"]["mismatched"], 3);
  EXPECT_EQ(last["observation"]["ending"], "returned");
  EXPECT_EQ(last["observation"]["output"], "out \xEF\xBF\xBD");
  EXPECT_EQ(json["summary"]["total"], 5);
  EXPECT_EQ(json["summary"]["status"], "failed");
}

TEST_F(JsonReportTest, Summary_HasItsCountsByName) {
  const fs::path path = folder_ / "summary.json";
  Reports report = open(path.string(), Detail::kCountsOnly);
  report.verified(verdict("m.time_a", 0, Verdict::kIdentical));
  report.finished(summary());
  const Json json = read(path);
  EXPECT_EQ(json["ok"], false);
  EXPECT_EQ(json["total"], 5) << "an obsolete snapshot is no case of the suite";
  EXPECT_EQ(json["passed"], 2);
  EXPECT_EQ(json["failed"], 1);
  EXPECT_EQ(json["skipped"], 1);
  EXPECT_EQ(json["unverified"], 1);
  EXPECT_EQ(json["obsolete"], 3);
  EXPECT_EQ(json["verified_share"], 0.75);
  EXPECT_EQ(json["result_share"], 0.5);
  EXPECT_EQ(json["checked_by"], (Json{{"result", 2}, {"part", 0}, {"state", 0}, {"inner", 1}}));
  EXPECT_EQ(json["unchecked"], 1);
  EXPECT_EQ(json["by_verdict"]["no-snapshot"], 1);
  EXPECT_EQ(json["snapshot_dir"], ".snapshots");
  EXPECT_EQ(json["benchmark_dir"], "bench");
  EXPECT_EQ(json["exit_status"], 1);
  EXPECT_EQ(json["failure"], "1 case failed");
  EXPECT_FALSE(json.contains("cases"));
}

TEST_F(JsonReportTest, Capture_HasStatusesAndObservations) {
  const fs::path path = folder_ / "capture.json";
  Reports report = open(path.string(), Detail::kCases);
  model::CaseCapture captured;
  captured.id = {"m.time_a", 0, "m.time_a"};
  captured.status = model::CaptureStatus::kOuter;
  model::SiteValue value;
  value.type = "numpy.ndarray";
  value.object = "abcd";
  value.bytes = 80;
  captured.observation.sites = {value};
  report.captured(captured);
  model::CaptureSummary closing;
  closing.counts = {{model::CaptureStatus::kOuter, 1},
                    {model::CaptureStatus::kFailed, 1},
                    {model::CaptureStatus::kVacuous, 2},
                    {model::CaptureStatus::kNoOp, 5}};
  closing.store_bytes = 1234;
  closing.status = ExitStatus::kFailed;
  closing.failure = "one case could be checked before";
  report.finished(closing);
  const Json json = read(path);
  EXPECT_EQ(json["cases"][0]["status"], "outer");
  EXPECT_EQ(json["cases"][0]["verifiable"], true);
  EXPECT_EQ(json["cases"][0]["checked_by"], "result");
  EXPECT_EQ(json["cases"][0]["missing"], Json::array());
  EXPECT_EQ(json["cases"][0]["sites"][0]["type"], "numpy.ndarray");
  EXPECT_EQ(json["summary"]["total"], 9);
  EXPECT_EQ(json["summary"]["captured"], 1);
  EXPECT_EQ(json["summary"]["failed"], 1);
  EXPECT_EQ(json["summary"]["skipped"], 5);
  EXPECT_EQ(json["summary"]["unverifiable"], 3);
  EXPECT_EQ(json["summary"]["verifiable_share"], 0.25);
  EXPECT_EQ(json["summary"]["result_share"], 0.25);
  EXPECT_EQ(json["summary"]["checked_by"], (Json{{"result", 1}, {"part", 0}, {"state", 0}, {"inner", 0}}));
  EXPECT_EQ(json["summary"]["by_status"]["vacuous"], 2);
  EXPECT_EQ(json["summary"]["store_bytes"], 1234);
  EXPECT_EQ(json["summary"]["failure"], "one case could be checked before");
}

TEST_F(JsonReportTest, RunThatCannotGoOn_LeavesAReportThatSaysSo) {
  const fs::path path = folder_ / "summary.json";
  std::ofstream(path) << R"({"status": "success"})";
  Reports report = open(path.string(), Detail::kCases);
  EXPECT_FALSE(fs::exists(path)) << "an earlier run's report could be taken for this one's";
  report.aborted(ExitStatus::kNoBaseline, "no snapshots in '.snapshots'");
  const Json json = read(path);
  EXPECT_EQ(json["summary"]["status"], "no-baseline");
  EXPECT_EQ(json["summary"]["exit_status"], 4);
  EXPECT_EQ(json["summary"]["failure"], "no snapshots in '.snapshots'");
  EXPECT_EQ(json["cases"], Json::array());
}

TEST_F(JsonReportTest, Dash_IsStdout) {
  Reports report = open("-", Detail::kCountsOnly);
  report.finished(summary());
  EXPECT_EQ(Json::parse(stream_.str())["total"], 5);
}

TEST_F(JsonReportTest, UnwritablePlace_IsAnErrorAtOnce) {
  for (const std::string& path : {(folder_ / "none" / "x.json").string(), folder_.string()}) {
    const auto file = OutputFile::open(path, stream_);
    ASSERT_FALSE(file) << path;
    EXPECT_EQ(file.error().kind, ErrorKind::kIo);
    EXPECT_THAT(file.error().message, HasSubstr(path));
  }
}

TEST_F(JsonReportTest, NamedPipe_IsWrittenToAndNotReplaced) {
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  Reports report = open(pipe.string(), Detail::kCountsOnly);
  // Opened for both ends, so that neither side waits for the other.
  std::fstream reader(pipe, std::ios::in | std::ios::out);
  report.finished(summary());
  ASSERT_TRUE(report.unwritten().empty()) << report.unwritten()[0].message;
  std::string first;
  std::getline(reader, first);
  EXPECT_EQ(first, "{");
  EXPECT_TRUE(fs::is_fifo(pipe));
}

TEST_F(JsonReportTest, Link_KeepsPointingToTheReport) {
  fs::create_symlink(folder_ / "real.json", folder_ / "link.json");
  open((folder_ / "link.json").string(), Detail::kCountsOnly).finished(summary());
  EXPECT_TRUE(fs::is_symlink(folder_ / "link.json"));
  EXPECT_EQ(read(folder_ / "real.json")["total"], 5);
}

TEST_F(JsonReportTest, TimesOfTwoSides_AreWithTheCasesThatHaveThemAndAreReadBack) {
  const fs::path path = folder_ / "report.json";
  Reports report = open(path.string(), Detail::kCases);
  report.set_times({{"m.time_a(0)", 0.25, 0.5}});
  report.verified(verdict("m.time_a", 0, Verdict::kIdentical));
  report.verified(verdict("m.time_a", 1, Verdict::kIdentical));
  report.finished(summary());
  const Json json = read(path);
  EXPECT_EQ(json["cases"][0]["base_seconds"], 0.25);
  EXPECT_EQ(json["cases"][0]["seconds"], 0.5);
  EXPECT_FALSE(json["cases"][1].contains("base_seconds"));
  const auto record = record_from_json(json.dump(), "report.json");
  ASSERT_TRUE(record) << record.error().message;
  ASSERT_EQ(record->times.size(), 1u);
  EXPECT_EQ(record->times[0].label, "m.time_a(0)");
  EXPECT_EQ(record->times[0].head, 0.5);
}

TEST(BisectJson, CaseWithAFirstCommitAndOneBehindSkippedOnes_AreToldApart) {
  Bisected found;
  found.good = {"a1", "Good", "A <a@b>", "2024-05-06T07:08:09+02:00"};
  found.bad = {"d4", "Bad", "A <a@b>", "2024-05-09T07:08:09+02:00"};
  const BisectedCommit two{"b2", "Two", "B <b@c>", "2024-05-07T07:08:09Z"};
  const BisectedCommit three{"c3", "Three \xff", "B <b@c>", "2024-05-08T07:08:09Z"};
  found.commits = 3;
  found.runs = found.steps = 2;
  found.builds = 1;
  found.captures = 1;
  found.skipped = {{three, "it does not build"}};
  found.cases = {{"m.f(1)", "m.f", Verdict::kDifferent, "return differs", {two}, three},
                 {"m.g", "m.g", Verdict::kRaised, "ValueError", {two, three}, std::nullopt}};
  found.status = ExitStatus::kFailed;
  const Json json = Json::parse(bisect_json({"bisect", "0.1.0", "now", "bench", "", "snapshot_test bisect"}, found));
  EXPECT_EQ(json["command"], "bisect");
  EXPECT_EQ(json["good"]["subject"], "Good");
  EXPECT_EQ(json["cases"][0]["first"]["id"], "b2");
  EXPECT_EQ(json["cases"][0]["first"]["author"], "B <b@c>");
  EXPECT_EQ(json["cases"][0]["first"]["date"], "2024-05-07T07:08:09Z");
  EXPECT_EQ(json["cases"][0]["verdict"], "different");
  EXPECT_EQ(json["cases"][0]["back"]["id"], "c3");
  EXPECT_TRUE(json["cases"][0]["among"].empty());
  EXPECT_TRUE(json["cases"][1]["first"].is_null());
  EXPECT_EQ(json["cases"][1]["among"].size(), 2u);
  EXPECT_TRUE(json["cases"][1]["back"].is_null());
  EXPECT_EQ(json["skipped"][0]["why"], "it does not build");
  EXPECT_EQ(json["steps"], 2);
  EXPECT_EQ(json["builds"], 1);
  EXPECT_EQ(json["exit_status"], 1);
  EXPECT_THAT(json["failure"].get<std::string>(), HasSubstr("could not be run"));
}

TEST(BisectJson, SearchThatCouldNotStart_SaysWhy) {
  const Json json =
      Json::parse(bisect_json({"bisect", "0.1.0", "now", "bench", ""}, Aborted{ExitStatus::kUsage, "no"}));
  EXPECT_EQ(json["exit_status"], 2);
  EXPECT_EQ(json["failure"], "no");
  EXPECT_FALSE(json.contains("cases"));
}

}  // namespace
}  // namespace snapshot_test::report
