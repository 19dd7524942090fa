#include "cli/reported_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "cli/settings.hpp"
#include "remote/open_storage.hpp"
#include "report/format.hpp"
#include "report/github.hpp"
#include "report/report.hpp"
#include "snapshot_test/store/run_info.hpp"
#include "util/text.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

bool report_on_output(const ReportFiles& files) {
  return std::any_of(files.begin(), files.end(), [](const ReportFile& file) { return file.path == "-"; });
}

Result<void> all_apart(const ReportFiles& files) {
  std::map<std::string, std::string_view> taken;
  for (const auto& [kind, path] : files) {
    const auto [first, is_new] = taken.emplace(path, kind.option);
    if (!is_new && path == "-") {
      return fail(ErrorKind::kUsage, fmt::format("{} and {} cannot both go to standard output; name a file for one",
                                                 first->second, kind.option));
    }
    if (!is_new) {
      return fail(ErrorKind::kUsage, fmt::format("{} and {} name the same file; name two", first->second, kind.option));
    }
  }
  return {};
}

/// Does the command that is said to run it again keep what chooses cases and how much is told of them?
enum class Choice { kKept, kLeftOut };

/// What `again()` leaves out: how many arguments from this one on; 0 where it stays.
std::size_t left_out(const std::string& argument, Choice choice) {
  static const std::set<std::string_view> kValued = {"--filter", "--bench", "--maxfail", "--shard", "--plan"};
  static const std::set<std::string_view> kFlags = {"--full", "--quiet",        "--verbose", "--last-failed",
                                                    "--lf",   "--failed-first", "--ff"};
  constexpr std::string_view kShortValued = "fbk";
  constexpr std::string_view kShortFlags = "xqv";
  const std::string name = argument.substr(0, argument.find('='));
  const std::size_t words = name.size() == argument.size() ? 2 : 1;
  if (std::any_of(report::report_kinds().begin(), report::report_kinds().end(),
                  [&](const report::ReportKind& kind) { return name == kind.option; })) {
    return words;
  }
  if (choice == Choice::kKept) {
    return 0;
  }
  if (argument.starts_with("--")) {
    return kValued.contains(name) ? words : static_cast<std::size_t>(kFlags.contains(argument));
  }
  // "-xf REGEX", "-fREGEX"
  const std::size_t last = argument.starts_with("-") ? argument.find_first_not_of(kShortFlags, 1) : 0;
  if (last == std::string::npos) {
    return argument.size() > 1 ? 1 : 0;
  }
  const bool valued = last > 0 && kShortValued.find(argument[last]) != std::string_view::npos;
  return valued ? (last + 1 == argument.size() ? 2 : 1) : 0;
}

/// The command line without what chooses reports, as a shell takes it; with or without what chooses cases.
std::string again(const Shared& shared, Choice choice) {
  std::string command = "snapshot_test";
  for (std::size_t i = 0; i < shared.arguments.size();) {
    const std::size_t skipped = left_out(shared.arguments[i], choice);
    if (skipped == 0) {
      command += " " + util::shell_quoted(remote::with_redacted_url(shared.arguments[i]));
    }
    i += std::max<std::size_t>(skipped, 1);
  }
  return command;
}

/// Why nothing ran; none if something was selected, or nothing planned.
std::optional<std::string> nothing_selected(const std::optional<model::RunPlan>& plan, const Shared& shared,
                                            const config::Config& config) {
  if (!plan || plan->cases > 0 || plan->shard) {
    return std::nullopt;
  }
  if (plan->filtered_out + plan->excluded == 0 && !plan->failures.empty()) {
    return "none of the suite's benchmarks could be imported";
  }
  if (plan->filtered_out + plan->excluded == 0) {
    return fmt::format("no benchmarks in '{}'", config.benchmark_dir.value_or("").string());
  }
  return fmt::format("{} of {}; {} excluded", what_is_left(shared),
                     report::counted(plan->filtered_out + plan->excluded, "case"), report::grouped(plan->excluded));
}

Result<model::ExitStatus> run(report::Reports& reports, const Shared& shared, const ReportFiles& files,
                              const Streams& streams, const Work& work) {
  TRY_ASSIGN(const auto config, load_config(shared));
  report::RunHead head = reports.record().head;
  head.benchmark_dir = config.benchmark_dir.value_or("").string();
  head.snapshot_dir = config.snapshot_dir.string();
  reports.set_head(std::move(head));
  const std::size_t passes = reports.record().head.command == "capture" && config.method.stability_check ? 2 : 1;
  const Output output = report_on_output(files) ? Output::kError : Output::kStandard;
  reports.add(make_terminal(config, shared, passes, output, streams), report::Cases::kNotRead);
  TRY_ASSIGN(auto suite, suite_options(config, shared));
  TRY_ASSIGN(const auto status, work(config, std::move(suite), reports));
  if (const auto why = nothing_selected(reports.record().plan, shared, config)) {
    complain({ErrorKind::kUsage, *why}, streams, shared.color);
  }
  return status;
}

}  // namespace

std::unique_ptr<report::Terminal> make_terminal(const config::Config& config, const Shared& shared, std::size_t passes,
                                                Output output, const Streams& streams) {
  const bool to_err = output == Output::kError;
  const int fd = to_err ? streams.err_fd : streams.out_fd;
  report::TerminalOptions options;
  options.full = shared.full;
  if (shared.arguments.empty() || shared.arguments.front() != "compare") {  // which takes no --filter
    options.command = again(shared, Choice::kLeftOut);
  }
  options.verbosity = verbosity(config);
  options.color = color_for(shared.color, fd);
  options.durations = shared.durations.value_or(0);
  options.passes = passes;
  if (is_terminal(fd) && options.verbosity != report::Verbosity::kQuiet) {
    options.size = [fd] { return report::terminal_size(fd); };
  }
  return std::make_unique<report::Terminal>(to_err ? streams.err : streams.out, options);
}

Result<void> open_reports(report::Reports& reports, const ReportFiles& files, When github, const Streams& streams) {
  TRY(all_apart(files));
  for (const auto& [kind, path] : files) {
    TRY_ASSIGN(auto opened, kind.open(path, streams.out));
    reports.add(std::move(opened), kind.cases);
  }
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (github == When::kAlways || (github == When::kAuto && variable("GITHUB_ACTIONS") == "true")) {
    // The runner reads commands from both; standard output may be a report.
    std::ostream& log = report_on_output(files) ? streams.err : streams.out;
    reports.add(std::make_unique<report::Github>(variable("GITHUB_STEP_SUMMARY"), log), report::Cases::kRead);
  }
  return {};
}

report::RunHead run_head(const std::string& command) {
  report::RunHead head;
  head.command = command;
  head.version = SNAPSHOT_TEST_VERSION;
  head.timestamp = store::utc_text(std::time(nullptr));
  return head;
}

report::RunHead run_head(const std::string& command, const Shared& shared) {
  report::RunHead head = run_head(command);
  head.command_line = again(shared, Choice::kKept);
  return head;
}

model::ExitStatus reported_run(const std::string& command, const Shared& shared, const ReportFiles& files,
                               const Streams& streams, const Work& work) {
  report::Reports reports;
  reports.set_head(run_head(command, shared));
  if (const auto opened = open_reports(reports, files, shared.github, streams); !opened) {
    return complain(opened.error(), streams, shared.color);
  }
  const auto outcome = run(reports, shared, files, streams, work);
  if (!outcome) {
    reports.aborted(exit_status(outcome.error().kind), outcome.error().message);
    complain(outcome.error(), streams, shared.color);
  }
  model::ExitStatus status = outcome ? *outcome : exit_status(outcome.error().kind);
  for (const Error& error : reports.unwritten()) {
    const model::ExitStatus unwritten = complain(error, streams, shared.color);
    status = status == model::ExitStatus::kSuccess ? unwritten : status;
  }
  return status;
}

}  // namespace snapshot_test::cli
