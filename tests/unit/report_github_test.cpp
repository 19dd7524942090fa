#include "report/github.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "util/file.hpp"

namespace snapshot_test::report {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::ptrdiff_t lines_in(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

class GithubTest : public testing::Test {
 protected:
  GithubTest() {
    std::string name = (fs::temp_directory_path() / "github_test-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~GithubTest() override { fs::remove_all(folder_); }

  static model::CaseVerdict failed(const std::string& benchmark, const std::string& reason, int line) {
    model::CaseVerdict result;
    result.id = {benchmark, 0, benchmark, "bench", (fs::current_path() / "a,b" / "bench.py").string(), line};
    result.verdict = model::Verdict::kRaised;
    result.reason = reason;
    return result;
  }

  void report(std::vector<model::CaseVerdict> cases) {
    RunRecord record;
    record.head.command = "verify";
    record.verified = std::move(cases);
    model::VerifySummary summary;
    summary.status = model::ExitStatus::kFailed;
    summary.failure = "some failed";
    record.end = summary;
    Reports reports;
    reports.add(std::make_unique<Github>(folder_ / "summary.md", log_), Cases::kRead);
    reports.tell(std::move(record));
    EXPECT_TRUE(reports.unwritten().empty());
    summary_ = *util::read_file(folder_ / "summary.md");
  }

  fs::path folder_;
  std::ostringstream log_;
  std::string summary_;
};

TEST_F(GithubTest, FailuresAlike_NameFileAndLineOfTheFirst) {
  report({failed("bench.time_a", "ValueError: 50% bad", 3), failed("bench.time_b", "ValueError: 50% bad", 9)});
  EXPECT_EQ(log_.str(),
            "::error file=a%2Cb/bench.py,line=3::raised: bench.time_a (and 1 alike): ValueError: 50%25 bad\n");
  EXPECT_THAT(summary_, HasSubstr("some failed"));
  EXPECT_THAT(summary_, HasSubstr("| raised | <code>bench.time&#95;b</code> |"));
}

TEST_F(GithubTest, TextOfABenchmark_IsNoCommandOrMarkup) {
  report({failed("bench.time_a", "x\n::set-env name=A::b\r::error::c <img src=x> | [a](http://b) `c` @everyone", 3)});
  EXPECT_EQ(lines_in(log_.str()), 1);
  EXPECT_THAT(log_.str(), StartsWith("::error "));
  EXPECT_THAT(summary_, Not(HasSubstr("<img")));
  EXPECT_THAT(summary_, Not(HasSubstr("](http")));
  EXPECT_THAT(summary_, Not(HasSubstr("@everyone")));
}

TEST_F(GithubTest, ManyFailures_AreCutToTheLimitsAndSaySo) {
  std::vector<model::CaseVerdict> cases;
  for (int i = 0; i < 20'000; ++i) {
    cases.push_back(failed("bench.time_" + std::to_string(i), "ValueError: " + std::to_string(i), i + 1));
  }
  report(std::move(cases));
  EXPECT_EQ(lines_in(log_.str()), 10);
  EXPECT_THAT(log_.str(), EndsWith("::error::19,991 failed cases more\n"));
  EXPECT_LE(summary_.size(), Github::kMostBytes);
  EXPECT_GT(summary_.size(), Github::kMostBytes * 9 / 10);
  EXPECT_THAT(summary_, EndsWith("a summary has at most 900 KiB. --html and --json have all.\n"));
}

TEST_F(GithubTest, ExistingSummary_IsAppendedTo) {
  ASSERT_TRUE(util::write_file_atomically(folder_ / "summary.md", "another step's\n"));
  report({});
  EXPECT_THAT(summary_, StartsWith("another step's\n### snapshot_test verify\n"));
  EXPECT_EQ(log_.str(), "");
}

}  // namespace
}  // namespace snapshot_test::report
