// `remote gc` and `remote check`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "cli/options.hpp"
#include "cli/remote_use.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "remote/check.hpp"
#include "remote/collect.hpp"
#include "remote/fetch.hpp"
#include "report/format.hpp"
#include "session/baseline.hpp"
#include "util/cache_folder.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

struct KeepingArgs {
  enum class Action { kCollect, kCheck };
  const Shared& shared;
  Action action = Action::kCheck;
  std::optional<std::string> remote{};
  bool apply = false;
  std::optional<std::uint64_t> grace{};  ///< days
  bool read_data = false;
  std::optional<std::string> repair{};
  Format format = Format::kText;
};

std::string objects_text(std::size_t count, std::uint64_t bytes) {
  return fmt::format("{}, {}", report::counted(count, "object"), report::size(bytes));
}

std::string collect_text(const remote::CollectReport& found, bool apply) {
  return fmt::format("{} and {} are kept: {}\n", report::counted(found.refs, "ref"),
                     report::counted(found.baselines, "baseline"), objects_text(found.kept, found.kept_bytes)) +
         fmt::format("  {}removed: {}\n", apply ? "" : "would be ", objects_text(found.removed, found.removed_bytes)) +
         fmt::format("  {}marked, to be removed by a later collection: {}\n", apply ? "" : "would be ",
                     objects_text(found.marked, found.marked_bytes)) +
         fmt::format("  not used, and too young to go: {}\n", objects_text(found.waiting, found.waiting_bytes)) +
         fmt::format("  {}\n", traffic_text(found.traffic)) + (apply ? "" : "nothing was changed; --apply does it\n");
}

report::Json collect_json(const remote::CollectReport& found, bool apply) {
  const auto objects = [](std::size_t count, std::uint64_t bytes) {
    return report::Json{{"objects", count}, {"bytes", bytes}};
  };
  return {{"format", report::kJsonFormat},
          {"applied", apply},
          {"refs", found.refs},
          {"baselines", found.baselines},
          {"kept", objects(found.kept, found.kept_bytes)},
          {"removed", objects(found.removed, found.removed_bytes)},
          {"marked", objects(found.marked, found.marked_bytes)},
          {"waiting", objects(found.waiting, found.waiting_bytes)},
          {"traffic", traffic_json(found.traffic)}};
}

Result<model::ExitStatus> collect(const KeepingArgs& args, const config::Config& config, const std::string& url,
                                  const Streams& streams) {
  if (args.read_data || args.repair) {
    return fail(ErrorKind::kUsage, "--read-data and --repair are for `remote check`");
  }
  TRY_ASSIGN(const auto storage, remote::open_storage(url, remote::Use::kRead, helper_options(config)));
  remote::CollectOptions options;
  options.mode = args.apply ? remote::CollectOptions::Mode::kApply : remote::CollectOptions::Mode::kDryRun;
  if (args.grace) {
    constexpr std::uint64_t kMostDays = 36500;
    options.grace = std::chrono::days(std::min(*args.grace, kMostDays));
  }
  TRY_ASSIGN(const auto found, remote::collect(*storage, options));
  streams.out << (args.format == Format::kJson ? report::dump(collect_json(found, args.apply), 2) + "\n"
                                               : collect_text(found, args.apply))
              << std::flush;
  return model::ExitStatus::kSuccess;
}

std::string check_text(const remote::CheckReport& found) {
  std::string text;
  for (const std::string& line : found.repaired) {
    text += fmt::format("repaired: {}\n", report::one_line(line));
  }
  for (const std::string& line : found.problems) {
    text += fmt::format("problem: {}\n", report::one_line(line));
  }
  return text + fmt::format("{}, {}, {}: {}\n  {}\n", report::counted(found.refs, "ref"),
                            report::counted(found.baselines, "baseline"), report::counted(found.objects, "value"),
                            found.problems.empty() ? "all that they name is there"
                                                   : report::counted(found.problems.size(), "problem"),
                            traffic_text(found.traffic));
}

report::Json check_json(const remote::CheckReport& found) {
  return {{"format", report::kJsonFormat},
          {"ok", found.problems.empty()},
          {"refs", found.refs},
          {"baselines", found.baselines},
          {"values", found.objects},
          {"problems", found.problems},
          {"repaired", found.repaired},
          {"traffic", traffic_json(found.traffic)}};
}

Result<model::ExitStatus> check(const KeepingArgs& args, const config::Config& config, const std::string& url,
                                const Streams& streams) {
  if (args.apply || args.grace) {
    return fail(ErrorKind::kUsage, "--apply and --grace are for `remote gc`");
  }
  TRY_ASSIGN(const auto storage, remote::open_storage(url, remote::Use::kRead, helper_options(config)));
  TRY_ASSIGN(const auto cache, util::cache_folder());
  TRY_ASSIGN(const auto scratch, remote::ScratchFolder::create(cache / "remotes"));
  remote::CheckOptions options;
  options.depth = args.read_data ? remote::CheckOptions::Depth::kData : remote::CheckOptions::Depth::kSizes;
  options.scratch = scratch.path();
  std::unique_ptr<store::Store> from;
  if (args.repair) {
    TRY_ASSIGN(from, session::open_baseline(*args.repair));
    options.repair_from = from.get();
  }
  const auto line = transfer_line("reading", config, streams);
  options.on_progress = shown_in(*line);
  TRY_ASSIGN(const auto found, remote::check(*storage, options));
  line->end();
  streams.out << (args.format == Format::kJson ? report::dump(check_json(found), 2) + "\n" : check_text(found))
              << std::flush;
  return found.problems.empty() ? model::ExitStatus::kSuccess : model::ExitStatus::kFailed;
}

model::ExitStatus run(const KeepingArgs& args, const Streams& streams) {
  const auto status = [&]() -> Result<model::ExitStatus> {
    TRY_ASSIGN(const auto config, load_config(args.shared));
    TRY_ASSIGN(const std::string url, remote_url(config, args.remote));
    return args.action == KeepingArgs::Action::kCollect ? collect(args, config, url, streams)
                                                        : check(args, config, url, streams);
  }();
  return status ? *status : complain(status.error(), streams, args.shared.color);
}

Action declare_remote(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<KeepingArgs>(KeepingArgs{shared});
  KeepingArgs& args = *held;
  add_choice(
      app, "action", {"gc", "check"},
      [&args](std::size_t place) { args.action = static_cast<KeepingArgs::Action>(place); }, "gc|check",
      "remove what no ref leads to, or look whether all is there that refs lead to")
      ->required();
  add_text(app, "remote", args.remote, "REMOTE", "the folder or URL of the remote (default: the setting `remote`)",
           Offer::Kind::kFolders);
  app.add_flag("--apply", args.apply, "of `gc`: do it (default: only say what would be done)");
  add_count(app, "--grace", args.grace,
            "of `gc`: days for which what no ref leads to is kept, at least 1 (default: 14)");
  app.add_flag("--read-data", args.read_data, "of `check`: read everything, and check it against its digests");
  add_text(app, "--repair", args.repair, "DIR",
           "of `check`: send again what is missing or damaged, from this snapshot folder", Offer::Kind::kFolders);
  add_choice(
      app, "--format", {"text", "json"}, [&args](std::size_t place) { args.format = static_cast<Format>(place); },
      "text|json", "how it is said what was found (default: text)");
  add_settings(app, shared, {Group::kGeneral});
  app.footer(
      "Examples:\n"
      "  snapshot_test remote gc /mnt/baselines --apply\n"
      "  snapshot_test remote check s3://bucket/baselines --read-data");
  return [held](const Streams& streams) { return run(*held, streams); };
}

}  // namespace

SubcommandRow remote_subcommand() {
  return {"remote", "Remove from a remote what is not used any more, or check that it is whole", &declare_remote};
}

}  // namespace snapshot_test::cli
