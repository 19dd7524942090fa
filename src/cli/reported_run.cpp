#include "cli/reported_run.hpp"

#include <fmt/format.h>

#include <ctime>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/settings.hpp"
#include "report/events.hpp"
#include "report/fan_out.hpp"
#include "report/format.hpp"
#include "report/json_report.hpp"
#include "report/terminal.hpp"
#include "snapshot_test/store/run_info.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

using Reports = std::vector<std::unique_ptr<report::Report>>;

/// The reports that were asked for: option and file.
std::vector<std::pair<std::string_view, std::string>> asked_for(const ReportFiles& files) {
  std::vector<std::pair<std::string_view, std::string>> asked;
  for (const auto& [option, file] :
       {std::pair{"--json", &files.json}, {"--summary", &files.summary}, {"--events", &files.events}}) {
    if (*file) {
      asked.emplace_back(option, **file);
    }
  }
  return asked;
}

Result<void> all_apart(const ReportFiles& files) {
  std::map<std::string, std::string_view> taken;
  for (const auto& [option, file] : asked_for(files)) {
    const auto [first, is_new] = taken.emplace(file, option);
    if (!is_new && file == "-") {
      return fail(ErrorKind::kUsage, fmt::format("{} and {} cannot both go to standard output; name a file for one",
                                                 first->second, option));
    }
    if (!is_new) {
      return fail(ErrorKind::kUsage, fmt::format("{} and {} name the same file; name two", first->second, option));
    }
  }
  return {};
}

Result<Reports> open_reports(const ReportFiles& files, const Streams& streams) {
  TRY(all_apart(files));
  Reports reports;
  const auto open = [&](const std::optional<std::string>& path, report::Detail detail) -> Result<void> {
    if (path) {
      TRY_ASSIGN(auto file, report::OutputFile::open(*path, streams.out));
      reports.push_back(std::make_unique<report::JsonReport>(std::move(file), detail));
    }
    return {};
  };
  TRY(open(files.json, report::Detail::kCases));
  TRY(open(files.summary, report::Detail::kCountsOnly));
  if (files.events) {
    TRY_ASSIGN(auto file, report::OutputLog::open(*files.events, streams.out));
    reports.push_back(std::make_unique<report::Events>(std::move(file)));
  }
  return reports;
}

report::Terminal make_terminal(const config::Config& config, const Shared& shared, const ReportFiles& files,
                               const Streams& streams) {
  // Standard output belongs to the report that was sent there.
  const bool to_err = files.json == "-" || files.summary == "-" || files.events == "-";
  const int fd = to_err ? streams.err_fd : streams.out_fd;
  report::TerminalOptions options;
  options.verbosity = verbosity(config);
  options.color = color_for(shared.color, fd);
  if (is_terminal(fd) && options.verbosity != report::Verbosity::kQuiet) {
    options.size = [fd] { return report::terminal_size(fd); };
  }
  return {to_err ? streams.err : streams.out, options};
}

/// Keeps the plan, to say afterwards why nothing ran.
class PlanKeeper : public model::Listener {
 public:
  void planned(const model::RunPlan& plan) override { plan_ = plan; }

  /// None if something was selected, or nothing planned.
  [[nodiscard]] std::optional<std::string> nothing_selected(const Shared& shared, const config::Config& config) const {
    if (!plan_ || plan_->cases > 0) {
      return std::nullopt;
    }
    const std::size_t all = plan_->filtered_out + plan_->excluded;
    if (all == 0) {
      return fmt::format("no benchmarks in '{}'", config.benchmark_dir.value_or("").string());
    }
    return fmt::format("{} of {}; {} excluded", what_is_left(shared), report::counted(all, "case"),
                       report::grouped(plan_->excluded));
  }

 private:
  std::optional<model::RunPlan> plan_;
};

Result<model::ExitStatus> run(report::RunHead head, const Shared& shared, const ReportFiles& files,
                              const Streams& streams, Reports& reports, const Work& work) {
  TRY_ASSIGN(const auto config, load_config(shared));
  head.benchmark_dir = config.benchmark_dir.value_or("").string();
  head.snapshot_dir = config.snapshot_dir.string();
  report::Terminal terminal = make_terminal(config, shared, files, streams);
  report::FanOut everyone;
  PlanKeeper plan;
  everyone.add(plan);
  everyone.add(terminal);
  for (const auto& report : reports) {
    report->set_head(head);
    everyone.add(*report);
  }
  TRY_ASSIGN(auto suite, suite_options(config, shared));
  auto status = work(config, std::move(suite), everyone);
  terminal.stop();
  if (const auto why = plan.nothing_selected(shared, config)) {
    complain({ErrorKind::kUsage, *why}, streams, shared.color);
  }
  return status;
}

}  // namespace

report::RunHead run_head(const std::string& command) {
  report::RunHead head;
  head.command = command;
  head.version = SNAPSHOT_TEST_VERSION;
  head.timestamp = store::utc_text(std::time(nullptr));
  return head;
}

model::ExitStatus reported_run(const std::string& command, const Shared& shared, const ReportFiles& files,
                               const Streams& streams, const Work& work) {
  auto reports = open_reports(files, streams);
  if (!reports) {
    return complain(reports.error(), streams, shared.color);
  }
  const report::RunHead this_run = run_head(command);
  for (const auto& report : *reports) {
    report->set_head(this_run);
  }
  const auto outcome = run(this_run, shared, files, streams, *reports, work);
  model::ExitStatus status = model::ExitStatus::kInternal;
  if (outcome) {
    status = *outcome;
  } else {
    status = complain(outcome.error(), streams, shared.color);
    for (const auto& report : *reports) {
      report->aborted(status, outcome.error().message);
    }
  }
  for (const auto& report : *reports) {
    if (!report->written()) {
      const model::ExitStatus unwritten = complain(report->written().error(), streams, shared.color);
      status = status == model::ExitStatus::kSuccess ? unwritten : status;
    }
  }
  return status;
}

}  // namespace snapshot_test::cli
