// What capture makes of a baseline that is there, and how a run's end tells what to do next.
#include <gmock/gmock.h>

#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kSuite =
    "import lib\n"
    "def time_same(): return 1\n"
    "def time_close(): return 1.0 + lib.TINY\n"
    "def time_changed(): return lib.VALUE\n"
    "class Grown:\n"
    "    params = lib.PARAMS\n"
    "    def time_p(self, n): return n\n";

class Replacing : public testing::Test {
 protected:
  Replacing() {
    box_.write_suite(kSuite);
    box_.write_library("TINY, VALUE, PARAMS = 0, 1, [1, 2]\n");
  }
  Sandbox box_;
};

TEST_F(Replacing, ChangedCases_AreCountedByVerdict) {
  EXPECT_THAT(box_.capture().run.out, Not(HasSubstr("this replaces")));
  box_.write_library("TINY, VALUE, PARAMS = 1e-9, 2, [2, 3, 4]\n");
  const auto captured = box_.capture();
  EXPECT_EQ(captured.run.status, 0) << captured.text();
  EXPECT_THAT(captured.run.out, HasSubstr("this replaces the baseline of 20"));
  EXPECT_THAT(captured.run.out, HasSubstr("\n  2 identical, 1 close, 1 different, 2 new, 1 gone\n"));
  EXPECT_THAT(captured.run.out, HasSubstr("would fail: bench.time_changed: return differs\n"));
  const auto& replaces = captured.json["summary"]["replaces"];
  EXPECT_EQ(replaces["by_verdict"]["identical"], 2);
  EXPECT_EQ(replaces["by_verdict"]["different"], 1);
  EXPECT_EQ(box_.verify().run.status, 0) << "nobody was asked, since this is no terminal";
}

TEST_F(Replacing, AnswerOnATerminal_DecidesWhetherItIsReplaced) {
  ASSERT_EQ(box_.capture().run.status, 0);
  box_.write_library("TINY, VALUE, PARAMS = 0, 2, [1, 2]\n");
  const auto before = box_.tree(".snapshots/cases");
  std::string command;
  for (const std::string& word : box_.suite_arguments("capture")) {
    command += " '" + word + "'";
  }
  const std::string program = "'" + Sandbox::binary() + "'" + command;
  // util-linux's script gives it a terminal.
  const auto on_terminal = [&](const std::string& answer) {
    return box_.run_command(
        {"/bin/sh", "-c", "echo " + answer + " | TERM=xterm script -qec \"$0\" /dev/null", program});
  };
  const auto refused = on_terminal("n");
  EXPECT_THAT(refused.out,
              AllOf(HasSubstr("1 different"), HasSubstr("replace it? [y/N]"), HasSubstr("the answer was no")));
  EXPECT_EQ(refused.status, 1) << refused.text();
  EXPECT_EQ(box_.tree(".snapshots/cases"), before);
  EXPECT_EQ(box_.verify().of("bench.time_changed"), "different");
  EXPECT_EQ(on_terminal("y").status, 0);
  EXPECT_EQ(box_.verify().of("bench.time_changed"), "identical");
}

TEST_F(Replacing, SameValues_AreReplacedWithoutAQuestion) {
  ASSERT_EQ(box_.capture().run.status, 0);
  const auto again = box_.capture();
  EXPECT_EQ(again.run.status, 0);
  EXPECT_THAT(again.run.out, HasSubstr("\n  5 identical\n"));
}

TEST_F(Replacing, UndoOfACapture_BringsTheOneBeforeBack) {
  ASSERT_EQ(box_.capture().run.status, 0);
  const auto nothing = box_.run({"capture", "--undo"});
  EXPECT_EQ(nothing.status, 2);
  EXPECT_THAT(nothing.err, HasSubstr("there is nothing to undo"));
  const auto before = box_.tree(".snapshots/cases");
  box_.write_library("TINY, VALUE, PARAMS = 1e-9, 2, [2, 3]\n");
  box_.write("benchmarks/added.py", "def time_new(): return 1\n");
  const auto captured = box_.capture();
  ASSERT_EQ(captured.run.status, 0);
  EXPECT_THAT(captured.run.out, HasSubstr("\nundo: snapshot_test capture "));
  const auto undone = box_.run({"capture", "--undo"});
  EXPECT_EQ(undone.status, 0) << undone.text();
  EXPECT_THAT(undone.out,
              AllOf(HasSubstr("this undoes the capture of 20"), HasSubstr("4 benchmarks as before it"),
                    HasSubstr("1 benchmark that it added, removed"), HasSubstr("undone; the baseline is that of 20")));
  EXPECT_EQ(box_.tree(".snapshots/cases"), before);
  EXPECT_EQ(box_.verify().of("bench.time_changed"), "different");
  EXPECT_EQ(box_.run({"capture", "--undo"}).status, 2);
  EXPECT_EQ(box_.run({"capture", "--undo", "--json", "x.json"}).status, 2);
  EXPECT_EQ(box_.run({"capture", "--undo", "--check"}).status, 2);
  EXPECT_EQ(box_.run({"capture", "--undo", "--update", "failed"}).status, 2);
}

TEST_F(Replacing, MaxfailInVerify_StopsAfterThatManyFailures) {
  box_.write_suite(
      "import lib\nclass Many:\n    params = list(range(9))\n    def time_p(self, n): return n * lib.VALUE\n");
  ASSERT_EQ(box_.capture().run.status, 0);
  box_.write_library("VALUE = -1\n");
  const auto one = box_.verify({"-x", "-j", "1"});
  EXPECT_EQ(one.run.status, 1);
  EXPECT_EQ(one.json["summary"]["failed"], 1);
  EXPECT_THAT(one.run.out, HasSubstr("the run was stopped there (--maxfail)"));
  EXPECT_EQ(box_.verify({"--maxfail", "3", "-j", "1"}).json["summary"]["failed"], 3);
}

TEST_F(Replacing, NextCommand_NamesTheFailedCaseAndNoOldFilter) {
  ASSERT_EQ(box_.capture().run.status, 0);
  box_.write_library("TINY, VALUE, PARAMS = 0, 2, [1, 2]\n");
  using Words = std::vector<std::string>;
  for (const Words& words :
       {Words{"-fchanged", "-x"}, Words{"-xf", "changed"}, Words{"--filter=changed", "--maxfail=2"},
        Words{"-k", "changed", "-xv"}, Words{"-xkchanged"}}) {
    Words arguments{"-j", "1"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    const std::string out = box_.verify(arguments).run.out;
    const std::size_t again = out.find("again: snapshot_test verify ");
    ASSERT_NE(again, std::string::npos) << words.front() << "\n" << out;
    EXPECT_THAT(out.substr(again), HasSubstr(" -j 1 --filter '^bench\\.time_changed$'\n")) << words.front();
  }
}

TEST_F(Replacing, ExcludeThatMatchesNothing_SaysSo) {
  const auto captured = box_.capture({"--exclude", "nothing_like_it"});
  EXPECT_THAT(captured.run.out, HasSubstr("note: --exclude 'nothing_like_it' leaves nothing out"));
}

}  // namespace
}  // namespace snapshot_test::support
