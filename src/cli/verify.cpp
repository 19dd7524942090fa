#include <CLI/CLI.hpp>
#include <memory>

#include "cli/options.hpp"
#include "cli/reported_run.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "config/layers.hpp"

namespace snapshot_test::cli {

namespace {

struct VerifyArgs {
  const Shared& shared;
  ReportFiles files{};
};

model::ExitStatus run(const VerifyArgs& args, const Streams& streams) {
  const Work work = [](const config::Config& config, session::SuiteOptions suite,
                       model::Listener& listener) -> Result<model::ExitStatus> {
    session::VerifyOptions options;
    options.suite = std::move(suite);
    options.snapshot_dir = config.snapshot_dir;
    options.comparison = config::comparison_of(config);
    options.demands = config.demands;
    return session::verify(options, listener).map([](const auto& summary) { return summary.status; });
  };
  return reported_run("verify", args.shared, args.files, streams, work);
}

Action declare(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<VerifyArgs>(VerifyArgs{shared});
  VerifyArgs& args = *held;
  add_settings(app, shared,
               {Group::kSuite, Group::kSelection, Group::kStore, Group::kTolerance, Group::kDemands, Group::kRun,
                Group::kProcess});
  add_report_options(app, args.files);
  add_settings(app, shared, {Group::kGeneral});
  return [held](const Streams& streams) { return run(*held, streams); };
}

}  // namespace

SubcommandRow verify_subcommand() {
  return {"verify", "Run the benchmarks again and compare with the snapshots", &declare,
          SubcommandRow::Output::kColoured};
}

}  // namespace snapshot_test::cli
