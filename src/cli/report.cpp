#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "cli/offer.hpp"
#include "cli/options.hpp"
#include "cli/reported_run.hpp"
#include "cli/subcommands.hpp"
#include "report/record_json.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

struct ReportArgs {
  const Shared& shared;
  std::vector<std::string> runs{};
  ReportFiles files{};
};

Result<void> make_reports(const ReportArgs& args, const Streams& streams) {
  if (args.files.empty() && args.shared.github != When::kAlways) {
    return fail(ErrorKind::kUsage, "no report is asked for: --html FILE, --junit FILE, or another one of --help");
  }
  std::vector<report::RunRecord> records;
  for (const std::string& path : args.runs) {
    TRY_ASSIGN(const auto text, util::read_file(path));
    TRY_ASSIGN(auto record, report::record_from_json(text, path));
    if (args.runs.size() > 1 && record.plan && record.plan->shard) {
      return fail(ErrorKind::kUsage,
                  "'" + path + "' is of a shard: `snapshot_test merge` makes the reports of all shards together");
    }
    records.push_back(std::move(record));
  }
  TRY_ASSIGN(auto record, report::merged(std::move(records)));
  report::Reports reports;
  TRY(open_reports(reports, args.files, args.shared.github, streams));
  reports.tell(std::move(record));
  if (!reports.unwritten().empty()) {
    return tl::unexpected(reports.unwritten().front());
  }
  return {};
}

model::ExitStatus run_report(const ReportArgs& args, const Streams& streams) {
  const auto made = make_reports(args, streams);
  return made ? model::ExitStatus::kSuccess : complain(made.error(), streams, args.shared.color);
}

Action declare_report(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<ReportArgs>(ReportArgs{shared});
  ReportArgs& args = *held;
  offering(
      app.add_option("runs", args.runs, "what --json FILE of capture or verify has written; of several shards, all"),
      {Offer::Kind::kFiles, {}})
      ->type_name("RUN.json")
      ->required();
  add_report_files(app, shared, args.files, Reporting::kAfterwards);
  app.footer(
      "Examples:\n"
      "  snapshot_test report run.json --html report.html\n"
      "  snapshot_test report shard1.json shard2.json --html report.html --junit junit.xml --json all.json");
  return [held](const Streams& streams) { return run_report(*held, streams); };
}

}  // namespace

SubcommandRow report_subcommand() {
  return {"report", "Make reports of a run from its --json file, or of several shards; starts no Python",
          &declare_report};
}

}  // namespace snapshot_test::cli
