#include <CLI/CLI.hpp>

#include "cli/options.hpp"
#include "cli/reported_run.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"

namespace snapshot_test::cli {

CLI::App* declare_verify(CLI::App& root, VerifyArgs& args) {
  CLI::App* app = root.add_subcommand("verify", "Run the benchmarks again and compare with the snapshots");
  add_suite_options(*app, args.shared);
  add_selection_options(*app, args.shared);
  add_store_options(*app, args.shared);
  add_tolerance_options(*app, args.shared);
  add_strictness_options(
      *app, args.shared,
      "also fail for cases that could not be checked, whose inner values changed, or whose benchmark is gone "
      "(default: they are listed)",
      "fail if less than this share of the cases was checked; skipped cases do not count (default: 0)");
  add_run_options(*app, args.shared);
  add_process_options(*app, args.shared);
  add_report_options(*app, args.files);
  add_general_options(*app, args.shared);
  return app;
}

model::ExitStatus run(const VerifyArgs& args, const Streams& streams) {
  const Work work = [](const config::Config& config, session::SuiteOptions suite,
                       model::Listener& listener) -> Result<model::ExitStatus> {
    session::VerifyOptions options;
    options.suite = std::move(suite);
    options.snapshot_dir = config.snapshot_dir.value;
    options.comparison = comparison_options(config);
    options.demands = demands(config);
    return session::verify(options, listener).map([](const auto& summary) { return summary.status; });
  };
  return reported_run("verify", args.shared, args.files, streams, work);
}

}  // namespace snapshot_test::cli
