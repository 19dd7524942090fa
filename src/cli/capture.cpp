#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "cli/options.hpp"
#include "cli/reported_run.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "config/layers.hpp"

namespace snapshot_test::cli {

namespace {

constexpr int kAnswerPoll = 100;  // milliseconds

struct CaptureArgs {
  enum class Loss { kRefused, kAllowed };
  const Shared& shared;
  ReportFiles files{};
  Loss loss = Loss::kRefused;  ///< of snapshots that can be checked
  bool yes = false;
};

/// Asks on a terminal; no is what an end of input or an interruption says.
bool confirm(const Streams& streams, const std::function<bool()>& interrupted) {
  streams.out << "replace it? [y/N] " << std::flush;
  std::string answer;
  for (char letter = 0; letter != '\n' && !interrupted();) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::poll(&input, 1, kAnswerPoll) <= 0) {
      continue;
    }
    if (::read(STDIN_FILENO, &letter, 1) != 1) {
      streams.out << '\n';
      return false;
    }
    answer += letter;
  }
  return answer == "y\n" || answer == "Y\n" || answer == "yes\n";
}

model::ExitStatus run(const CaptureArgs& args, const Streams& streams) {
  const bool asks = !args.yes && is_terminal(streams.out_fd) && ::isatty(STDIN_FILENO) == 1;
  const Work work = [&](const config::Config& config, session::SuiteOptions suite,
                        model::Listener& listener) -> Result<model::ExitStatus> {
    session::CaptureOptions options;
    options.suite = std::move(suite);
    options.snapshot_dir = config.snapshot_dir;
    options.comparison = config::comparison_of(config);
    options.method = config.method;
    options.record = config::record_of(config);
    options.allow_loss = args.loss == CaptureArgs::Loss::kAllowed;
    options.demands = config.demands;
    if (asks) {
      options.confirm = [&](const std::function<bool()>& interrupted) { return confirm(streams, interrupted); };
    }
    return session::capture(options, listener).map([](const auto& summary) { return summary.status; });
  };
  return reported_run("capture", args.shared, args.files, streams, work);
}

Action declare(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<CaptureArgs>(CaptureArgs{shared});
  CaptureArgs& args = *held;
  add_settings(app, shared,
               {Group::kSuite, Group::kSelection, Group::kStore, Group::kRun, Group::kProcess, Group::kTolerance,
                Group::kCapture, Group::kDemands});
  app.add_flag_callback(
      "--allow-loss", [&args] { args.loss = CaptureArgs::Loss::kAllowed; },
      "replace snapshots that verify can check by what it cannot, too: of cases that now fail, skip themselves, or "
      "show nothing (default: such snapshots are kept, and the exit status is 1)");
  app.add_flag(
      "-y,--yes", args.yes,
      "replace the baseline without asking (on a terminal, capture asks where cases would change from verified to "
      "different)");
  add_report_options(app, shared, args.files);
  add_settings(app, shared, {Group::kGeneral});
  app.footer(
      "Examples:\n"
      "  snapshot_test capture benchmarks/\n"
      "  snapshot_test capture benchmarks/ --project-dir . --python .venv/bin/python");
  return [held](const Streams& streams) { return run(*held, streams); };
}

}  // namespace

SubcommandRow capture_subcommand() {
  return {"capture", "Run the benchmarks on known-good code and store what they compute", &declare,
          SubcommandRow::Output::kColoured};
}

}  // namespace snapshot_test::cli
