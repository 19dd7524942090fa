#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ctime>
#include <memory>

#include "cli/options.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "report/format.hpp"
#include "snapshot_test/store/transaction.hpp"
#include "store/clean.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

struct CleanArgs {
  enum class Obsolete { kKeep, kRemove };
  const Shared& shared;
  Obsolete obsolete = Obsolete::kKeep;
  store::CleanMode mode = store::CleanMode::kRemove;
  std::optional<std::uint64_t> older_than{};  ///< days
};

Result<store::CleanedByAge> clean_store(const store::Store& store, const std::filesystem::path& location,
                                        const std::optional<std::vector<std::string>>& live, const CleanArgs& args) {
  constexpr std::time_t kDay = 86400;
  if (!args.older_than) {
    return store.clean(live, args.mode).map([](store::CleanReport report) {
      return store::CleanedByAge{std::move(report)};
    });
  }
  const std::time_t now = std::time(nullptr);
  if (*args.older_than > static_cast<std::uint64_t>(now / kDay)) {
    return fail(ErrorKind::kUsage, fmt::format("--older-than: {} days ago there was no store", *args.older_than));
  }
  return store::clean_by_age(store::absolute_location(location), live, args.mode,
                             now - static_cast<std::time_t>(*args.older_than) * kDay);
}

/// Every benchmark there is: what no filter and no exclusion can hide from the cleaning.
Result<std::vector<std::string>> live_benchmarks(const config::Config& config, const Shared& shared) {
  TRY_ASSIGN(auto options, suite_options(config, shared));
  options.filter.reset();
  options.exclude.clear();
  options.exclude_benchmarks.clear();
  model::Listener nobody;
  TRY_ASSIGN(const auto selection, session::list(options, nobody));
  if (!selection.suite.failures.empty()) {
    const model::DiscoveryFailure& first = selection.suite.failures.front();
    return fail(ErrorKind::kUsage,
                fmt::format("{} could not be imported or read (the first: {}: {}), so their snapshots cannot be told "
                            "from obsolete ones; nothing was removed",
                            report::counted(selection.suite.failures.size(), "module"), first.where, first.cause));
  }
  std::vector<std::string> names;
  for (const model::Benchmark& benchmark : selection.suite.benchmarks) {
    names.push_back(benchmark.name);
  }
  return names;
}

Result<std::string> clean(const CleanArgs& args) {
  TRY_ASSIGN(const auto config, load_config(args.shared));
  // A store without snapshots has leftovers at most; that of an interrupted first capture is one.
  TRY_ASSIGN(auto there, store::Store::open_if_there(config.snapshot_dir));
  TRY_ASSIGN(const auto store,
             there ? Result<std::unique_ptr<store::Store>>(std::move(there)) : store::Store::open(config.snapshot_dir));
  std::optional<std::vector<std::string>> live;
  if (args.obsolete == CleanArgs::Obsolete::kRemove) {
    TRY_ASSIGN(live, live_benchmarks(config, args.shared));
  }
  TRY_ASSIGN(const auto all, clean_store(*store, config.snapshot_dir, live, args));
  const store::CleanReport& cleaned = all.report;
  std::string text;
  for (const std::string& name : cleaned.obsolete) {
    text += fmt::format("obsolete: {}\n", report::one_line(name));
  }
  if (cleaned.resumable > 0) {
    text += fmt::format("interrupted: {} that capture --resume could have gone on with\n",
                        report::counted(cleaned.resumable, "capture"));
  }
  if (cleaned.undoable > 0) {
    text += fmt::format("replaced: the baselines of {} that capture --undo could have brought back\n",
                        report::counted(cleaned.undoable, "capture"));
  }
  if (all.runs > 0) {
    text +=
        fmt::format("runs: the records of {} that nothing is from any more\n", report::counted(all.runs, "capture"));
  }
  return text + fmt::format("{} {}, {} and {} of unfinished captures from {} ({})\n",
                            args.mode == store::CleanMode::kDryRun ? "would remove" : "removed",
                            report::counted(cleaned.obsolete.size(), "obsolete benchmark"),
                            report::counted(cleaned.objects, "unused object"),
                            report::counted(cleaned.leftovers, "leftover"), report::one_line(store->name()),
                            report::size(cleaned.bytes));
}

model::ExitStatus run(const CleanArgs& args, const Streams& streams) {
  const auto text = clean(args);
  if (!text) {
    return complain(text.error(), streams, args.shared.color);
  }
  streams.out << *text;
  return model::ExitStatus::kSuccess;
}

Action declare_clean(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<CleanArgs>(CleanArgs{shared});
  CleanArgs& args = *held;
  add_settings(app, shared, {Group::kStore});
  app.add_flag_callback(
      "--obsolete", [&args] { args.obsolete = CleanArgs::Obsolete::kRemove; },
      "also remove the snapshots of benchmarks that are gone; this imports the benchmarks (default: they stay)");
  app.add_flag_callback(
      "-n,--dry-run", [&args] { args.mode = store::CleanMode::kDryRun; }, "only say what would be removed");
  add_count(app, "--older-than", args.older_than,
            "keep what capture --undo and --resume need, unless it is older than N days; remove records of older "
            "captures that nothing is from any more (default: none of it stays, all records do)");
  add_settings(app, shared, {Group::kSuite, Group::kGeneral});
  return [held](const Streams& streams) { return run(*held, streams); };
}

}  // namespace

SubcommandRow clean_subcommand() {
  return {"clean", "Remove unused objects and leftovers from the snapshot folder", &declare_clean};
}

}  // namespace snapshot_test::cli
