#include <CLI/CLI.hpp>

#include "cli/options.hpp"
#include "cli/reported_run.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"

namespace snapshot_test::cli {

CLI::App* declare_capture(CLI::App& root, CaptureArgs& args) {
  CLI::App* app = root.add_subcommand("capture", "Run the benchmarks on known-good code and store what they compute");
  add_suite_options(*app, args.shared);
  add_selection_options(*app, args.shared);
  add_store_options(*app, args.shared);
  add_run_options(*app, args.shared);
  add_process_options(*app, args.shared);
  add_tolerance_options(*app, args.shared);
  config::Overrides& overrides = args.shared.overrides;
  add_switch(
      *app, "--no-stability-check", "--stability-check", overrides.stability_check, false,
      "run every case once; by default it runs twice, and what differs between the two runs is not compared later");
  add_switch(
      *app, "--resume", "--no-resume", overrides.resume, true,
      "go on where an interrupted capture of the same code with the same settings was stopped, and if this one is "
      "stopped, keep what it has run for the next --resume (default: what was not finished is thrown away)");
  add_choice(
      *app, "--compression", "compression", {"auto", "none"},
      [&overrides](const std::string& text) {
        overrides.compression = text == "none" ? config::Compression::kNone : config::Compression::kAuto;
      },
      "auto stores large values that compress well as zstd frames, none stores plain pickles only (default: auto)");
  app->add_flag_callback(
      "--allow-loss", [&args] { args.loss = CaptureArgs::Loss::kAllowed; },
      "replace snapshots that verify can check by what it cannot, too: of cases that now fail, skip themselves, or "
      "show nothing (default: such snapshots are kept, and the exit status is 1)");
  add_strictness_options(
      *app, args.shared,
      "also fail for cases that verify will not be able to check; they are stored (default: they are listed)",
      "fail if verify will be able to check less than this share of the cases; skipped cases do not count (default: "
      "0)");
  add_report_options(*app, args.files);
  add_general_options(*app, args.shared);
  return app;
}

model::ExitStatus run(const CaptureArgs& args, const Streams& streams) {
  const Work work = [&args](const config::Config& config, session::SuiteOptions suite,
                            model::Listener& listener) -> Result<model::ExitStatus> {
    session::CaptureOptions options;
    options.suite = std::move(suite);
    options.snapshot_dir = config.snapshot_dir.value;
    options.comparison = comparison_options(config);
    options.stability_check = config.stability_check.value;
    options.resume = config.resume.value;
    options.allow_loss = args.loss == CaptureArgs::Loss::kAllowed;
    options.demands = demands(config);
    options.compress = config.compression.value == config::Compression::kAuto;
    return session::capture(options, listener).map([](const auto& summary) { return summary.status; });
  };
  return reported_run("capture", args.shared, args.files, streams, work);
}

}  // namespace snapshot_test::cli
