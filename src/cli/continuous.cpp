#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cli/commit_options.hpp"
#include "cli/known_failures.hpp"
#include "cli/options.hpp"
#include "cli/reported_run.hpp"
#include "cli/subcommands.hpp"
#include "commits/continuous.hpp"
#include "report/times_text.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

struct ContinuousArgs {
  const Shared& shared;
  ReportFiles files{};
  CommitArgs commits{};
  std::optional<std::string> base{};
  std::optional<std::string> head{};
  commits::BenchmarksFrom from = commits::BenchmarksFrom::kHead;
};

model::ExitStatus run(const ContinuousArgs& args, const Streams& streams) {
  const Work work = [&args](const config::Config& config, session::SuiteOptions suite,
                            report::Reports& reports) -> Result<model::ExitStatus> {
    commits::ContinuousOptions options;
    TRY_ASSIGN(options.runs, runs_options(args.commits, config, std::move(suite)));
    TRY_ASSIGN(auto known, known_failures(config));
    options.runs.expectations = std::move(known.entries);
    options.runs.today = std::move(known.today);
    options.base = args.base;
    options.head = args.head;
    options.benchmarks_from = args.from;
    options.on_times = [&reports](const std::vector<model::CaseTime>& times) {
      reports.set_times(times);
      std::string text = report::times_text(times);
      if (!text.empty()) {
        text.pop_back();
        reports.remark(text);
      }
    };
    return commits::continuous(
               options, [&reports](const std::string& line) { reports.remark(line); }, reports)
        .map([](const auto& summary) { return summary.status; });
  };
  return reported_run("continuous", args.shared, args.files, streams, work);
}

Action declare_continuous(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<ContinuousArgs>(ContinuousArgs{shared});
  ContinuousArgs& args = *held;
  app.add_option(
         "base", args.base,
         "the commit whose code is known to be good (default: where HEAD has left its upstream branch, else the "
         "commit before)")
      ->type_name("BASE");
  app.add_option("head", args.head, "the commit that is checked (default: the work tree, with what is not committed)")
      ->type_name("HEAD");
  add_commit_options(app, shared, args.commits);
  add_choice(
      app, "--benchmarks-from", {"head", "base"},
      [&args](std::size_t place) { args.from = static_cast<commits::BenchmarksFrom>(place); }, "head|base",
      "the side whose benchmarks run on both (default: head)");
  add_settings(app, shared,
               {Group::kSelection, Group::kTolerance, Group::kDemands, Group::kRun, Group::kProcess, Group::kCapture});
  add_setting(app, shared, "expected");
  add_report_options(app, shared, args.files);
  add_settings(app, shared, {Group::kGeneral});
  app.footer(
      "Examples:\n"
      "  snapshot_test continuous\n"
      "  snapshot_test continuous v1.2 HEAD --build\n"
      "  snapshot_test continuous main --build-command 'python -m pip install --no-deps --target \"$PREFIX\" .'");
  return [held](const Streams& streams) { return run(*held, streams); };
}

}  // namespace

SubcommandRow continuous_subcommand() {
  return {"continuous", "Capture one commit, verify another, in one run that leaves the checkout alone",
          &declare_continuous, SubcommandRow::Output::kColoured};
}

}  // namespace snapshot_test::cli
