#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <sstream>

#include "cli/cli.hpp"
#include "cli/parse.hpp"
#include "cli/reported_run.hpp"
#include "cli/subcommands.hpp"
#include "util/file.hpp"

namespace snapshot_test::cli {
namespace {

namespace fs = std::filesystem;
using model::ExitStatus;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// What a command line says beside the subcommand's own options.
Shared parsed(std::vector<std::string> arguments) {
  const Command command = parse(std::move(arguments));
  if (const auto* message = std::get_if<Message>(&command)) {
    ADD_FAILURE() << message->text;
    return {};
  }
  return *std::get<Call>(command).shared;
}

std::string usage_error(std::vector<std::string> arguments) {
  const Command command = parse(std::move(arguments));
  const auto* message = std::get_if<Message>(&command);
  if (message == nullptr) {
    return "no message";
  }
  EXPECT_EQ(message->status, ExitStatus::kUsage);
  return message->text;
}

std::string help(std::vector<std::string> arguments) {
  const Command command = parse(std::move(arguments));
  const auto* message = std::get_if<Message>(&command);
  EXPECT_TRUE(message != nullptr && message->status == ExitStatus::kSuccess);
  // Words only: where lines are broken is not what is tested.
  std::istringstream words(message == nullptr ? "" : message->text);
  std::string text;
  for (std::string word; words >> word;) {
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

TEST(Parse, UsualCommandLines_HaveTheirSettings) {
  const auto list = parsed({"list", "examples/benchmarks", "--filter", "time_angle"});
  EXPECT_EQ(list.settings["benchmark_dir"], "examples/benchmarks");
  EXPECT_EQ(list.filter, "time_angle");

  const auto capture = parsed({"capture", "benchmarks/", "--snapshot-dir", "snaps"});
  EXPECT_EQ(capture.settings["snapshot_dir"], "snaps");

  const auto verify = parsed({"verify", "b", "--tolerance", "1e-3", "0", "--summary", "s.json"});
  EXPECT_EQ(verify.settings["tolerance"]["rtol"], 1e-3);
  EXPECT_EQ(verify.settings["tolerance"]["atol"], 0);
  EXPECT_EQ(verify.settings["benchmark_dir"], "b");
}

TEST(Parse, OptionNotGiven_StaysUnset) {
  const auto verify = parsed({"verify"});
  EXPECT_TRUE(verify.settings.empty()) << verify.settings;
}

TEST(Parse, EveryOptionOfVerify_IsRead) {
  const auto verify = parsed({"verify",
                              "-f",
                              "x.*",
                              "--exclude",
                              "[ab]*",
                              "-c",
                              "conf.json",
                              "--exclude",
                              "t,u",
                              "--python",
                              "/usr/bin/python3",
                              "--project-dir",
                              "src",
                              "--timeout",
                              "2.5",
                              "-j",
                              "3",
                              "--seed",
                              "7",
                              "--color",
                              "never",
                              "--equal-nan",
                              "--strict",
                              "--min-verified",
                              "90",
                              "--min-verified-counts",
                              "part",
                              "--json",
                              "-",
                              "dir"});
  const auto& settings = verify.settings;
  EXPECT_EQ(verify.filter, "x.*");
  EXPECT_THAT(verify.exclude, ElementsAre("[ab]*", "t,u"));
  EXPECT_EQ(verify.config_file, "conf.json");
  EXPECT_EQ(settings["python"], "/usr/bin/python3");
  EXPECT_EQ(settings["project_dir"], "src");
  EXPECT_EQ(settings["timeout"], 2.5);
  EXPECT_EQ(settings["workers"], 3u);
  EXPECT_EQ(settings["seed"], 7u);
  EXPECT_EQ(verify.color, When::kNever);
  EXPECT_EQ(settings["tolerance"]["equal_nan"], true);
  EXPECT_EQ(settings["strict"], true);
  EXPECT_EQ(settings["min_verified"], 90);
  EXPECT_EQ(settings["min_verified_counts"], "part");
  EXPECT_EQ(settings["benchmark_dir"], "dir") << "an option with one value leaves the next argument alone";
}

TEST(Parse, EveryOptionOfCapture_IsRead) {
  const auto capture = parsed({"capture", "--no-stability-check", "--compression", "none", "--tolerance", "1", "2",
                               "--no-equal-nan", "--parallel", "--json", "j", "--summary", "s", "--events", "e"});
  const auto& settings = capture.settings;
  EXPECT_EQ(settings["stability_check"], false);
  EXPECT_EQ(settings["compression"], "none");
  EXPECT_EQ(settings["tolerance"]["rtol"], 1);
  EXPECT_EQ(settings["tolerance"]["equal_nan"], false);
  EXPECT_EQ(settings["workers"], 0u);
}

TEST(Parse, Subcommands_TakeTheSettingsTheyNeed) {
  EXPECT_EQ(parsed({"list", "--cases", "--json", "--snapshot-dir", "s"}).settings["snapshot_dir"], "s");
  EXPECT_EQ(parsed({"config", "--init", "--force", "--config", "x.json"}).config_file, "x.json");
  EXPECT_EQ(parsed({"clean", "--obsolete", "-n", "b"}).settings["benchmark_dir"], "b");
}

TEST(Subcommands, Rows_AreListedInTheirOrder) {
  std::string names;
  for (const SubcommandRow& row : subcommand_rows()) {
    names += row.listing == SubcommandRow::Listing::kShown ? std::string(names.empty() ? "" : ", ") + row.name : "";
  }
  EXPECT_THAT(usage_error({"-v"}), HasSubstr("no subcommand; there are " + names));
}

TEST(Parse, GeneralOptionBeforeTheSubcommand_IsTaken) {
  const auto before = parsed({"-v", "-c", "a.json", "--color", "always", "verify", "dir"});
  EXPECT_EQ(before.settings["verbose"], true);
  EXPECT_EQ(before.config_file, "a.json");
  EXPECT_EQ(before.color, When::kAlways);
  const auto both = parsed({"-v", "-c", "a.json", "verify", "-c", "b.json", "-q"});
  EXPECT_EQ(both.config_file, "b.json");
  EXPECT_EQ(both.settings["quiet"], true) << "the subcommand's own word goes first";
  EXPECT_FALSE(both.settings.contains("verbose"));
}

TEST(Parse, FolderNamedLikeASubcommand_IsTheBenchmarkFolder) {
  EXPECT_EQ(parsed({"verify", "config"}).settings["benchmark_dir"], "config");
  EXPECT_EQ(parsed({"verify", "--strict", "--", "-odd"}).settings["benchmark_dir"], "-odd");
}

TEST(Parse, WrongUsage_SaysWhatIsMeantAndWhereHelpIs) {
  EXPECT_THAT(usage_error({"vrify"}), HasSubstr("unknown subcommand 'vrify'; did you mean 'verify'?"));
  EXPECT_THAT(usage_error({"zzzzzz"}),
              HasSubstr("there are list, capture, verify, baseline, continuous, bisect, compare, show, audit, diff, "))
      << "all that there are";
  EXPECT_THAT(usage_error({}), AllOf(HasSubstr("Subcommands:"), Not(HasSubstr("error:")))) << "the help";
  EXPECT_THAT(usage_error({"verify", "-E", "same"}), HasSubstr("unknown option '-E'; here --python PATH"));
  EXPECT_THAT(usage_error({"verify", "--tolerance", "nan", "1"}), HasSubstr("not \"nan\"; it takes 2 numbers"));
  EXPECT_THAT(usage_error({"verify", "--tolerance", "1"}), HasSubstr("--tolerance: takes 2 values, RTOL ATOL"));
  EXPECT_THAT(usage_error({"verify", "--min-verified", "0.95"}), HasSubstr("write 95 for 95 %"));
  EXPECT_THAT(usage_error({"vrify", "-x", "dir"}), HasSubstr("unknown subcommand 'vrify'"));
  EXPECT_THAT(usage_error({"--confg", "x", "verify"}), HasSubstr("unknown option '--confg'; did you mean '--config'?"));
  const std::string option = usage_error({"verify", "--tolerence", "1e-5", "1e-8", "dir"});
  EXPECT_THAT(option, HasSubstr("unknown option '--tolerence'; did you mean '--tolerance'?"));
  EXPECT_THAT(option, HasSubstr("run 'snapshot_test verify --help' for its usage"));
  EXPECT_THAT(usage_error({"list", "--strict=1"}), HasSubstr("unknown option '--strict'"));
  EXPECT_THAT(usage_error({"verify", "a", "b"}), HasSubstr("unexpected argument 'b'"));
  EXPECT_THAT(usage_error({"-x", "verify"}), HasSubstr("unknown option '-x'"));
  EXPECT_THAT(usage_error({"verify", "-v", "-q"}), HasSubstr("contradict"));
  EXPECT_THAT(usage_error({"config", "--init", "--show"}), HasSubstr("--init"));
}

TEST(Parse, CompletionOfAnUnknownShell_IsAUsageError) {
  const std::string wrong = usage_error({"completion", "fihs"});
  EXPECT_THAT(wrong, HasSubstr("must be bash, zsh or fish, not 'fihs'; did you mean 'fish'?"));
  EXPECT_THAT(wrong, HasSubstr("run 'snapshot_test completion --help' for its usage"));
  EXPECT_THAT(usage_error({"completion", "bash", "zsh"}), HasSubstr("unexpected argument 'zsh'"));
  EXPECT_THAT(help({"completion", "--help"}),
              HasSubstr("completion bash > ~/.local/share/bash-completion/completions/snapshot_test"));
}

TEST(Parse, ValueOutOfItsRange_IsAUsageError) {
  EXPECT_THAT(usage_error({"verify", "--timeout", "abc"}),
              HasSubstr("--timeout: must be a number greater than 0, not \"abc\""));
  EXPECT_THAT(usage_error({"verify", "--timeout", "0"}), HasSubstr("not 0"));
  EXPECT_THAT(usage_error({"verify", "--timeout", "nan"}), HasSubstr("--timeout: must be"));
  EXPECT_THAT(usage_error({"verify", "-j", "2.5"}), HasSubstr("--workers: must be a whole number"));
  EXPECT_THAT(usage_error({"verify", "--min-verified", "101"}), HasSubstr("at most 100"));
  EXPECT_THAT(usage_error({"verify", "--min-verified-counts", "all"}), HasSubstr("\"result\", \"part\" or \"any\""));
  EXPECT_THAT(usage_error({"verify", "--tolerance", "1e-5", "dir"}), HasSubstr("--tolerance: must be a number"));
  EXPECT_THAT(usage_error({"verify", "--tolerance", "1e-5"}), HasSubstr("--tolerance"));
  EXPECT_THAT(usage_error({"verify", "--color", "maybe"}), HasSubstr("auto, always or never"));
  EXPECT_THAT(usage_error({"capture", "--compression", "gzip"}), HasSubstr("\"auto\" or \"none\""));
  EXPECT_THAT(usage_error({"capture", "--filter"}), HasSubstr("--filter"));
  EXPECT_THAT(usage_error({"capture", ""}), HasSubstr("must be a path"));
}

TEST(Parse, Help_HasWorkflowStatusesUnitsAndDefaults) {
  const std::string program = help({"--help"});
  EXPECT_THAT(program, HasSubstr("Workflow:"));
  EXPECT_THAT(program, HasSubstr("130 interrupted"));
  for (const std::string name : {"list", "capture", "verify", "config", "clean"}) {
    EXPECT_THAT(program, HasSubstr(name));
    EXPECT_THAT(help({name, "--help"}), HasSubstr("--config FILE")) << name;
  }
  EXPECT_THAT(program, Not(HasSubstr("host")));
  const std::string verify = help({"verify", "-h"});
  EXPECT_THAT(verify, HasSubstr("--timeout SECONDS"));
  EXPECT_THAT(verify, HasSubstr("60 seconds"));
  EXPECT_THAT(verify, HasSubstr("--tolerance RTOL ATOL"));
  EXPECT_THAT(verify, HasSubstr("(default: 1e-5 1e-8)"));
  EXPECT_THAT(help({"--version"}), StartsWith("snapshot_test "));
}

TEST(ExitStatuses, ErrorKind_DecidesTheStatus) {
  EXPECT_EQ(exit_status(ErrorKind::kUsage), ExitStatus::kUsage);
  EXPECT_EQ(exit_status(ErrorKind::kConfig), ExitStatus::kUsage);
  EXPECT_EQ(exit_status(ErrorKind::kUnsupported), ExitStatus::kUsage);
  EXPECT_EQ(exit_status(ErrorKind::kPython), ExitStatus::kUsage);
  EXPECT_EQ(exit_status(ErrorKind::kNoBaseline), ExitStatus::kNoBaseline);
  EXPECT_EQ(exit_status(ErrorKind::kCorrupt), ExitStatus::kNoBaseline);
  EXPECT_EQ(exit_status(ErrorKind::kIo), ExitStatus::kInternal);
  EXPECT_EQ(exit_status(ErrorKind::kInternal), ExitStatus::kInternal);
}

class RunTest : public testing::Test {
 protected:
  RunTest() {
    std::string name = (fs::temp_directory_path() / "cli_test-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    fs::create_directory(folder_ / "bench");
    std::ignore = util::write_file_atomically(folder_ / "bench/b.py", "def time_a(): pass\n");
  }
  ~RunTest() override { fs::remove_all(folder_); }

  Shared shared() const {
    Shared result;
    result.settings["benchmark_dir"] = (folder_ / "bench").string();
    result.settings["timeout"] = 5;
    return result;
  }

  ExitStatus run(std::vector<std::string> arguments) {
    out_.str("");
    err_.str("");
    const Command command = parse(std::move(arguments));
    return std::holds_alternative<Call>(command) ? std::get<Call>(command).action(streams_) : ExitStatus::kInternal;
  }

  nlohmann::json read(const char* name) const {
    const auto text = util::read_file(folder_ / name);
    return text ? nlohmann::json::parse(*text) : nlohmann::json(text.error().message);
  }

  fs::path folder_;
  std::ostringstream out_;
  std::ostringstream err_;
  Streams streams_{out_, err_};
};

TEST_F(RunTest, ConfigInit_WritesOnceAndShowReadsIt) {
  const std::string file = folder_ / "c.json";
  EXPECT_EQ(run({"config", "--init", "-c", file}), ExitStatus::kSuccess);
  EXPECT_THAT(out_.str(), HasSubstr("wrote " + file));
  EXPECT_EQ(run({"config", "--init", "-c", file}), ExitStatus::kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("exists already; config --init --force overwrites it"));
  EXPECT_EQ(run({"config", "--init", "--force", "-c", file}), ExitStatus::kSuccess);

  EXPECT_EQ(run({"config", "-c", file, "--timeout", "5"}), ExitStatus::kSuccess);
  EXPECT_THAT(out_.str(), testing::ContainsRegex("timeout +5.0 +command line\n"));
  EXPECT_THAT(out_.str(), testing::ContainsRegex("seed +42 +" + file));

  EXPECT_EQ(run({"config", "--json", "-c", file, "--timeout", "5"}), ExitStatus::kSuccess);
  const auto json = nlohmann::json::parse(out_.str());
  EXPECT_EQ(json["settings"]["timeout"]["from"], "command line");
  EXPECT_EQ(json["settings"]["tolerance.rtol"]["value"], 1e-5);
}

TEST_F(RunTest, ConfigInitBesideAnAsvConf_NamesItsFolder) {
  std::ignore = util::write_file_atomically(folder_ / "asv.conf.json", "{benchmark_dir: 'asv_bench'}");
  EXPECT_EQ(run({"config", "--init", "-c", folder_ / "c.json"}), ExitStatus::kSuccess);
  EXPECT_THAT(out_.str(), HasSubstr("names the benchmark directory '" + (folder_ / "asv_bench").string()));
}

TEST_F(RunTest, UnusableBenchmarkFolder_IsAUsageError) {
  const std::vector<std::pair<fs::path, std::string>> wrong{{folder_ / "none", "does not exist"},
                                                            {folder_ / "bench/b.py", "is not a folder"},
                                                            {folder_ / "empty", "is empty"}};
  fs::create_directory(folder_ / "empty");
  for (const auto& [path, what] : wrong) {
    EXPECT_EQ(run({"list", path}), ExitStatus::kUsage);
    EXPECT_THAT(err_.str(), HasSubstr("benchmark directory '" + path.string() + "' " + what));
  }
}

TEST_F(RunTest, CleanWithoutABaseline_HasStatus4) {
  EXPECT_EQ(run({"clean", "--snapshot-dir", folder_ / "none"}), ExitStatus::kNoBaseline);
  EXPECT_THAT(err_.str(), HasSubstr((folder_ / "none").string()));
}

TEST_F(RunTest, CompletionWithoutAShell_IsAUsageError) {
  EXPECT_EQ(run({"completion"}), ExitStatus::kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("bash, zsh or fish, as in 'snapshot_test completion bash'"));
  EXPECT_EQ(run({"completion", "fish"}), ExitStatus::kSuccess);
  EXPECT_THAT(out_.str(), StartsWith("# fish completion for snapshot_test"));
}

/// The reports of these options and files.
ReportFiles asked(const std::vector<std::pair<std::string_view, std::string>>& reports) {
  ReportFiles files;
  for (const auto& [option, path] : reports) {
    for (const report::ReportKind& kind : report::report_kinds()) {
      if (kind.option == option) {
        files.push_back({kind, path});
      }
    }
  }
  EXPECT_EQ(files.size(), reports.size());
  return files;
}

/// Every report, in a file of its option's name.
ReportFiles files_in(const fs::path& folder) {
  ReportFiles files;
  for (const report::ReportKind& kind : report::report_kinds()) {
    files.push_back({kind, folder / (kind.option + 2)});
  }
  return files;
}

TEST_F(RunTest, SummaryOfARun_ReachesTerminalReportsAndStatus) {
  const auto status = reported_run(
      "verify", shared(), files_in(folder_), streams_,
      [](const config::Config&, session::SuiteOptions options, model::Listener& listener) -> Result<ExitStatus> {
        EXPECT_EQ(options.timeout, 5.0);
        model::VerifySummary summary;
        summary.counts = {{model::Verdict::kDifferent, 1}};
        summary.status = ExitStatus::kFailed;
        summary.failure = "1 case failed";
        listener.finished(summary);
        return summary.status;
      });
  EXPECT_EQ(status, ExitStatus::kFailed);
  EXPECT_THAT(out_.str(), HasSubstr("FAILED (exit status 1): 1 case failed"));
  EXPECT_EQ(read("json")["summary"]["failed"], 1);
  EXPECT_EQ(read("summary")["benchmark_dir"], (folder_ / "bench").string());
  EXPECT_EQ(read("summary")["command"], "verify");
}

TEST_F(RunTest, FilterThatMatchesNothing_IsNamed) {
  Shared filtered = shared();
  filtered.filter = "zz+";
  const auto status =
      reported_run("verify", filtered, {}, streams_,
                   [](const config::Config&, session::SuiteOptions, model::Listener& listener) -> Result<ExitStatus> {
                     model::VerifySummary summary;
                     summary.plan.filtered_out = 4055;
                     summary.status = ExitStatus::kNothingVerified;
                     listener.planned(summary.plan);
                     listener.finished(summary);
                     return summary.status;
                   });
  EXPECT_EQ(status, ExitStatus::kNothingVerified);
  EXPECT_THAT(err_.str(), HasSubstr("error: the filter 'zz+' matches none of 4,055 cases; 0 excluded\n"));
}

TEST_F(RunTest, RunThatCannotGoOn_IsInTheReports) {
  const auto status =
      reported_run("verify", shared(), files_in(folder_), streams_,
                   [](const config::Config&, session::SuiteOptions, model::Listener&) -> Result<ExitStatus> {
                     return fail(ErrorKind::kNoBaseline, "no snapshots");
                   });
  EXPECT_EQ(status, ExitStatus::kNoBaseline);
  EXPECT_EQ(err_.str(), "error: no snapshots\n");
  EXPECT_EQ(read("json")["summary"]["exit_status"], 4);
  EXPECT_EQ(read("summary")["failure"], "no snapshots");
}

TEST_F(RunTest, ReportThatCannotBeWritten_TurnsSuccessIntoAnError) {
  const auto status =
      reported_run("verify", shared(), files_in(folder_), streams_,
                   [&](const config::Config&, session::SuiteOptions, model::Listener& listener) -> Result<ExitStatus> {
                     fs::create_directory(folder_ / "json");
                     model::VerifySummary summary;
                     summary.status = ExitStatus::kSuccess;
                     listener.finished(summary);
                     return summary.status;
                   });
  EXPECT_EQ(status, ExitStatus::kInternal);
  EXPECT_THAT(err_.str(), HasSubstr((folder_ / "json").string()));
}

TEST_F(RunTest, ReportThatCannotBeOpened_StopsTheRunBeforeItStarts) {
  const auto never = [](const config::Config&, session::SuiteOptions, model::Listener&) -> Result<ExitStatus> {
    ADD_FAILURE() << "started";
    return ExitStatus::kSuccess;
  };
  const auto status = [&](const ReportFiles& files) {
    return reported_run("verify", shared(), files, streams_, never);
  };
  EXPECT_EQ(status(asked({{"--json", folder_ / "none/j.json"}})), ExitStatus::kInternal);
  EXPECT_EQ(status(asked({{"--json", "-"}, {"--summary", "-"}})), ExitStatus::kUsage);
  EXPECT_EQ(status(asked({{"--json", "x"}, {"--summary", "x"}})), ExitStatus::kUsage);
  EXPECT_EQ(status(asked({{"--json", "-"}, {"--events", "-"}})), ExitStatus::kUsage);
  EXPECT_EQ(status(asked({{"--summary", "x"}, {"--events", "x"}})), ExitStatus::kUsage);
}

TEST_F(RunTest, ReportOnStdout_IsAloneThere) {
  const auto status =
      reported_run("verify", shared(), asked({{"--json", "-"}}), streams_,
                   [](const config::Config&, session::SuiteOptions, model::Listener& listener) -> Result<ExitStatus> {
                     model::VerifySummary summary;
                     summary.counts = {{model::Verdict::kIdentical, 2}};
                     summary.checked = {{model::CheckedBy::kResult, 2}};
                     summary.status = ExitStatus::kSuccess;
                     listener.finished(summary);
                     return summary.status;
                   });
  EXPECT_EQ(status, ExitStatus::kSuccess);
  EXPECT_EQ(nlohmann::json::parse(out_.str())["summary"]["passed"], 2);
  EXPECT_THAT(err_.str(), HasSubstr("verified 2 of 2 cases (100.0 %)"));
}

TEST(Program, HiddenHostSubcommand_StartsTheHost) {
  std::string program = "snapshot_test";
  std::string host = "host";
  std::string unknown = "--not-an-option";
  char* arguments[] = {program.data(), host.data(), unknown.data(), nullptr};
  EXPECT_EQ(cli::run(3, arguments,
                     [](int argc, char** argv) { return argc == 3 && std::string(argv[1]) == "host" ? 77 : 1; }),
            77);
}

}  // namespace
}  // namespace snapshot_test::cli
