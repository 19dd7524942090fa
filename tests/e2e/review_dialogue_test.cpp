// review in a terminal: what is typed, what the screen says, and what becomes of the baseline.
#include <gmock/gmock.h>

#include <csignal>
#include <string>
#include <vector>

#include "support/pseudo_terminal.hpp"
#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// Three causes: 34 cases of numbers, a text, and a new case.
class Dialogue : public testing::Test {
 protected:
  Dialogue() {
    box_.write("snapshot_config.json", R"({"stability_check": false})");
    box_.write_suite(
        "import lib\n"
        "def time_text(): return lib.TEXT\n"
        "class Many:\n"
        "    params = list(range(34))\n"
        "    def time_many(self, n): return [n, lib.NUMBER]\n");
    box_.write_library("NUMBER, TEXT = 1.0, 'zwei'\n");
    EXPECT_EQ(box_.capture().run.status, 0);
    box_.write_library("NUMBER, TEXT = 1.5, 'd\\u00e9j\\u00e0 vu \\x1b[31m'\n");
    box_.write("benchmarks/bench.py", box_.read("benchmarks/bench.py") + "def time_new(): return 3\n");
    EXPECT_EQ(box_.verify({"--pending", "always"}).json["summary"]["pending"], 36);
    before_ = box_.tree(".snapshots/cases");
  }

  [[nodiscard]] ProgramOptions surroundings() const {
    ProgramOptions options;
    options.folder = box_.root();
    options.environment = {{"PATH", "/usr/bin:/bin"},
                           {"HOME", box_.path("home").string()},
                           {"TMPDIR", box_.path("tmp").string()},
                           {"LANG", "C.UTF-8"},
                           {"TERM", "xterm"}};
    return options;
  }
  static std::vector<std::string> review(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {Sandbox::binary(), "review"});
    return more;
  }
  [[nodiscard]] std::vector<std::string> pending() const {
    std::vector<std::string> labels;
    const auto json = nlohmann::json::parse(box_.run({"pending", "--json"}).out);
    for (const auto& each : json["cases"]) {
      labels.push_back(each["label"]);
    }
    return labels;
  }
  [[nodiscard]] bool is_untouched() const { return box_.tree(".snapshots/cases") == before_; }

  Sandbox box_;
  std::map<std::string, std::string> before_;
};

/// Answers the question that names this case, one after the other.
void answer(PseudoTerminal& terminal, const std::string& about, const std::string& keys) {
  ASSERT_TRUE(terminal.shows(about)) << terminal.screen();
  ASSERT_TRUE(terminal.shows("[q]uit: ")) << terminal.screen();
  terminal.type(keys);
}

TEST_F(Dialogue, AcceptAllLikeThis_RejectAndSkip_AreEachOneKey) {
  PseudoTerminal terminal(review({"--reason", "typed"}), surroundings());
  answer(terminal, "1 of 3: ", "r\n");
  answer(terminal, "2 of 3: ", "s\n");
  answer(terminal, "3 of 3: return different: numbers at [*]", "a\n");
  EXPECT_TRUE(terminal.shows("accepted 34, rejected 1, 1 still pending")) << terminal.screen();
  EXPECT_EQ(terminal.wait(), 0);
  EXPECT_THAT(terminal.screen(),
              AllOf(HasSubstr("[a]ccept all 34 like this, [r]eject all 34 like this, [s]kip, [d]etails"),
                    HasSubstr("[a]ccept this, [r]eject this"), HasSubstr("alike: bench.Many.time_many(1)"),
                    HasSubstr("and 28 more")));
  EXPECT_THAT(pending(), SizeIs(1));
  EXPECT_EQ(box_.verify().of("bench.Many.time_many(33)"), "identical");
  EXPECT_THAT(box_.run({"show", "bench.Many.time_many(33)", "--history"}).out, HasSubstr("typed"));
}

TEST_F(Dialogue, Details_ShowEveryCaseOfTheGroup_AndAskAgain) {
  PseudoTerminal terminal(review({"bench.Many.time_many"}), surroundings());
  answer(terminal, "1 of 1: ", "d\n");
  answer(terminal, "bench.Many.time_many(33)", "what?\n");
  answer(terminal, "what?", "\n");
  answer(terminal, "", "a\n");
  EXPECT_TRUE(terminal.shows("accepted 34, rejected 0, 2 still pending")) << terminal.screen();
  EXPECT_EQ(terminal.wait(), 0);
}

TEST_F(Dialogue, AllThatIsLeft_IsAcceptedOrRejectedWithOneKey) {
  {
    PseudoTerminal terminal(review(), surroundings());
    answer(terminal, "1 of 3: ", "s\n");
    answer(terminal, "2 of 3: ", "R\n");
    EXPECT_TRUE(terminal.shows("accepted 0, rejected 35, 1 still pending")) << terminal.screen();
    EXPECT_EQ(terminal.wait(), 0);
    EXPECT_TRUE(is_untouched());
  }
  PseudoTerminal terminal(review(), surroundings());
  answer(terminal, "1 of 1: ", "A\n");
  EXPECT_TRUE(terminal.shows("accepted 1, rejected 0, 0 still pending")) << terminal.screen();
  EXPECT_EQ(terminal.wait(), 0);
  EXPECT_THAT(pending(), IsEmpty());
}

TEST_F(Dialogue, QuitAndTheEndOfTheInput_DoWhatWasAnsweredBefore) {
  for (const std::string end : {"q\n", "\x04"}) {
    {
      PseudoTerminal terminal(review({"--filter", "Many|text"}), surroundings());
      answer(terminal, "1 of 2: ", "s\n");
      answer(terminal, "2 of 2: ", end);
      EXPECT_TRUE(terminal.shows("accepted 0, rejected 0, 36 still pending")) << terminal.screen();
      EXPECT_EQ(terminal.wait(), 0);
      EXPECT_TRUE(is_untouched());
    }
  }
  PseudoTerminal terminal(review(), surroundings());
  answer(terminal, "1 of 3: ", "a\n");
  answer(terminal, "2 of 3: ", "\x04");
  EXPECT_TRUE(terminal.shows("accepted 1, rejected 0, 35 still pending")) << terminal.screen();
  EXPECT_EQ(terminal.wait(), 0);
}

TEST_F(Dialogue, KilledInTheMiddle_NothingIsChanged) {
  for (const int signal : {SIGKILL, SIGTERM, SIGHUP}) {
    PseudoTerminal terminal(review(), surroundings());
    answer(terminal, "1 of 3: ", "a\n");
    answer(terminal, "2 of 3: ", "r\n");
    ASSERT_TRUE(terminal.shows("3 of 3: ")) << terminal.screen();
    terminal.send(signal);
    EXPECT_EQ(terminal.wait(), 128 + signal);
    EXPECT_TRUE(is_untouched());
    EXPECT_THAT(pending(), SizeIs(36));
  }
  {
    PseudoTerminal terminal(review(), surroundings());
    answer(terminal, "1 of 3: ", "a\n");
    answer(terminal, "2 of 3: ", "\x03");
    EXPECT_EQ(terminal.wait(), 130) << "Ctrl-C";
    EXPECT_TRUE(is_untouched());
  }
  PseudoTerminal terminal(review(), surroundings());
  answer(terminal, "1 of 3: ", "a\n");
  ASSERT_TRUE(terminal.shows("2 of 3: ")) << terminal.screen();
  terminal.hang_up();
  EXPECT_NE(terminal.wait(), 0);
  EXPECT_TRUE(is_untouched());
  EXPECT_THAT(pending(), SizeIs(36));
}

TEST_F(Dialogue, TerminalWithoutColoursAndUtf8_IsSentNoEscapesAndPlainQuestions) {
  ProgramOptions plain = surroundings();
  plain.environment["LANG"] = "C";
  plain.environment["LC_ALL"] = "C";
  plain.environment["TERM"] = "dumb";
  plain.environment["NO_COLOR"] = "1";
  PseudoTerminal terminal(review({"bench.time_text", "bench.time_new"}), plain);
  answer(terminal, "1 of 2: ", "s\n");
  answer(terminal, "2 of 2: ", "a\n");
  EXPECT_TRUE(terminal.shows("accepted 1, rejected 0, 35 still pending")) << terminal.screen();
  EXPECT_EQ(terminal.wait(), 0);
  EXPECT_THAT(terminal.screen(), Not(HasSubstr("\x1b"))) << "not even those of a benchmark's text";
  EXPECT_THAT(terminal.screen(), HasSubstr("[a]ccept this, [r]eject this, [s]kip, [d]etails, [A]ccept or [R]eject all "
                                           "that is left, [q]uit: "));
}

TEST_F(Dialogue, SomeCasesOnly_AreAskedAbout) {
  PseudoTerminal terminal(review({"--filter", "time_many\\(1\\d\\)"}), surroundings());
  answer(terminal, "1 of 1: ", "a\n");
  EXPECT_THAT(terminal.screen(), HasSubstr("[a]ccept all 10 like this"));
  EXPECT_TRUE(terminal.shows("accepted 10, rejected 0, 26 still pending")) << terminal.screen();
  EXPECT_EQ(terminal.wait(), 0);
  const auto none = box_.run({"review", "bench.time_none"});
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.err, HasSubstr("'bench.time_none' is not pending; pending are:"));
}

}  // namespace
}  // namespace snapshot_test::support
