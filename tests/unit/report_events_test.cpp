#include "report/events.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <sstream>
#include <thread>

#include "util/file.hpp"

namespace snapshot_test::report {
namespace {

namespace fs = std::filesystem;
using model::ExitStatus;
using testing::HasSubstr;
using testing::SizeIs;

class EventsTest : public testing::Test {
 protected:
  EventsTest() {
    std::string name = (fs::temp_directory_path() / "events_test-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~EventsTest() override { fs::remove_all(folder_); }

  Events open(const std::string& path) {
    auto file = OutputLog::open(path, stream_);
    EXPECT_TRUE(file) << file.error().message;
    Events events(std::move(*file), [this] { return now_; });
    events.set_head({"verify", "0.1.0", "2024-05-06T07:08:09Z", "bench", ".snapshots"});
    return events;
  }

  static std::vector<Json> parse(const std::string& text) {
    std::vector<Json> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
      lines.push_back(Json::parse(line));
    }
    return lines;
  }
  static std::vector<Json> read(const fs::path& path) { return parse(util::read_file(path).value_or("")); }

  static model::CaseVerdict verdict(const std::string& label) {
    model::CaseVerdict result;
    result.id = {"m.time_a", 1, label};
    result.verdict = model::Verdict::kDifferent;
    result.reason = "return differs";
    result.observation.ending = model::Ending::kReturned;
    result.observation.seconds = 0.5;
    result.observation.output = std::string(1'000'000, 'x');
    result.sites.resize(1);
    result.sites[0].explanation = "3 of 10 differ";
    return result;
  }

  double now_ = 100;
  fs::path folder_;
  std::ostringstream stream_;
};

TEST_F(EventsTest, EachEvent_IsWrittenAtOnce) {
  const fs::path path = folder_ / "events";
  Events events = open(path.string());
  EXPECT_THAT(read(path), SizeIs(0));
  events.planned(
      {.benchmarks = 2, .cases = 3, .excluded = 1, .workers = 4, .failures = {{"broken", "E", "T"}}, .notes = {}});
  const Json plan = read(path).back();
  EXPECT_EQ(plan["event"], "plan");
  EXPECT_EQ(plan["time"], 0.0);
  EXPECT_EQ(plan["format"], 1);
  EXPECT_EQ(plan["command"], "verify");
  EXPECT_EQ(plan["timestamp"], "2024-05-06T07:08:09Z");
  EXPECT_EQ(plan["cases"], 3);
  EXPECT_EQ(plan["excluded"], 1);
  EXPECT_EQ(plan["workers"], 4);
  EXPECT_EQ(plan["failures"][0]["where"], "broken");

  now_ = 101.25;
  events.phase("verifying", 3);
  EXPECT_EQ(read(path).back(), (Json{{"event", "phase"}, {"time", 1.25}, {"what", "verifying"}, {"cases", 3}}));

  const model::CaseId id{"m.time_a", 1, "m.time_a(2)"};
  events.started(id);
  const Json started = {{"event", "started"},      {"time", 1.25}, {"label", "m.time_a(2)"},
                        {"benchmark", "m.time_a"}, {"index", 1},   {"phase", "verifying"}};
  EXPECT_EQ(read(path).back(), started);
  events.ended(id);
  EXPECT_EQ(read(path).back()["event"], "ended");
  EXPECT_EQ(read(path).back()["phase"], "verifying");

  events.verified(verdict("m.time_a(2)"));
  const Json verified = read(path).back();
  EXPECT_EQ(verified["event"], "verified");
  EXPECT_EQ(verified["label"], "m.time_a(2)");
  EXPECT_EQ(verified["verdict"], "different");
  EXPECT_EQ(verified["standing"], "failed");
  EXPECT_EQ(verified["reason"], "return differs");
  EXPECT_EQ(verified["seconds"], 0.5);
  EXPECT_EQ(verified["ending"], "returned");
  EXPECT_LT(verified.dump().size(), 500u) << "neither values nor output";

  model::VerifySummary closing;
  closing.counts = {{model::Verdict::kDifferent, 1}};
  closing.status = ExitStatus::kFailed;
  events.finished(closing);
  const Json finished = read(path).back();
  EXPECT_EQ(finished["event"], "finished");
  EXPECT_EQ(finished["failed"], 1);
  EXPECT_EQ(finished["exit_status"], 1);
  EXPECT_THAT(read(path), SizeIs(6));
  EXPECT_TRUE(events.close({}));
}

TEST_F(EventsTest, CaseRunAgain_StartsOnceInAPhase) {
  Events events = open("-");
  const model::CaseId id{"m.time_a", 0, "m.time_a"};
  events.phase("capturing", 1);
  events.started(id);
  events.started(id);
  events.ended(id);
  model::CaseCapture capture;
  capture.id = id;
  capture.status = model::CaptureStatus::kState;
  events.captured(capture);
  events.phase("running again", 1);
  events.started(id);
  events.ended(id);
  std::vector<std::string> what;
  for (const Json& line : parse(stream_.str())) {
    what.push_back(line["event"]);
  }
  EXPECT_THAT(what, testing::ElementsAre("phase", "started", "ended", "captured", "phase", "started", "ended"));
}

TEST_F(EventsTest, RunThatCannotGoOn_EndsWithTheReason) {
  Events events = open("-");
  RunRecord record;
  record.end = Aborted{ExitStatus::kNoBaseline, "there is no baseline"};
  EXPECT_TRUE(events.close(record));
  const auto lines = parse(stream_.str());
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0]["event"], "aborted");
  EXPECT_EQ(lines[0]["command"], "verify");
  EXPECT_EQ(lines[0]["status"], "no-baseline");
  EXPECT_EQ(lines[0]["exit_status"], 4);
  EXPECT_EQ(lines[0]["failure"], "there is no baseline");
}

TEST_F(EventsTest, EventsOfAnEarlierRun_AreRemoved) {
  const fs::path path = folder_ / "events";
  ASSERT_TRUE(util::write_file_atomically(path, "{\"event\": \"finished\"}\n"));
  const Events events = open(path.string());
  EXPECT_THAT(read(path), SizeIs(0));
}

TEST_F(EventsTest, UnwritablePlace_IsAnErrorAtOnce) {
  const auto file = OutputLog::open((folder_ / "none" / "events").string(), stream_);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::kIo);
  EXPECT_FALSE(OutputLog::open(folder_.string(), stream_));
}

TEST_F(EventsTest, ReaderThatGoesAway_IsAWriteError) {
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread reader([&] { util::Fd(::open(pipe.c_str(), O_RDONLY)).reset(); });
  Events events = open(pipe.string());
  reader.join();
  events.phase("verifying", 1);
  events.phase("verifying", 2);
  const auto written = events.close({});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kIo);
  EXPECT_THAT(written.error().message, HasSubstr(pipe.string()));
}

}  // namespace
}  // namespace snapshot_test::report
