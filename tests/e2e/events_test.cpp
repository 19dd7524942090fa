// --events: what a program that follows a run hears of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSuite =
    "state = []\n"
    "def time_value(): return 1\n"
    "def time_params(n): return n\n"
    "time_params.params = list(range(5))\n"
    "def time_raises(): raise ValueError('no')\n"
    "class Changes:\n"
    "    def setup(self): self.x = 0\n"
    "    def time_state(self): self.x = 1\n"
    "class Broken:\n"
    "    def setup_cache(self): raise KeyError('cache')\n"
    "    def time_a(self, cache): return 1\n"
    "    def time_b(self, cache): return 2\n";

/// Every line, parsed; a line that is no JSON object fails the test.
std::vector<json> events_in(const std::string& text) {
  std::vector<json> events;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    events.push_back(json::parse(line, nullptr, false));
    EXPECT_TRUE(events.back().is_object() && events.back().contains("event") && events.back()["time"].is_number())
        << line;
  }
  return events;
}

std::vector<json> only(const std::vector<json>& events, const std::string& event) {
  std::vector<json> some;
  for (const json& each : events) {
    if (each["event"] == event) {
      some.push_back(each);
    }
  }
  return some;
}

std::map<std::string, int> by_case_and_phase(const std::vector<json>& events) {
  std::map<std::string, int> counts;
  for (const json& each : events) {
    ++counts[each["phase"].get<std::string>() + ": " + each["label"].get<std::string>()];
  }
  return counts;
}

/// Every case that was started, and every case that a phase has, ended in it just once; times go forward.
void expect_whole(const std::vector<json>& events) {
  ASSERT_FALSE(events.empty());
  const auto started = by_case_and_phase(only(events, "started"));
  const auto ended = by_case_and_phase(only(events, "ended"));
  for (const auto& [name, times] : started) {
    EXPECT_EQ(times, 1) << name;
    EXPECT_EQ(ended.count(name), 1U) << name;
  }
  for (const auto& [name, times] : ended) {
    EXPECT_EQ(times, 1) << name;
  }
  std::size_t cases = 0;
  for (const json& phase : only(events, "phase")) {
    cases += phase["cases"].get<std::size_t>();
  }
  EXPECT_EQ(ended.size(), cases);
  EXPECT_EQ(events.front()["event"], "plan");
  EXPECT_EQ(events.back()["event"], "finished");
  for (std::size_t i = 1; i < events.size(); ++i) {
    EXPECT_GE(events[i]["time"], events[i - 1]["time"]);
  }
}

TEST(EventsOf, CaptureAndVerify_EachCaseStartsAndEndsOnce) {
  const Sandbox box;
  box.write_suite(kSuite);
  const std::string file = box.path("events").string();

  const Report captured = box.capture({"--events", file, "-j", "3"});
  std::vector<json> events = events_in(box.read("events"));
  expect_whole(events);
  EXPECT_EQ(events.front()["command"], "capture");
  EXPECT_EQ(events.front()["cases"], 10);
  EXPECT_EQ(events.front()["workers"], 3);
  EXPECT_EQ(events.back()["exit_status"], captured.run.status);
  std::map<std::string, std::string> statuses;
  for (const json& each : only(events, "captured")) {
    EXPECT_TRUE(statuses.emplace(each["label"], each["status"]).second) << each;
    EXPECT_FALSE(each.contains("sites"));
  }
  EXPECT_EQ(statuses, captured.outcomes());
  std::vector<std::string> phases;
  for (const json& each : only(events, "phase")) {
    phases.push_back(each["what"]);
  }
  EXPECT_THAT(phases, ElementsAre("capturing", "running again"));

  const Report verified = box.verify({"--events", file});
  events = events_in(box.read("events"));
  expect_whole(events);
  EXPECT_EQ(events.front()["command"], "verify");
  EXPECT_EQ(events.back()["passed"], 7);
  EXPECT_EQ(events.back()["exit_status"], verified.run.status);
  std::map<std::string, std::string> verdicts;
  for (const json& each : only(events, "verified")) {
    verdicts[each["label"]] = each["verdict"];
  }
  EXPECT_EQ(verdicts, verified.outcomes());
}

TEST(EventsOf, EventsToStdout_ReportGoesToStderr) {
  const Sandbox box;
  box.write_suite("def time_value(): return 1\n");
  const Report captured = box.capture({"--events", "-"});
  EXPECT_EQ(captured.run.status, 0) << captured.text();
  expect_whole(events_in(captured.run.out));
  EXPECT_THAT(captured.run.err, HasSubstr("CAPTURED"));
}

TEST(EventsOf, VerifyWithoutABaseline_IsOneAbortedEventWithTheReason) {
  const Sandbox box;
  box.write_suite("def time_value(): return 1\n");
  const Report verified = box.verify({"--events", box.path("events").string()});
  EXPECT_EQ(verified.run.status, 4) << verified.text();
  const auto events = events_in(box.read("events"));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["event"], "aborted");
  EXPECT_EQ(events[0]["status"], "no-baseline");
  EXPECT_THAT(verified.run.err, HasSubstr(events[0]["failure"].get<std::string>()));
}

TEST(EventsOf, EventsIntoAnotherOutputsFile_IsRefused) {
  const Sandbox box;
  box.write_suite("def time_value(): return 1\n");
  const std::string file = box.path("same").string();
  const auto twice = box.run({"capture", "--events", "-", "--json", "-"});
  EXPECT_EQ(twice.status, 2);
  EXPECT_THAT(twice.err, HasSubstr("--json and --events cannot both go to standard output"));
  const auto same = box.run({"capture", "--events", file, "--summary", file});
  EXPECT_EQ(same.status, 2);
  EXPECT_THAT(same.err, HasSubstr("--summary and --events name the same file"));
  const auto nowhere = box.run({"capture", "--events", box.path("none/events").string()});
  EXPECT_EQ(nowhere.status, 3);
  EXPECT_THAT(nowhere.err, HasSubstr("none/events"));
}

TEST(EventsOf, EventsFileThatIsFull_FailsTheRunWithStatus3) {
  const Sandbox box;
  box.write_suite("def time_value(): return 1\n");
  const Report captured = box.capture({"--events", "/dev/full"});
  EXPECT_EQ(captured.run.status, 3) << captured.text();
  EXPECT_THAT(captured.run.err, HasSubstr("/dev/full"));
  EXPECT_EQ(captured.of("bench.time_value"), "outer") << "the run itself goes on";
}

}  // namespace
}  // namespace snapshot_test::support
