#include "report/junit.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <pugixml.hpp>
#include <set>
#include <sstream>

#include "util/file.hpp"

namespace snapshot_test::report {
namespace {

namespace fs = std::filesystem;
using model::ExitStatus;
using model::Verdict;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class JunitTest : public testing::Test {
 protected:
  JunitTest() {
    std::string name = (fs::temp_directory_path() / "junit_test-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ / "junit.xml";
  }
  ~JunitTest() override { fs::remove_all(folder_); }

  Reports open(JunitLimits limits = {}, const std::string& path = "") {
    auto file = OutputFile::open(path.empty() ? path_.string() : path, stream_);
    EXPECT_TRUE(file) << file.error().message;
    Reports reports;
    reports.add(std::make_unique<Junit>(std::move(*file), limits), Cases::kRead);
    reports.set_head({"verify", "0.1.0", "2024-05-06T07:08:09Z", "bench", ".snapshots"});
    return reports;
  }

  static model::CaseVerdict verdict(const std::string& benchmark, std::size_t index, Verdict what) {
    model::CaseVerdict result;
    result.id = {benchmark, index, benchmark + "(" + std::to_string(index) + ")"};
    result.id.module = benchmark.substr(0, benchmark.find('.'));
    result.id.file = (fs::current_path() / "benchmarks" / (result.id.module + ".py")).string();
    result.id.line = 12;
    result.verdict = what;
    result.reason = "because";
    result.observation.seconds = 0.5;
    return result;
  }

  static model::VerifySummary ended(ExitStatus status, const std::string& failure = "", bool strict = false) {
    model::VerifySummary summary;
    summary.status = status;
    summary.failure = failure;
    summary.strict = strict;
    return summary;
  }

  /// The parsed file; complains unless it is what Jenkins' schema says.
  pugi::xml_document read(const fs::path& path) {
    const std::string command = "xmllint --noout --huge --schema '" SNAPSHOT_TEST_SOURCE_DIR
                                "/tests/support/junit.xsd' '" +
                                path.string() + "' > '" + (folder_ / "xmllint").string() + "' 2>&1";
    if (::system(command.c_str()) != 0) {
      ADD_FAILURE() << util::read_file(folder_ / "xmllint").value_or("xmllint does not run").substr(0, 2000);
    }
    pugi::xml_document document;
    EXPECT_TRUE(document.load_file(path.c_str()));
    return document;
  }

  static std::size_t nodes_in(const pugi::xml_node& node) {
    std::size_t count = 1;
    for (const auto& each : node.attributes()) {
      count += each ? 1 : 0;
    }
    for (const auto& each : node.children()) {
      count += nodes_in(each);
    }
    return count;
  }

  fs::path folder_;
  fs::path path_;
  std::ostringstream stream_;
};

/// "failure: the message" of each case by "suite|classname|name".
std::map<std::string, std::string> outcomes(const pugi::xml_document& document) {
  std::map<std::string, std::string> found;
  for (const auto& suite : document.child("testsuites")) {
    for (const auto& each : suite.children("testcase")) {
      const auto outcome = each.first_child();
      const std::string key = std::string(suite.attribute("name").value()) + "|" + each.attribute("classname").value() +
                              "|" + each.attribute("name").value();
      EXPECT_EQ(found.count(key), 0u) << key;
      found[key] = outcome ? std::string(outcome.name()) + ": " + outcome.attribute("message").value() : "passed";
    }
  }
  return found;
}

TEST_F(JunitTest, EachVerdict_HasItsJunitOutcome) {
  Reports report = open();
  report.verified(verdict("b.C.time_same", 0, Verdict::kIdentical));
  report.verified(verdict("b.C.time_inner", 0, Verdict::kInnerChanged));
  report.verified(verdict("b.C.time_other", 0, Verdict::kDifferent));
  report.verified(verdict("b.C.time_raises", 0, Verdict::kRaised));
  report.verified(verdict("b.C.time_crashes", 0, Verdict::kCrashed));
  report.verified(verdict("b.C.time_slow", 0, Verdict::kTimedOut));
  report.verified(verdict("b.C.time_lost", 0, Verdict::kUnreadable));
  report.verified(verdict("a.time_skips", 0, Verdict::kSkipped));
  report.verified(verdict("a.time_none", 0, Verdict::kVacuous));
  report.verified(verdict("a.time_gone", 0, Verdict::kObsolete));
  report.finished(ended(ExitStatus::kFailed, "5 cases failed"));
  ASSERT_THAT(report.unwritten(), IsEmpty());

  const auto document = read(path_);
  const std::map<std::string, std::string> expected{
      {"a|a|time_gone(0)", "skipped: obsolete: because"},
      {"a|a|time_none(0)", "skipped: UNVERIFIED: vacuous: because"},
      {"a|a|time_skips(0)", "skipped: skipped: because"},
      {"b|b.C|time_crashes(0)", "error: crashed: because"},
      {"b|b.C|time_inner(0)", "passed"},
      {"b|b.C|time_lost(0)", "error: unreadable: because"},
      {"b|b.C|time_other(0)", "failure: different: because"},
      {"b|b.C|time_raises(0)", "error: raised: because"},
      {"b|b.C|time_same(0)", "passed"},
      {"b|b.C|time_slow(0)", "error: timed-out: because"},
  };
  EXPECT_EQ(outcomes(document), expected);
  const auto b = document.child("testsuites").find_child_by_attribute("name", "b");
  EXPECT_STREQ(b.attribute("tests").value(), "7");
  EXPECT_STREQ(b.attribute("failures").value(), "1");
  EXPECT_STREQ(b.attribute("errors").value(), "4");
  EXPECT_STREQ(b.attribute("file").value(), "benchmarks/b.py");
  EXPECT_STREQ(b.attribute("time").value(), "3.500000");
  EXPECT_STREQ(document.child("testsuites").attribute("tests").value(), "10");
  EXPECT_THAT(b.find_child_by_attribute("name", "time_other(0)").child("failure").text().get(),
              StartsWith("benchmarks/b.py:12\n"));
}

TEST_F(JunitTest, UnverifiedCaseWhenStrict_IsAFailure) {
  Reports report = open();
  report.verified(verdict("b.time_none", 0, Verdict::kVacuous));
  report.verified(verdict("b.time_gone", 0, Verdict::kObsolete));
  report.verified(verdict("b.time_inner", 0, Verdict::kInnerChanged));
  report.verified(verdict("b.time_skips", 0, Verdict::kSkipped));
  report.finished(ended(ExitStatus::kFailed, "3 cases are not fully verified (--strict)", true));
  const std::map<std::string, std::string> expected{
      {"b|b|time_gone(0)", "failure: obsolete: because"},
      {"b|b|time_inner(0)", "failure: inner-changed: because"},
      {"b|b|time_none(0)", "failure: UNVERIFIED: vacuous: because"},
      {"b|b|time_skips(0)", "skipped: skipped: because"},
  };
  EXPECT_EQ(outcomes(read(path_)), expected);
}

TEST_F(JunitTest, EachCaptureStatus_HasItsJunitOutcome) {
  Reports report = open();
  const auto add = [&](const char* name, model::CaptureStatus status, model::Loss loss = model::Loss::kNone) {
    model::CaseCapture result;
    result.id = {name, 0, name, "b"};
    result.status = status;
    result.reason = "because";
    result.loss = loss;
    report.captured(result);
  };
  add("b.good", model::CaptureStatus::kOuter);
  add("b.none", model::CaptureStatus::kVacuous);
  add("b.fails", model::CaptureStatus::kFailed);
  add("b.skips", model::CaptureStatus::kSkipped);
  add("b.lost", model::CaptureStatus::kOpaque, model::Loss::kKept);
  report.finished(model::CaptureSummary{
      .plan = {}, .counts = {}, .run_id = {}, .failure = "1 lost", .snapshot_dir = {}, .status = ExitStatus::kFailed});
  const std::map<std::string, std::string> expected{
      {"b|b|fails", "error: failed: because"},
      {"b|b|good", "passed"},
      {"b|b|lost", "failure: could be checked, and cannot now: opaque: because"},
      {"b|b|none", "skipped: UNVERIFIED: verify cannot check it: vacuous: because"},
      {"b|b|skips", "skipped: skipped: because"},
  };
  EXPECT_EQ(outcomes(read(path_)), expected);
}

TEST_F(JunitTest, RunThatFailsWithoutAFailingCase_HasAnError) {
  {
    Reports report = open();
    report.planned({.benchmarks = 1, .cases = 1, .failures = {{"broken", "E: no", "Trace\nE: no"}}, .notes = {}});
    report.verified(verdict("b.time_a", 0, Verdict::kIdentical));
    report.finished(ended(ExitStatus::kFailed, "1 of the suite's modules cannot be imported"));
    EXPECT_THAT(outcomes(read(path_)),
                testing::Contains(testing::Pair("snapshot_test|snapshot_test|import broken", "error: E: no")));
    EXPECT_EQ(outcomes(read(path_)).size(), 2u);
  }
  {
    Reports report = open();
    report.verified(verdict("b.time_a", 0, Verdict::kIdentical));
    report.finished(ended(ExitStatus::kFailed, "80 % were verified, 95 % are wanted"));
    EXPECT_THAT(outcomes(read(path_)), testing::Contains(testing::Pair("snapshot_test|snapshot_test|verify",
                                                                       "error: 80 % were verified, 95 % are wanted")));
  }
  Reports report = open();
  report.aborted(ExitStatus::kNoBaseline, "there is no baseline");
  EXPECT_THAT(outcomes(read(path_)),
              testing::ElementsAre(testing::Pair("snapshot_test|snapshot_test|verify", "error: there is no baseline")));
}

TEST_F(JunitTest, SameNames_AreNumbered) {
  Reports report = open();
  for (std::size_t i = 0; i < 3; ++i) {
    auto same = verdict("b.time_a", i, Verdict::kIdentical);
    same.id.label = "b.time_a(<object>)";
    report.verified(same);
  }
  report.finished(ended(ExitStatus::kSuccess));
  EXPECT_THAT(outcomes(read(path_)),
              testing::ElementsAre(testing::Key("b|b|time_a(<object>)"), testing::Key("b|b|time_a(<object>) #2"),
                                   testing::Key("b|b|time_a(<object>) #3")));
}

/// As nasty as text can be, and as long.
std::string nasty(std::size_t length) {
  using namespace std::string_literals;
  std::string text = "NUL \0 ANSI \x1b[31mred lone \xed\xa0\x80 end ]]> & <b> \"q\" '\r\n\xff \xef\xbf\xbe \x0b\t"s;
  while (text.size() < length) {
    text += text;
  }
  return text.substr(0, length);
}

TEST_F(JunitTest, TwentyThousandFailures_AreSplitIntoValidFiles) {
  constexpr std::size_t kCases = 20'000;
  Reports report = open();
  for (std::size_t i = 0; i < kCases; ++i) {
    auto each = verdict("mod" + std::to_string(i % 7) + ".time_" + std::to_string(i), i, Verdict::kDifferent);
    each.id.label = each.id.benchmark + "(" + nasty(500) + ")";
    each.reason = nasty(3000);
    model::SiteComparison site;
    site.match = model::SiteMatch::kDifferent;
    site.explanation = nasty(20'000);
    each.sites = {site};
    each.observation.output = nasty(3000);
    report.verified(each);
  }
  report.finished(ended(ExitStatus::kFailed, "20000 cases failed"));
  ASSERT_THAT(report.unwritten(), IsEmpty());

  std::size_t found = 0;
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (entry.path().extension() != ".xml") {
      continue;
    }
    ++files;
    EXPECT_LE(entry.file_size(), 25'000'000u) << entry.path();
    const auto document = read(entry.path());
    EXPECT_LE(nodes_in(document), 200'000u) << entry.path();
    found += outcomes(document).size();
    for (const auto& suite : document.child("testsuites")) {
      for (const auto& each : suite.children("testcase")) {
        const auto failure = each.child("failure");
        const std::string text = failure.text().get();
        ASSERT_LE(text.size() + std::string_view(failure.attribute("message").value()).size(), 8192u);
        ASSERT_THAT(text, AllOf(HasSubstr("\\x00 ANSI \\x1b[31mred lone \\xed\\xa0\\x80 end ]]> & <b> \"q\""),
                                HasSubstr("left out; --json FILE has all")));
      }
    }
  }
  EXPECT_EQ(found, kCases);
  EXPECT_GT(files, 5u);
  const auto first = read(path_);
  EXPECT_THAT(first.child("testsuites").last_child().child("system-out").text().get(),
              HasSubstr("20000 cases are in junit.part2.xml and after it"));
}

TEST_F(JunitTest, PartsOfAnEarlierRun_AreRemoved) {
  {
    Reports report = open({.bytes = 2'000, .nodes = 1'000});
    for (std::size_t i = 0; i < 10; ++i) {
      report.verified(verdict("b.time_a", i, Verdict::kDifferent));
    }
    report.finished(ended(ExitStatus::kFailed, "10 cases failed"));
    EXPECT_TRUE(fs::exists(folder_ / "junit.part2.xml"));
    EXPECT_TRUE(fs::exists(folder_ / "junit.part3.xml"));
  }
  Reports report = open();
  report.verified(verdict("b.time_a", 0, Verdict::kIdentical));
  report.finished(ended(ExitStatus::kSuccess));
  EXPECT_FALSE(fs::exists(folder_ / "junit.part2.xml"));
  EXPECT_FALSE(fs::exists(folder_ / "junit.part3.xml"));
}

TEST_F(JunitTest, Stdout_TakesAllInOneDocument) {
  Reports report = open({.bytes = 2'000, .nodes = 1'000}, "-");
  for (std::size_t i = 0; i < 10; ++i) {
    report.verified(verdict("b.time_a", i, Verdict::kDifferent));
  }
  report.finished(ended(ExitStatus::kFailed, "10 cases failed"));
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(stream_.str().c_str()));
  EXPECT_EQ(outcomes(document).size(), 10u);
}

}  // namespace
}  // namespace snapshot_test::report
