#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "cli/offer.hpp"
#include "cli/options.hpp"
#include "cli/reported_run.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "merge/shard_reports.hpp"
#include "merge/shard_stores.hpp"
#include "report/record_json.hpp"
#include "util/file.hpp"
#include "util/overloaded.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

struct MergeArgs {
  const Shared& shared;
  std::vector<std::string> parts{};
  merge::Mixed mixed = merge::Mixed::kRefused;
  ReportFiles files{};
};

/// What the command line demands in place of what the shards were told to.
std::function<void(model::Demands&)> demands_of(const Shared& shared, const config::Config& config) {
  return [&shared, &config](model::Demands& demands) {
    const auto given = [&](const char* key) { return shared.settings.contains(key); };
    demands.strict = given("strict") ? config.demands.strict : demands.strict;
    demands.min_verified = given("min_verified") ? config.demands.min_verified : demands.min_verified;
    demands.min_cases = given("min_cases") ? config.demands.min_cases : demands.min_cases;
    demands.min_verified_counts =
        given("min_verified_counts") ? config.demands.min_verified_counts : demands.min_verified_counts;
  };
}

/// Tells of a run that is over as if it happened now.
void replay(const report::RunRecord& record, report::Reports& reports) {
  reports.set_head(record.head);
  if (record.plan) {
    reports.planned(*record.plan);
  }
  for (const model::CaseCapture& each : record.captured) {
    reports.captured(each);
  }
  for (const model::CaseVerdict& each : record.verified) {
    reports.verified(each);
  }
  std::visit(util::Overloaded{[](const std::monostate&) {},
                              [&](const report::Aborted& end) { reports.aborted(end.status, end.message); },
                              [&](const auto& summary) { reports.finished(summary); }},
             record.end);
}

model::ExitStatus status_of(const report::RunRecord& record) {
  return std::visit(util::Overloaded{[](const std::monostate&) { return model::ExitStatus::kInternal; },
                                     [](const auto& end) { return end.status; }},
                    record.end);
}

/// The terminal says how the shards' command is run again, not this one.
void add_terminal(const std::string& command, std::size_t passes, const MergeArgs& args, const config::Config& config,
                  const Streams& streams, report::Reports& reports) {
  Shared shared = args.shared;
  shared.arguments = {command};
  const bool on_output =
      std::any_of(args.files.begin(), args.files.end(), [](const ReportFile& file) { return file.path == "-"; });
  reports.add(make_terminal(config, shared, passes, on_output ? Output::kError : Output::kStandard, streams),
              report::Cases::kNotRead);
}

Result<void> merge_reports(const MergeArgs& args, const config::Config& config, const Streams& streams,
                           report::Reports& reports) {
  std::vector<merge::NamedRecord> records;
  for (const std::string& path : args.parts) {
    TRY_ASSIGN(const auto text, util::read_file(path));
    TRY_ASSIGN(auto record, report::record_from_json(text, path));
    records.push_back({path, std::move(record)});
  }
  TRY_ASSIGN(const auto record, merge::merge_reports(records, {args.mixed, demands_of(args.shared, config)}));
  add_terminal(record.head.command, 1, args, config, streams, reports);
  replay(record, reports);
  return {};
}

Result<void> merge_stores(const MergeArgs& args, const config::Config& config, const Streams& streams,
                          report::Reports& reports) {
  report::RunHead head = run_head("capture");
  head.snapshot_dir = config.snapshot_dir.string();
  reports.set_head(std::move(head));
  add_terminal("capture", 1, args, config, streams, reports);
  merge::StoreMerge options;
  options.mixed = args.mixed;
  options.into = config.snapshot_dir;
  options.compression = config.method.compression;
  options.change_demands = demands_of(args.shared, config);
  const std::vector<std::filesystem::path> stores(args.parts.begin(), args.parts.end());
  TRY_ASSIGN(const auto summary, merge::merge_stores(stores, options, reports));
  return {};
}

/// Are these stores, or reports?
Result<bool> are_stores(const std::vector<std::string>& parts) {
  std::size_t folders = 0;
  for (const std::string& part : parts) {
    std::error_code error;
    folders += std::filesystem::is_directory(part, error) ? 1 : 0;
  }
  if (folders != 0 && folders != parts.size()) {
    return fail(ErrorKind::kUsage,
                "reports and stores cannot be merged at once: name the --json files of the shards, or "
                "the folders into which they captured");
  }
  return folders != 0;
}

Result<void> merge_parts(const MergeArgs& args, const Streams& streams, report::Reports& reports) {
  TRY_ASSIGN(const auto config, load_config(args.shared));
  TRY_ASSIGN(const bool stores, are_stores(args.parts));
  return stores ? merge_stores(args, config, streams, reports) : merge_reports(args, config, streams, reports);
}

model::ExitStatus run_merge(const MergeArgs& args, const Streams& streams) {
  report::Reports reports;
  reports.set_head(run_head("verify"));
  if (const auto opened = open_reports(reports, args.files, args.shared.github, streams); !opened) {
    return complain(opened.error(), streams, args.shared.color);
  }
  const auto merged = merge_parts(args, streams, reports);
  if (!merged) {
    reports.aborted(exit_status(merged.error().kind), merged.error().message);
    complain(merged.error(), streams, args.shared.color);
  }
  model::ExitStatus status = merged ? status_of(reports.record()) : exit_status(merged.error().kind);
  for (const Error& error : reports.unwritten()) {
    const model::ExitStatus unwritten = complain(error, streams, args.shared.color);
    status = status == model::ExitStatus::kSuccess ? unwritten : status;
  }
  return status;
}

Action declare_merge(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<MergeArgs>(MergeArgs{shared});
  MergeArgs& args = *held;
  offering(app.add_option("parts", args.parts,
                          "what --json FILE of each shard has written, or the stores into which the shards captured"),
           {Offer::Kind::kFiles, {}})
      ->type_name("FILE")
      ->required();
  app.add_flag_callback(
      "--allow-mixed", [&args] { args.mixed = merge::Mixed::kAllowed; },
      "merge shards that ran in different environments, too (default: what differs is said, and nothing merged)");
  add_settings(app, shared, {Group::kStore, Group::kDemands});
  add_report_options(app, shared, args.files);
  add_settings(app, shared, {Group::kGeneral});
  app.footer(
      "Examples:\n"
      "  snapshot_test merge shard*.json --junit junit.xml --html report.html\n"
      "  snapshot_test merge shards/*/ --snapshot-dir .snapshots");
  return [held](const Streams& streams) { return run_merge(*held, streams); };
}

}  // namespace

SubcommandRow merge_subcommand() {
  return {"merge", "Judge the shards of a run together, or make one baseline of what they captured", &declare_merge,
          SubcommandRow::Output::kColoured};
}

}  // namespace snapshot_test::cli
