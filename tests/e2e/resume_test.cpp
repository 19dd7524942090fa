// A capture that is stopped, and the next one that goes on with what it has run (--resume).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

/// Each call is written down in $LOG. time_c waits, in the run that $HOLD names, until it is killed.
constexpr const char* kHelpers =
    "import os, time\n"
    "def log(name):\n"
    "    with open(os.environ['LOG'], 'a') as file: file.write(name + '\\n')\n"
    "    return open(os.environ['LOG']).read().split('\\n').count(name)\n"
    "def hold(count):\n"
    "    if os.environ.get('HOLD') == str(count):\n"
    "        open(os.environ['LOG'] + '.held', 'w').close()\n"
    "        time.sleep(600)\n";
constexpr const char* kSuite =
    "import lib\n"
    "from .helpers import hold, log\n"
    "def time_a(): log('a'); return lib.value\n"
    "class Some:\n"
    "    params = [1, 2]\n"
    "    def time_b(self, n): log('b%d' % n); return b'x' * 1000 * n\n"
    "def time_c(): hold(log('c')); return 4\n"
    "def time_d(): log('d'); return 5\n"
    "def time_e(): log('e'); raise ValueError('it always does')\n";
constexpr const char* kOther = "from .helpers import log\ndef time_other(): log('other'); return 6\n";

/// Each case has a process of its own: how often each was called is counted, and a series runs some once more.
class Resume : public ::testing::Test {
 protected:
  Resume() {
    box_.write_suite(kSuite);
    box_.write("benchmarks/helpers.py", kHelpers);
    box_.write("benchmarks/another.py", kOther);  // comes first
    box_.write_library("value = 3\n");
  }

  [[nodiscard]] RunOptions options(const std::string& hold = "") const {
    RunOptions options;
    options.environment = {{"LOG", box_.path("log").string()}, {"HOLD", hold}};
    return options;
  }
  [[nodiscard]] static std::vector<std::string> plus(std::vector<std::string> arguments,
                                                     const std::vector<std::string>& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  /// Stops a capture when time_c is run for the `round`th time.
  support::Run interrupt(int round, int signal, const std::vector<std::string>& extra = {"--resume"}) const {
    fs::remove(box_.path("log.held"));
    const auto capture =
        box_.start(plus(plus(box_.suite_arguments("capture"), {"-j", "1", "--isolation", "case"}), extra),
                   options(std::to_string(round)));
    for (int i = 0; i < 1500 && !fs::exists(box_.path("log.held")); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_TRUE(fs::exists(box_.path("log.held"))) << "the case to be interrupted never started";
    capture->send(signal);
    return capture->wait(std::chrono::seconds(20));
  }
  [[nodiscard]] Report go_on(const std::vector<std::string>& extra = {"--resume"}) const {
    return box_.capture(plus({"-j", "1", "--isolation", "case"}, extra), options());
  }
  /// How often a benchmark was called.
  [[nodiscard]] std::ptrdiff_t calls(const std::string& name) const {
    std::ifstream log(box_.path("log"));
    std::ptrdiff_t count = 0;
    for (std::string line; std::getline(log, line);) {
      count += line == name ? 1 : 0;
    }
    return count;
  }
  void expect_complete(const Report& captured) const {
    EXPECT_EQ(captured.run.status, 0) << captured.text();
    EXPECT_EQ(captured.outcomes().size(), 7u) << captured.text();
    EXPECT_EQ(captured.of("bench.time_c"), "outer");
    EXPECT_EQ(captured.of("bench.time_e"), "failed");
    const auto verified = box_.verify({}, options());
    EXPECT_EQ(verified.run.status, 0) << verified.text();
    EXPECT_EQ(verified.of("bench.Some.time_b(2)"), "identical") << verified.text();
    EXPECT_FALSE(fs::exists(box_.path(".snapshots/staging"))) << "all of it was committed";
  }
  [[nodiscard]] fs::path staged() const {
    for (const auto& entry : fs::directory_iterator(box_.path(".snapshots/staging"))) {
      return entry.path();
    }
    return {};
  }

  /// What the journal says of each case: what the case writes into the log, and the line.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> recorded() const {
    std::vector<std::pair<std::string, std::string>> cases;
    std::ifstream journal(staged() / "journal");
    for (std::string line; std::getline(journal, line);) {
      const auto entry = nlohmann::json::parse(line);
      const std::string name = entry.value("benchmark", "");
      const std::string index = name == "bench.Some.time_b" ? std::to_string(entry.value("index", 0) + 1) : "";
      if (!name.empty()) cases.emplace_back(name.substr(name.rfind("time_") + 5) + index, line);
    }
    return cases;
  }

  Sandbox box_;
};

class ResumeAfter : public Resume, public ::testing::WithParamInterface<int> {};

TEST_P(ResumeAfter, InterruptInTheFirstPass_RunsOnlyWhatIsLeft) {
  const support::Run stopped = interrupt(1, GetParam());
  EXPECT_NE(stopped.status, 0);
  EXPECT_EQ(calls("d"), 0) << "the order is the suite's";
  EXPECT_EQ(box_.verify({}, options()).run.status, 4) << "there is no baseline yet";
  const Report captured = go_on();
  EXPECT_THAT(captured.run.out, HasSubstr("an interrupted capture goes on"));
  for (const char* name : {"other", "a", "b1", "b2", "d"}) {
    EXPECT_EQ(calls(name), 2) << name << '\n' << captured.text();
  }
  EXPECT_EQ(calls("c"), 3) << "once stopped";
  expect_complete(captured);
}

TEST_P(ResumeAfter, InterruptInTheSecondPass_RunsOnlyWhatIsLeft) {
  (void)interrupt(2, GetParam());
  const Report captured = go_on();
  for (const char* name : {"other", "a", "b1", "b2", "d"}) {
    EXPECT_EQ(calls(name), 2) << name << '\n' << captured.text();
  }
  EXPECT_EQ(calls("c"), 3);
  EXPECT_GE(captured.json["summary"].value("resumed", 0), 6) << captured.text();
  expect_complete(captured);
}

TEST_P(ResumeAfter, TwoInterrupts_RunNoFinishedCaseAgain) {
  (void)interrupt(1, GetParam());
  (void)interrupt(2, GetParam());
  const Report captured = go_on();
  EXPECT_EQ(calls("a"), 2) << captured.text();
  expect_complete(captured);
}

INSTANTIATE_TEST_SUITE_P(Signals, ResumeAfter, ::testing::Values(SIGINT, SIGTERM, SIGKILL),
                         [](const auto& tested) { return std::string(::sigabbrev_np(tested.param)); });

TEST_F(Resume, InterruptedCapture_SaysHowToGoOn) {
  EXPECT_THAT(interrupt(1, SIGTERM).out, HasSubstr("capture --resume goes on"));
}

TEST_F(Resume, InterruptWithoutTheOption_LeavesNothingStaged) {
  const support::Run stopped = interrupt(1, SIGTERM, {});
  EXPECT_EQ(stopped.status, 130);
  EXPECT_FALSE(fs::exists(box_.path(".snapshots/staging")));
  const Report captured = go_on();
  EXPECT_EQ(calls("a"), 3) << "run once more from the start";
  expect_complete(captured);
}

TEST_F(Resume, InterruptedCapture_LeavesTheOldBaseline) {
  ASSERT_EQ(go_on({}).run.status, 0);
  box_.write_library("value = 33\n");
  fs::remove(box_.path("log"));
  (void)interrupt(1, SIGKILL);
  EXPECT_EQ(box_.verify({}, options()).of("bench.time_a"), "different");
  expect_complete(go_on());
}

TEST_F(Resume, OtherSettings_BeginAnew) {
  (void)interrupt(1, SIGTERM);
  const Report captured = go_on({"--resume", "--seed", "7"});
  EXPECT_THAT(captured.run.out, HasSubstr("is not used"));
  EXPECT_THAT(captured.run.out, HasSubstr("seed"));
  EXPECT_EQ(calls("a"), 3);
  expect_complete(captured);
}

TEST_F(Resume, OtherCode_BeginsAnew) {
  (void)interrupt(1, SIGTERM);
  box_.write_library("value = 1003\n");
  const Report captured = go_on();
  EXPECT_THAT(captured.run.out, HasSubstr("files/lib"));
  EXPECT_EQ(calls("a"), 3);
  expect_complete(captured);
}

TEST_F(Resume, ChangedBenchmarkFile_RunsItsCasesAgainAlone) {
  (void)interrupt(1, SIGTERM);
  box_.write("benchmarks/another.py", std::string(kOther) + "VALUE = 1\n");
  const Report captured = go_on();
  EXPECT_EQ(calls("other"), 3) << captured.text();
  EXPECT_EQ(calls("a"), 2) << captured.text();
  expect_complete(captured);
}

TEST_F(Resume, ChangedHelper_RunsAllThatUseItAgain) {
  (void)interrupt(1, SIGTERM);
  box_.write("benchmarks/helpers.py", std::string(kHelpers) + "VALUE = 1\n");
  const Report captured = go_on();
  EXPECT_EQ(calls("other"), 3) << captured.text();
  EXPECT_EQ(calls("a"), 3) << captured.text();
  expect_complete(captured);
}

TEST_F(Resume, TornLastLine_RunsThatCaseAgain) {
  (void)interrupt(1, SIGKILL);
  const fs::path journal = staged() / "journal";
  const auto cases = recorded();
  ASSERT_GE(cases.size(), 2u);
  fs::resize_file(journal, fs::file_size(journal) - 10);
  const Report captured = go_on();
  EXPECT_EQ(calls(cases.front().first), 2) << captured.text();
  EXPECT_EQ(calls(cases.back().first), 3) << captured.text();
  expect_complete(captured);
}

TEST_F(Resume, DamagedJournalLine_IsSaidAndRunsWhatFollowsAgain) {
  (void)interrupt(1, SIGKILL);
  const fs::path journal = staged() / "journal";
  std::string text = box_.read(fs::relative(journal, box_.root()));
  const auto second = text.find('\n', text.find('\n') + 1);
  text.insert(second + 1, "nonsense\n{\"benchmark\": 3}\n");
  box_.write(fs::relative(journal, box_.root()), text);
  const Report captured = go_on();
  EXPECT_THAT(captured.run.out, HasSubstr("journal")) << captured.text();
  EXPECT_THAT(captured.run.out, HasSubstr("damaged"));
  EXPECT_EQ(calls("other"), 2) << "before the damage";
  EXPECT_EQ(calls("a"), 3) << "after it";
  expect_complete(captured);
}

TEST_F(Resume, JournalOfSomethingElse_BeginsAnew) {
  (void)interrupt(1, SIGKILL);
  box_.write(fs::relative(staged() / "journal", box_.root()), "[]\n\"x\"\n");
  const Report captured = go_on();
  EXPECT_EQ(calls("a"), 3);
  expect_complete(captured);
}

TEST_F(Resume, DamagedStagedValue_RunsItsCasesAgain) {
  (void)interrupt(1, SIGKILL);
  std::vector<fs::path> objects;
  for (const auto& entry : fs::recursive_directory_iterator(staged() / "objects")) {
    if (entry.is_regular_file()) objects.push_back(entry.path());
  }
  std::sort(objects.begin(), objects.end(),
            [](const auto& a, const auto& b) { return fs::file_size(a) < fs::file_size(b); });
  ASSERT_GE(objects.size(), 3u);
  fs::permissions(objects.back(), fs::perms::owner_write, fs::perm_options::add);
  const auto size = fs::file_size(objects.back());
  std::ofstream(objects.back(), std::ios::binary) << std::string(size, '\0');  // of the right size
  const std::string name = objects.back().parent_path().filename().string() + objects.back().stem().stem().string();
  const auto cases = recorded();
  const Report captured = go_on();
  for (const auto& [log, line] : cases) {
    EXPECT_EQ(calls(log), line.find(name) != std::string::npos ? 3 : 2) << log << captured.text();
  }
  expect_complete(captured);
}

TEST_F(Resume, Clean_RemovesAnInterruptedCaptureAndSaysSo) {
  ASSERT_EQ(go_on({}).run.status, 0);
  fs::remove(box_.path("log"));
  (void)interrupt(1, SIGKILL);
  const support::Run cleaned = box_.run({"clean", "--snapshot-dir", ".snapshots"});
  EXPECT_EQ(cleaned.status, 0) << cleaned.text();
  EXPECT_THAT(cleaned.out, HasSubstr("interrupted: 1 capture"));
  EXPECT_TRUE(!fs::exists(box_.path(".snapshots/staging")) || fs::is_empty(box_.path(".snapshots/staging")));
}

}  // namespace
}  // namespace snapshot_test::support
