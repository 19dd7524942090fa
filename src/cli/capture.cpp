#include <CLI/CLI.hpp>
#include <memory>

#include "cli/options.hpp"
#include "cli/reported_run.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "config/layers.hpp"

namespace snapshot_test::cli {

namespace {

struct CaptureArgs {
  enum class Loss { kRefused, kAllowed };
  const Shared& shared;
  ReportFiles files{};
  Loss loss = Loss::kRefused;  ///< of snapshots that can be checked
};

model::ExitStatus run(const CaptureArgs& args, const Streams& streams) {
  const Work work = [&args](const config::Config& config, session::SuiteOptions suite,
                            model::Listener& listener) -> Result<model::ExitStatus> {
    session::CaptureOptions options;
    options.suite = std::move(suite);
    options.snapshot_dir = config.snapshot_dir;
    options.comparison = config::comparison_of(config);
    options.method = config.method;
    options.record = config::record_of(config);
    options.allow_loss = args.loss == CaptureArgs::Loss::kAllowed;
    options.demands = config.demands;
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
  add_report_options(app, args.files);
  add_settings(app, shared, {Group::kGeneral});
  return [held](const Streams& streams) { return run(*held, streams); };
}

}  // namespace

SubcommandRow capture_subcommand() {
  return {"capture", "Run the benchmarks on known-good code and store what they compute", &declare,
          SubcommandRow::Output::kColoured};
}

}  // namespace snapshot_test::cli
