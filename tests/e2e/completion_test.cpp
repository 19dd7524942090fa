// What shells and `man` know of the program's arguments is what --help says of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;
using Words = std::vector<std::string>;

Words lines_of(const std::string& text) {
  Words lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// `text` between `begin` and what comes next of `end`; empty if it is not there.
std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin);
  return from == std::string::npos ? "" : text.substr(from, text.find(end, from + begin.size()) - from);
}

/// A folder with benchmarks/ and project/ in it, and the completion of each shell.
class Completion : public ::testing::Test {
 protected:
  Completion() {
    box_.write("benchmarks/bench.py", "");
    box_.write("project/lib.py", "");
    box_.write("settings.json", "{}");
    box_.write("begin.txt", "no folder");
    box_.write("bash/snapshot_test", script("bash"));
    box_.write("zsh/_snapshot_test", script("zsh"));
    box_.write("fish/snapshot_test.fish", script("fish"));
    std::filesystem::create_directories(box_.path("home/bin"));
    std::filesystem::create_symlink(Sandbox::binary(), box_.path("home/bin/snapshot_test"));
  }

  std::string script(const std::string& shell) const {
    const auto run = box_.run({"completion", shell});
    EXPECT_EQ(run.status, 0) << run.text();
    return run.out;
  }

  static bool installed(const std::string& program) {
    return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
  }

  /// A program found on PATH.
  support::Run on_path(Words command) const {
    const std::string path = std::string("PATH=") + box_.path("home/bin").string() + ":" + std::getenv("PATH");
    command.insert(command.begin(), {"/usr/bin/env", path});
    return box_.run_command(command);
  }

  Words printed(const Words& command) const {
    const auto run = on_path(command);
    EXPECT_EQ(run.status, 0) << run.text();
    EXPECT_EQ(run.err, "");
    return lines_of(run.out);
  }

  /// What bash offers for the last of the words that follow "snapshot_test".
  Words bash(const Words& words) const {
    Words command{"bash", "-c",
                  "source bash/snapshot_test; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _snapshot_test;"
                  "((${#COMPREPLY[@]} == 0)) || printf '%s\\n' \"${COMPREPLY[@]}\"",
                  "bash", "snapshot_test"};
    command.insert(command.end(), words.begin(), words.end());
    return printed(command);
  }

  /// What fish offers at the end of a line, without descriptions.
  Words fish(const std::string& line) const {
    Words words = printed({"fish", "--no-config", "-c", "source fish/snapshot_test.fish; complete -C $argv[1]", line});
    for (std::string& word : words) word.resize(std::min(word.find('\t'), word.size()));
    return words;
  }

  /// The line that an interactive zsh makes of this one and the key Tab. Needs a terminal, so zsh gets one from zsh.
  std::string zsh(const std::string& line) const {
    box_.write("tab.zsh", R"(
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'stty cols 300; fpath=($PWD/zsh $fpath); autoload -U compinit; compinit -u -D; bindkey "^I" complete-word'
zpty -w shell 'snapshot_test() { print -r -- "RAN:$*:" }; print REA""DY'
zpty -r -m shell out '*READY*'
zpty -w shell "$1"$'\t'
zpty -r -m shell out '*RAN:*:*'
print -r -- ${${out##*RAN:}%%:*}
)");
    const Words lines = printed({"zsh", "-f", "tab.zsh", line});
    return lines.empty() ? "" : lines.front();
  }

  Words subcommands() const {
    Words names;
    const std::string help = between(box_.run({"--help"}).out, "Subcommands:", "Workflow:");
    const std::regex name("\n  ([a-z]+)");
    for (std::sregex_iterator at(help.begin(), help.end(), name), end; at != end; ++at) names.push_back((*at)[1]);
    return names;
  }

  /// "-c", "--config", ...: what the help of a subcommand lists.
  Words options(const std::string& subcommand) const {
    Words names;
    const std::regex option("(-[a-z]|--[a-z-]+)(,| |$)");
    for (const std::string& line : lines_of(box_.run({subcommand, "--help"}).out)) {
      if (!line.starts_with("  -")) continue;
      const std::string head = line.substr(2, line.find(' ', 2) - 2);
      for (std::sregex_iterator at(head.begin(), head.end(), option), end; at != end; ++at) names.push_back((*at)[1]);
    }
    return names;
  }

  Sandbox box_;
};

TEST_F(Completion, Help_ListsSubcommandsAndOptions) {
  EXPECT_THAT(subcommands(),
              ElementsAre("list", "capture", "verify", "baseline", "continuous", "bisect", "compare", "show", "audit",
                          "diff", "pending", "review", "accept", "reject", "push", "pull", "remote", "report", "plan",
                          "merge", "config", "check", "clean", "cache", "completion"));
  EXPECT_THAT(options("verify"), AllOf(Contains("-c"), Contains("--config"), Contains("--max-memory")));
}

TEST_F(Completion, Bash_OffersSubcommandsOptionsValuesAndFiles) {
  printed({"bash", "-n", "bash/snapshot_test"});
  EXPECT_THAT(bash({"ver"}), ElementsAre("verify"));
  EXPECT_EQ(bash({""}), subcommands());
  EXPECT_THAT(bash({"verify", "--tol"}), ElementsAre("--tolerance"));
  EXPECT_THAT(bash({"verify", "--color", ""}), ElementsAre("auto", "always", "never"));
  EXPECT_THAT(bash({"--color", "n"}), ElementsAre("never"));
  EXPECT_THAT(bash({"capture", "--isolation", ""}), ElementsAre("auto", "case", "spawn"));
  EXPECT_THAT(bash({"verify", "--snapshot-dir", ""}),
              UnorderedElementsAre("bash", "benchmarks", "project", "zsh", "fish", "home", "tmp"));
  EXPECT_THAT(bash({"verify", "--config", "s"}), ElementsAre("settings.json"));
  EXPECT_THAT(bash({"completion", ""}), ElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(bash({"diff", "settings.json", "set"}), ElementsAre("settings.json"));
  EXPECT_THAT(bash({"verify", "--python", "settings.j"}), ElementsAre("settings.json"));
}

TEST_F(Completion, BashAfterEarlierWords_OffersOnlyWhatCanFollow) {
  EXPECT_THAT(bash({"-c", "verify", "cap"}), ElementsAre("capture")) << "verify is a file here";
  EXPECT_THAT(bash({"verify", "--tolerance", "1", "b"}), IsEmpty()) << "a second number";
  EXPECT_THAT(bash({"verify", "--tolerance", "1", "2", "be"}), ElementsAre("benchmarks"));
  EXPECT_THAT(bash({"verify", "benchmarks", "be"}), IsEmpty()) << "there is one benchmark folder";
  EXPECT_THAT(bash({"verify", "--max-memory", "2G", "be"}), ElementsAre("benchmarks"));
  EXPECT_THAT(bash({"list", "--json", "be"}), ElementsAre("benchmarks")) << "a flag of list";
  EXPECT_THAT(bash({"verify", "--json", "set"}), ElementsAre("settings.json")) << "not one of verify";
  EXPECT_THAT(bash({"verify", "--", "--tol"}), IsEmpty());
  EXPECT_THAT(bash({"verify", "--color", "=", "al"}), ElementsAre("always")) << "as bash splits --color=al";
  EXPECT_THAT(bash({"verify", "--color", "="}), ElementsAre("auto", "always", "never"));
  EXPECT_THAT(bash({"verify", "--color=al"}), ElementsAre("--color=always")) << "where COMP_WORDBREAKS has no =";
}

TEST_F(Completion, OfferedOptionValue_IsAcceptedByTheProgram) {
  for (const std::string option : {"--mode", "--isolation", "--compression", "--color"}) {
    const Words offered = bash({"capture", option, ""});
    EXPECT_GE(offered.size(), 2u) << option;
    const std::string complaint = box_.run({"capture", option, "?"}).err;
    for (const std::string& word : offered) {
      EXPECT_THAT(complaint, HasSubstr(word)) << option << " must be one of those";
      EXPECT_THAT(box_.run({"capture", option, word, "no_such_folder"}).err, HasSubstr("no_such_folder"));
    }
  }
}

TEST_F(Completion, Fish_OffersSubcommandsOptionsValuesAndFiles) {
  ST_SKIP_UNLESS(installed("fish"), "there is no fish");
  printed({"fish", "-n", "fish/snapshot_test.fish"});
  EXPECT_THAT(fish("snapshot_test ver"), ElementsAre("verify"));
  EXPECT_THAT(fish("snapshot_test verify --tol"), ElementsAre("--tolerance"));
  EXPECT_THAT(fish("snapshot_test verify --color "), UnorderedElementsAre("auto", "always", "never"));
  EXPECT_THAT(fish("snapshot_test verify --snapshot-dir be"), ElementsAre("benchmarks/"));
  EXPECT_THAT(fish("snapshot_test verify --config=s"), ElementsAre("--config=settings.json"));
  EXPECT_THAT(fish("snapshot_test -c verify cap"), ElementsAre("capture"));
  EXPECT_THAT(fish("snapshot_test verify be"), ElementsAre("benchmarks/"));
  EXPECT_THAT(fish("snapshot_test completion "), UnorderedElementsAre("bash", "zsh", "fish"));
}

TEST_F(Completion, Zsh_CompletesSubcommandsOptionsValuesAndFiles) {
  ST_SKIP_UNLESS(installed("zsh"), "there is no zsh");
  printed({"zsh", "-n", "zsh/_snapshot_test"});
  EXPECT_EQ(zsh("snapshot_test ver"), "verify");
  EXPECT_EQ(zsh("snapshot_test verify --tol"), "verify --tolerance");
  EXPECT_EQ(zsh("snapshot_test -v verify --color al"), "-v verify --color always");
  EXPECT_EQ(zsh("snapshot_test verify --color=al"), "verify --color=always");
  EXPECT_EQ(zsh("snapshot_test verify --snapshot-dir be"), "verify --snapshot-dir benchmarks");
  EXPECT_EQ(zsh("snapshot_test -c verify cap"), "-c verify capture");
  EXPECT_EQ(zsh("snapshot_test verify --tolerance 1 2 be"), "verify --tolerance 1 2 benchmarks");
}

/// A store with names that shells take for something else, and values that are pending.
class NameCompletion : public Completion {
 protected:
  NameCompletion() {
    box_.write_library("VALUE = 1\n");
    box_.write_suite(
        "import lib\n"
        "def time_one(): return 1\n"
        "def time_other(): return lib.VALUE\n"
        "class Many:\n"
        "    params = [[1, 22], ['a b', \"it's\", 'say \"x\"', '[k]: v=$HOME `w`']]\n"
        "    def time_many(self, n, m): return [n, m]\n");
    EXPECT_EQ(box_.capture().run.status, 0);
    box_.write_library("VALUE = 2\n");
    EXPECT_EQ(box_.verify({"--pending", "always"}).run.status, 1);
  }

  /// What bash makes of a line and the keys that follow it, in the shell's own words.
  Words typed_in_bash(const std::string& line) const {
    box_.write("rc",
               "source bash/snapshot_test\nbind 'set enable-bracketed-paste off'\nPS1=\nstty cols 300\n"
               "snapshot_test() { printf '%s\\n' \"$@\" >ran; exit; }\n");
    box_.write("line", line);
    const auto run =
        on_path({"sh", "-c", "(sleep 1; cat line; sleep 3) | TERM=dumb script -qec 'bash --rcfile rc -i' /dev/null"});
    return std::filesystem::exists(box_.path("ran")) ? lines_of(box_.read("ran")) : Words{run.text()};
  }
};

TEST_F(NameCompletion, Names_AreThoseOfTheStoreOrOfWhatIsPending) {
  EXPECT_THAT(bash({"show", "bench.time_o"}), ElementsAre("bench.time_one", "bench.time_other"));
  EXPECT_THAT(bash({"show", ""}), ElementsAre("bench.Many.time_many", "bench.time_one", "bench.time_other"));
  EXPECT_THAT(bash({"show", "settings"}), ElementsAre("settings.json")) << "no case begins so, but a file does";
  EXPECT_THAT(bash({"diff", "bench.time_one", "bench.time_on"}), ElementsAre("bench.time_one"));
  for (const std::string subcommand : {"accept", "reject", "review"}) {
    EXPECT_THAT(bash({subcommand, ""}), ElementsAre("bench.time_other")) << subcommand;
    EXPECT_THAT(bash({subcommand, "bench.time_other", ""}), ElementsAre("bench.time_other")) << "and so on";
    EXPECT_THAT(bash({subcommand, "--filter", "time_"}), ElementsAre("time_other")) << subcommand;
  }
  EXPECT_THAT(bash({"verify", "--filter", "time_o"}), ElementsAre("time_one", "time_other"));
  EXPECT_THAT(bash({"capture", "-f", "bench.t"}), ElementsAre("bench.time_one", "bench.time_other"));
  EXPECT_THAT(bash({"show", "--snapshot-dir", "project", "bench"}), ElementsAre("benchmarks"))
      << "another store, in which there is nothing";
  EXPECT_THAT(bash({"show", "--snapshot-dir", ".snapshots", "bench.time_on"}), ElementsAre("bench.time_one"));
}

TEST_F(NameCompletion, OfOneBenchmark_TheCasesAreOfferedToo_QuotedAsTheWordIs) {
  EXPECT_EQ(bash({"show", "bench.M"}).size(), 9U) << "its name, and eight cases";
  EXPECT_THAT(bash({"show", R"(bench.Many.time_many\(1,\ \'a)"}),
              ElementsAre(R"(bench.Many.time_many\(1\,\ \'a\ b\'\))"));
  EXPECT_THAT(bash({"show", R"('bench.Many.time_many(1, ")"}), ElementsAre(R"(bench.Many.time_many(1, "it'\''s"))"));
  EXPECT_THAT(bash({"show", R"("bench.Many.time_many(1, '[)"}),
              ElementsAre(R"(bench.Many.time_many(1, '[k]: v=\$HOME \`w\`'))"));
  EXPECT_THAT(bash({"verify", "--filter", R"('time_many\(22, '\''a)"}), IsEmpty()) << "quoted in two ways";
}

TEST_F(NameCompletion, TypedInBash_TheProgramGetsTheName) {
  EXPECT_THAT(typed_in_bash("snapshot_test show bench.time_on\t\n"), ElementsAre("show", "bench.time_one"));
  EXPECT_THAT(typed_in_bash("snapshot_test show bench.Many.time_many\\(1,\\ \\'[\t\n"),
              ElementsAre("show", "bench.Many.time_many(1, '[k]: v=$HOME `w`')"));
  EXPECT_THAT(typed_in_bash("snapshot_test show \"bench.Many.time_many(22, 's\t\n"),
              ElementsAre("show", "bench.Many.time_many(22, 'say \"x\"')"));
  EXPECT_THAT(typed_in_bash("snapshot_test show 'bench.Many.time_many(1, \"\t\n"),
              ElementsAre("show", "bench.Many.time_many(1, \"it's\")"));
  EXPECT_THAT(typed_in_bash("snapshot_test verify --filter time_many\\\\\\(1,\\ \\'a\t\n"),
              ElementsAre("verify", "--filter", "time_many\\(1, 'a b'\\)"));
}

TEST_F(NameCompletion, Filter_FindsTheCaseThatWasChosen) {
  const auto listed = box_.run({"list", "benchmarks", "--project-dir", "project", "--cases", "--json", "--filter",
                                "time_many\\(1, '\\[k\\]: v=\\$HOME `w`'\\)"});
  ASSERT_EQ(listed.status, 0) << listed.text();
  const auto filters = box_.run({"names", "--", "filters", "time_many\\(1, '\\["});
  EXPECT_EQ(filters.out, "time_many\\(1, '\\[k\\]: v=\\$HOME `w`'\\)\n");
  EXPECT_EQ(nlohmann::json::parse(listed.out)["benchmarks"][0]["selected"], nlohmann::json({3}));
}

TEST_F(NameCompletion, Fish_OffersNames) {
  ST_SKIP_UNLESS(installed("fish"), "there is no fish");
  EXPECT_THAT(fish("snapshot_test show bench.time_o"), UnorderedElementsAre("bench.time_one", "bench.time_other"));
  EXPECT_THAT(fish("snapshot_test accept b"), ElementsAre("bench.time_other"));
  EXPECT_THAT(fish("snapshot_test verify --filter=time_on"), ElementsAre("--filter=time_one"));
  EXPECT_THAT(fish("snapshot_test show 'bench.Many.time_many(1, \"i"),
              ElementsAre("bench.Many.time_many(1, \"it's\")"));
  EXPECT_THAT(fish(R"(snapshot_test show bench.Many.time_many\(22,\ \'\[)"),
              ElementsAre("bench.Many.time_many(22, '[k]: v=$HOME `w`')"));
}

TEST_F(NameCompletion, Zsh_CompletesNames) {
  ST_SKIP_UNLESS(installed("zsh"), "there is no zsh");
  EXPECT_EQ(zsh("snapshot_test show bench.time_on"), "show bench.time_one");
  EXPECT_EQ(zsh("snapshot_test accept b"), "accept bench.time_other");
  EXPECT_EQ(zsh("snapshot_test reject bench.time_other b"), "reject bench.time_other bench.time_other");
  EXPECT_EQ(zsh("snapshot_test verify --filter time_on"), "verify --filter time_one");
  EXPECT_EQ(zsh(R"(snapshot_test show bench.Many.time_many\(1,\ \'a)"), "show bench.Many.time_many(1, 'a b')");
  EXPECT_EQ(zsh("snapshot_test show 'bench.Many.time_many(1, \"i"), "show bench.Many.time_many(1, \"it's\")");
}

TEST_F(Completion, BashAndZsh_OfferEveryOptionOfTheHelp) {
  const std::string zsh_script = box_.read("zsh/_snapshot_test");
  for (const std::string& subcommand : subcommands()) {
    const Words names = options(subcommand);
    const Words in_bash = bash({subcommand, "-"});
    const std::string in_zsh = between(zsh_script, "\n_snapshot_test_" + subcommand + "() {", "\n}");
    EXPECT_THAT(in_bash, UnorderedElementsAreArray(names))
        << subcommand << ": all that the help lists, and nothing that it hides";
    for (const std::string& name : names) {
      EXPECT_THAT(in_zsh, AnyOf(HasSubstr(")" + name), HasSubstr("*" + name))) << subcommand;
    }
  }
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const std::string text = script(shell);
    EXPECT_FALSE(std::regex_search(text, std::regex("\\bhost\\b|no-strict\\b[^-]|[^-]man\\b"))) << shell;
  }
}

TEST_F(Completion, Fish_OffersEveryOptionOfTheHelp) {
  ST_SKIP_UNLESS(installed("fish"), "there is no fish");
  for (const std::string& subcommand : subcommands()) {
    Words offered = fish("snapshot_test " + subcommand + " -");  // the short ones first of all
    for (const std::string& name : fish("snapshot_test " + subcommand + " --")) offered.push_back(name);
    for (const std::string& name : options(subcommand)) {
      EXPECT_THAT(offered, Contains(name)) << subcommand;
    }
  }
}

TEST_F(Completion, ManPage_HasEveryOptionOfTheHelp) {
  const auto run = box_.run({"man"});
  ASSERT_EQ(run.status, 0) << run.text();
  const std::string page = std::regex_replace(run.out, std::regex(R"(\\-)"), "-");
  for (const std::string& subcommand : subcommands()) {
    const std::string section = between(page, "\n.SS " + subcommand + "\n", "\n.S");
    for (const std::string& name : options(subcommand)) {
      EXPECT_THAT(section, HasSubstr("\\fB" + name + "\\fR")) << subcommand;
    }
  }
  for (const std::string section :
       {"NAME", "SYNOPSIS", "DESCRIPTION", "WORKFLOW", "EXIT STATUS", "FILES", "SEE ALSO"}) {
    EXPECT_THAT(page, HasSubstr("\n.SH " + section + "\n"));
  }
  EXPECT_THAT(page, AllOf(HasSubstr("\\fB130\\fR\ninterrupted\n"), HasSubstr("\n\\&... change the code ...\n"),
                          Not(HasSubstr("--no-strict\\fR"))));
  EXPECT_EQ(box_.run({"man"}).out, run.out) << "a build can be reproduced";
}

TEST_F(Completion, ManPageReadByGroff_GivesNoWarning) {
  ST_SKIP_UNLESS(installed("groff"), "there is no groff");
  box_.write("snapshot_test.1", box_.run({"man"}).out);
  const auto run = on_path({"groff", "-man", "-Tascii", "-P-cbou", "-ww", "snapshot_test.1"});
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_THAT(run.out, AllOf(HasSubstr("\n       --tolerance RTOL ATOL\n"),
                             HasSubstr("\n       ... change the code ...\n"), HasSubstr("\n       .snapshots/\n")));
}

}  // namespace
}  // namespace snapshot_test::support
