// verify --pending, pending, accept, reject, review and show --history, as a user runs them.
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kSuite =
    "import lib\n"
    "def time_one(): return lib.ONE\n"
    "def time_two(): return lib.TWO\n"
    "def time_same(): return 5\n"
    "class Many:\n"
    "    params = list(range(6))\n"
    "    def time_many(self, n): return [n, lib.ONE]\n";

class Reviewing : public testing::Test {
 protected:
  Reviewing() {
    box_.write_suite(kSuite);
    box_.write_library("ONE, TWO = 1.0, 'two'\n");
    EXPECT_EQ(box_.capture().run.status, 0);
  }

  Report change_and_stage(const std::string& library = "ONE, TWO = 1.5, 'deux'\n") {
    box_.write_library(library);
    return box_.verify({"--pending", "always"});
  }
  [[nodiscard]] std::vector<std::string> pending() const {
    const support::Run listed = box_.run({"pending", "--json"});
    EXPECT_EQ(listed.status, 0) << listed.err;
    std::vector<std::string> labels;
    const auto json = nlohmann::json::parse(listed.out);
    for (const auto& each : json["cases"]) {
      labels.push_back(each["label"]);
    }
    return labels;
  }
  /// In a pseudo-terminal, with these lines typed.
  [[nodiscard]] support::Run on_terminal(const std::string& subcommand, const std::string& lines) const {
    const std::string program = "'" + Sandbox::binary() + "' " + subcommand;
    return box_.run_command(
        {"/bin/sh", "-c", "printf '" + lines + "' | TERM=xterm script -qec \"$0\" /dev/null", program});
  }

  Sandbox box_;
};

TEST_F(Reviewing, VerifyStagesWhatDiffers_AndTheBaselineStaysAsItIs) {
  const auto before = box_.tree(".snapshots/cases");
  const auto verified = change_and_stage();
  EXPECT_EQ(verified.run.status, 1);
  EXPECT_EQ(verified.json["summary"]["pending"], 8);
  EXPECT_THAT(verified.run.out, HasSubstr("8 values pending: `snapshot_test review`"));
  EXPECT_EQ(box_.tree(".snapshots/cases"), before);
  EXPECT_EQ(pending().size(), 8U);
  EXPECT_EQ(box_.verify().json["summary"]["pending"], 0) << "nobody looks: nothing is staged by itself";
  EXPECT_EQ(pending().size(), 8U);
}

TEST_F(Reviewing, AcceptTakesOverWhatIsNamed_WithItsHistory) {
  ASSERT_EQ(change_and_stage().run.status, 1);
  const support::Run accepted = box_.run({"accept", "bench.time_one", "--reason", "the new solver"});
  EXPECT_EQ(accepted.status, 0) << accepted.err;
  const auto verified = box_.verify();
  EXPECT_EQ(verified.of("bench.time_one"), "identical");
  EXPECT_EQ(verified.of("bench.time_two"), "different");
  EXPECT_EQ(verified.of("bench.Many.time_many(0)"), "different");
  EXPECT_EQ(pending().size(), 7U);
  const support::Run history = box_.run({"show", "bench.time_one", "--history"});
  EXPECT_THAT(history.out, AllOf(HasSubstr("the new solver"), HasSubstr("- return "), HasSubstr("+ return ")))
      << history.err;
  EXPECT_THAT(box_.run({"show", "--history", "--json"}).out, HasSubstr("the new solver"));
  EXPECT_EQ(box_.run({"accept", "--all"}).status, 0);
  EXPECT_EQ(box_.verify().run.status, 0);
  EXPECT_THAT(pending(), IsEmpty());
  ASSERT_EQ(box_.capture().run.status, 0);
  EXPECT_THAT(box_.run({"show", "bench.time_one", "--history"}).out, HasSubstr("the new solver"));
}

TEST_F(Reviewing, NewOrCaptureFailedCase_IsStaged) {
  box_.write_suite("def time_bad(): raise ValueError\ndef time_same(): return 5\n");
  ASSERT_EQ(box_.capture().run.status, 0);
  box_.write_suite("def time_bad(): return 1\ndef time_new(): return 2\ndef time_same(): return 5\n");
  ASSERT_EQ(box_.verify({"--pending", "always"}).run.status, 0);
  EXPECT_EQ(pending(), (std::vector<std::string>{"bench.time_bad", "bench.time_new"}));
  ASSERT_EQ(box_.run({"accept", "--filter", "time_(bad|new)$"}).status, 0);
  const auto verified = box_.verify();
  EXPECT_EQ(verified.of("bench.time_bad"), "identical");
  EXPECT_EQ(verified.of("bench.time_new"), "identical");
}

TEST_F(Reviewing, NameThatIsNotPending_IsAnErrorThatListsWhatIs) {
  const support::Run none = box_.run({"accept", "--all"});
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.err, HasSubstr("nothing is pending"));
  ASSERT_EQ(change_and_stage().run.status, 1);
  for (const auto& [extra, says] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"bench.time_same"}, "'bench.time_same' is not pending"},
           {{"--filter", "time_thre"}, "--filter 'time_thre' matches nothing"},
           {{}, "no case is named"}}) {
    for (const std::string subcommand : {"accept", "reject"}) {
      std::vector<std::string> arguments{subcommand};
      arguments.insert(arguments.end(), extra.begin(), extra.end());
      const support::Run run = box_.run(arguments);
      EXPECT_EQ(run.status, 2);
      EXPECT_THAT(run.err, AllOf(HasSubstr(says), HasSubstr("bench.time_one")));
    }
  }
  EXPECT_THAT(box_.run({"accept", "--filter", "("}).err, HasSubstr("is not a regular expression"));
  EXPECT_EQ(pending().size(), 8U);
}

TEST_F(Reviewing, SourceOrBaselineChangedSince_IsRefusedAndNamed) {
  ASSERT_EQ(change_and_stage().run.status, 1);
  box_.write("benchmarks/bench.py", std::string(kSuite) + "# changed\n");
  const support::Run moved = box_.run({"accept", "bench.time_one"});
  EXPECT_EQ(moved.status, 2);
  EXPECT_THAT(moved.err, AllOf(HasSubstr("bench.py' has changed"), HasSubstr("nothing was accepted")));
  box_.write("benchmarks/bench.py", kSuite);
  ASSERT_EQ(box_.capture({"--filter", "time_one"}).run.status, 0);
  const support::Run again = box_.run({"accept", "--all"});
  EXPECT_EQ(again.status, 2);
  EXPECT_THAT(again.err, HasSubstr("bench.time_one: the baseline of the case has changed"));
  EXPECT_EQ(box_.run({"accept", "bench.time_two"}).status, 0);
}

TEST_F(Reviewing, SecondVerify_ReplacesOnlyWhatItRan) {
  ASSERT_EQ(change_and_stage().run.status, 1);
  box_.write_library("ONE, TWO = 1.0, 'two'\n");
  ASSERT_EQ(box_.verify({"--pending", "always", "--filter", "time_one"}).run.status, 0);
  const auto left = pending();
  EXPECT_EQ(left.size(), 7U) << "it is as the baseline again";
  EXPECT_THAT(left, Not(testing::Contains("bench.time_one")));
  ASSERT_EQ(box_.verify({"--pending", "always"}).run.status, 0);
  EXPECT_THAT(pending(), IsEmpty());
}

TEST_F(Reviewing, Reject_RemovesThePendingValues) {
  ASSERT_EQ(change_and_stage().run.status, 1);
  EXPECT_EQ(box_.run({"reject", "bench.Many.time_many"}).status, 0);
  EXPECT_EQ(pending(), (std::vector<std::string>{"bench.time_one", "bench.time_two"}));
  EXPECT_EQ(box_.verify().of("bench.Many.time_many(0)"), "different");
}

TEST_F(Reviewing, PendingDir_KeepsPendingValuesOutOfTheStore) {
  box_.write_library("ONE, TWO = 1.5, 'deux'\n");
  const auto before = box_.tree(".snapshots");
  ASSERT_EQ(box_.verify({"--pending", "always", "--pending-dir", "elsewhere"}).run.status, 1);
  EXPECT_EQ(box_.tree(".snapshots"), before);
  EXPECT_EQ(box_.run({"accept", "--pending-dir", "elsewhere", "--all"}).status, 0);
  EXPECT_EQ(box_.verify().run.status, 0);
  EXPECT_EQ(box_.read("elsewhere/.gitignore"), "*\n");
}

TEST_F(Reviewing, TwoAcceptsAtOnce_OneIsCarriedOutAndTheOtherSaysWhyNot) {
  for (int round = 0; round < 5; ++round) {
    ASSERT_EQ(change_and_stage("ONE, TWO = " + std::to_string(round + 2) + ", 'deux'\n").run.status, 1);
    std::vector<std::unique_ptr<Program>> programs;
    for (const std::string who : {"first", "second"}) {
      programs.push_back(box_.start({"accept", "--all", "--reason", who + " of round " + std::to_string(round)}));
    }
    std::vector<support::Run> runs;
    for (const auto& program : programs) {
      runs.push_back(program->wait(std::chrono::seconds(60)));
    }
    const bool second = runs[0].status != 0;
    EXPECT_EQ(runs[second ? 1 : 0].status, 0) << runs[0].text() << runs[1].text();
    const support::Run& other = runs[second ? 0 : 1];
    EXPECT_THAT(other.status, testing::AnyOf(2, 3)) << other.text();
    EXPECT_THAT(other.err, testing::AnyOf(HasSubstr("nothing is pending"), HasSubstr("not pending any more"),
                                          HasSubstr("--all: "), HasSubstr("another capture is writing")));
    EXPECT_EQ(box_.verify().run.status, 0);
    EXPECT_THAT(pending(), IsEmpty());
    const auto history = nlohmann::json::parse(box_.run({"show", "bench.time_one", "--history", "--json"}).out);
    EXPECT_EQ(history["cases"][0]["history"].size(), static_cast<std::size_t>(round) + 1);
  }
}

TEST_F(Reviewing, NoTerminal_PrintsCommandsThatCanBeRun) {
  ASSERT_EQ(change_and_stage().run.status, 1);
  const support::Run printed = box_.run({"review"});
  EXPECT_EQ(printed.status, 0) << printed.err;
  EXPECT_THAT(printed.out, HasSubstr("6 cases: return different"));
  const std::size_t at = printed.out.find("  snapshot_test accept 'bench.Many.time_many(");
  ASSERT_NE(at, std::string::npos) << printed.out;
  std::string command = printed.out.substr(at, printed.out.find('\n', at) - at);
  command.replace(command.find("snapshot_test"), 13, "'" + Sandbox::binary() + "'");
  EXPECT_EQ(box_.run_command({"/bin/sh", "-c", command}).status, 0);
  EXPECT_EQ(pending().size(), 2U);
}

TEST_F(Reviewing, KeysOnATerminal_AcceptRejectOrSkip) {
  ASSERT_EQ(change_and_stage().run.status, 1);
  const support::Run reviewed = on_terminal("review --reason typed", "d\nx\na\nr\ns\n");
  EXPECT_EQ(reviewed.status, 0) << reviewed.out;
  EXPECT_THAT(reviewed.out, HasSubstr("1 of 3: "));
  EXPECT_THAT(reviewed.out, HasSubstr("'deux'"));
  EXPECT_THAT(reviewed.out, HasSubstr("[a]ccept all 6 like this"));
  EXPECT_THAT(reviewed.out, HasSubstr("still pending"));
  const std::size_t left = pending().size();
  EXPECT_TRUE(left == 1 || left == 6) << left << reviewed.out;
  EXPECT_THAT(box_.run({"show", "--history"}).out, HasSubstr("typed"));
}

TEST_F(Reviewing, QuitOnATerminal_ChangesNothingAndAllCanBeAccepted) {
  ASSERT_EQ(change_and_stage().run.status, 1);
  const auto before = box_.tree(".snapshots/cases");
  const support::Run quit = on_terminal("review", "q\n");
  EXPECT_THAT(quit.out, HasSubstr("accepted 0, rejected 0, 8 still pending"));
  EXPECT_EQ(box_.tree(".snapshots/cases"), before);
  const support::Run all = on_terminal("review", "s\nA\n");
  EXPECT_THAT(all.out, HasSubstr("still pending"));
  EXPECT_LT(pending().size(), 8U);
  EXPECT_THAT(on_terminal("review", "R\n").out, HasSubstr("0 still pending"));
  EXPECT_THAT(box_.run({"review"}).out, HasSubstr("nothing is pending"));
}

TEST_F(Reviewing, OnATerminalVerifyStagesByItself_ButNotForAService) {
  box_.write_library("ONE, TWO = 1.5, 'deux'\n");
  std::string words;
  for (const std::string& word : box_.suite_arguments("verify")) {
    words += " '" + word + "'";
  }
  EXPECT_THAT(on_terminal(words, "").out, HasSubstr("8 values pending"));
  ASSERT_EQ(box_.run({"reject", "--all"}).status, 0);
  const support::Run service =
      box_.run_command({"/bin/sh", "-c", "CI=1 TERM=xterm script -qec \"$0\" /dev/null < /dev/null",
                        "'" + Sandbox::binary() + "'" + words});
  EXPECT_THAT(service.out, Not(HasSubstr("pending")));
  EXPECT_THAT(pending(), IsEmpty());
}

}  // namespace
}  // namespace snapshot_test::support
