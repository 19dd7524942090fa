#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "cli/options.hpp"
#include "cli/reported_run.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "config/layers.hpp"
#include "store/paths.hpp"

namespace snapshot_test::cli {

namespace {

struct BaselineArgs {
  const Shared& shared;
  std::optional<std::string> status{};
};

model::ExitStatus run_baseline(const BaselineArgs& args, const Streams& streams) {
  const Work work = [&](const config::Config& config, session::SuiteOptions suite,
                        model::Listener& listener) -> Result<model::ExitStatus> {
    session::StatusOptions options;
    options.suite = std::move(suite);
    options.file = args.status ? std::filesystem::path(*args.status) : store::paths::status(config.snapshot_dir);
    options.settings = config::record_of(config).run;
    return session::record_status(options, listener).map([](const auto& summary) { return summary.status; });
  };
  Shared shared = args.shared;
  shared.github = When::kNever;  // it has no verdicts
  return reported_run("baseline", shared, {}, streams, work);
}

Action declare_baseline(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<BaselineArgs>(BaselineArgs{shared});
  add_settings(app, shared, {Group::kSuite, Group::kSelection, Group::kStore, Group::kRun, Group::kProcess});
  add_text(app, "--status", held->status, "FILE",
           "where to write how each case stands (default: status.json in the snapshot folder)", Offer::Kind::kFiles);
  add_settings(app, shared, {Group::kGeneral});
  app.footer(
      "Examples:\n"
      "  snapshot_test baseline benchmarks/\n"
      "  snapshot_test verify benchmarks/ --against-status .snapshots/status.json");
  return [held](const Streams& streams) { return run_baseline(*held, streams); };
}

}  // namespace

SubcommandRow baseline_subcommand() {
  return {"baseline", "Run the benchmarks and record which pass, fail and skip, for verify --against-status",
          &declare_baseline, SubcommandRow::Output::kColoured};
}

}  // namespace snapshot_test::cli
