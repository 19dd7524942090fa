#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "cli/dask_options.hpp"
#include "cli/options.hpp"
#include "cli/question.hpp"
#include "cli/reported_run.hpp"
#include "cli/settings.hpp"
#include "cli/shard_options.hpp"
#include "cli/subcommands.hpp"
#include "cli/undo.hpp"
#include "cli/variant.hpp"
#include "config/layers.hpp"
#include "report/report.hpp"
#include "session/with_hosts.hpp"
#include "store/baseline_digest.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

struct CaptureArgs {
  enum class Loss { kRefused, kAllowed };
  const Shared& shared;
  ReportFiles files{};
  ShardArgs shard{};
  std::optional<std::string> dask{};
  Loss loss = Loss::kRefused;  ///< of snapshots that can be checked
  bool yes = false;
  bool undo = false;
  bool check = false;
  session::Update update = session::Update::kAll;
};

model::ExitStatus run(const CaptureArgs& args, const Streams& streams) {
  if (args.undo && !args.files.empty()) {
    return complain({ErrorKind::kUsage, "--undo runs nothing, so there is nothing to report"}, streams,
                    args.shared.color);
  }
  if (args.undo) {
    return undo_capture(args.shared, args.yes ? Consent::kGiven : Consent::kAsked, streams);
  }
  const Work work = [&](const config::Config& config, session::SuiteOptions suite,
                        report::Reports& listener) -> Result<model::ExitStatus> {
    session::CaptureOptions options;
    options.suite = std::move(suite);
    TRY_ASSIGN(const auto chosen, choose_variant(config, VariantUse::kWrite));
    options.snapshot_dir = chosen ? chosen->location : config.snapshot_dir;
    if (chosen) {
      options.variant = chosen->variant;
    }
    options.comparison = config::comparison_of(config);
    options.method = config.method;
    options.record = config::record_of(config);
    options.settings_files = settings_files(config);
    TRY_ASSIGN(options.shard, shard_options(args.shard, config));
    if (options.shard) {  // what one has run is not for another to go on with
      options.record.resumable["shard"] = {options.shard->choice.number, options.shard->choice.of};
    }
    options.update = args.update;
    options.storing = args.check ? session::CaptureOptions::Storing::kCheck : session::CaptureOptions::Storing::kCommit;
    options.allow_loss = args.loss == CaptureArgs::Loss::kAllowed;
    options.demands = config.demands;
    if (!args.yes && can_ask(streams)) {
      options.confirm = [&](const auto& interrupted) { return ask("replace it?", streams, interrupted); };
    }
    options.on_committed = [&](const store::Store& store) {
      const auto digest = store::baseline_digest(store);
      if (!digest) {
        listener.note(fmt::format("the baseline has no digest: {}", digest.error().message));
        return;
      }
      report::RunHead head = listener.record().head;
      head.digest = *digest;
      listener.set_head(std::move(head));
      listener.remark("baseline sha256:" + *digest);
    };
    const auto captured = args.dask ? session::capture(options, listener, dask_hosts(*args.dask, config, listener))
                                    : session::capture(options, listener);
    return captured.map([](const auto& summary) { return summary.status; });
  };
  return reported_run("capture", args.shared, args.files, streams, work);
}

Action declare_capture(CLI::App& app, Shared& shared) {
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
  CLI::Option* check = app.add_flag(
      "--check", args.check,
      "store nothing: say what a capture would replace, and fail where cases would be different, new or gone");
  CLI::Option* update = add_choice(
      app, "--update", {"all", "missing", "failed"},
      [&args](std::size_t place) { args.update = static_cast<session::Update>(place); }, "missing|failed|all",
      "which of the selected cases to capture: those without a snapshot, those that did not run when they were "
      "captured, or all (default: all)");
  CLI::Option* undo =
      app.add_flag("--undo", args.undo,
                   "run nothing, but bring back the baseline that the last capture replaced; it is kept until "
                   "`snapshot_test clean`")
          ->excludes(check)
          ->excludes(update);
  add_shard_options(app, args.shard);
  app.get_option("--shard")->excludes(undo);
  add_dask_option(app, args.dask);
  app.get_option("--dask")->excludes(undo);
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
  return {"capture", "Run the benchmarks on known-good code and store what they compute", &declare_capture,
          SubcommandRow::Output::kColoured};
}

}  // namespace snapshot_test::cli
