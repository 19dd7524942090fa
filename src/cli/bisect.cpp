#include "commits/bisect.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/commit_options.hpp"
#include "cli/options.hpp"
#include "cli/reported_run.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "report/bisect_json.hpp"
#include "report/bisect_text.hpp"
#include "report/output_file.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

struct BisectArgs {
  const Shared& shared;
  CommitArgs commits{};
  std::string good{};
  std::string bad{};
  std::vector<std::string> cases{};
  commits::History history = commits::History::kAll;
  std::optional<std::string> json{};
};

report::BisectedCommit shown(const commits::Commit& commit) {
  return {commit.id, commit.subject, commit.author, commit.date};
}

report::Bisected shown(const commits::BisectEnd& end) {
  report::Bisected bisected;
  bisected.good = shown(end.good);
  bisected.bad = shown(end.bad);
  bisected.commits = end.commits;
  bisected.runs = end.runs;
  bisected.steps = end.steps;
  bisected.builds = end.done.builds;
  bisected.captures = end.done.captures;
  bisected.status = end.status;
  for (const commits::Skipped& each : end.skipped) {
    bisected.skipped.push_back({shown(each.commit), each.why});
  }
  for (const commits::Found& found : end.found) {
    report::Bisected::Case each{found.label, found.benchmark, found.verdict, found.reason, {}, std::nullopt};
    for (const commits::Commit& commit : found.first) {
      each.first.push_back(shown(commit));
    }
    if (found.back) {
      each.back = shown(*found.back);
    }
    bisected.cases.push_back(std::move(each));
  }
  return bisected;
}

/// Searches, and tells people of it; `head` gets what is known of the suite.
Result<report::Bisected> search(const BisectArgs& args, const Streams& streams, report::RunHead& head) {
  TRY_ASSIGN(const auto config, load_config(args.shared));
  head.benchmark_dir = config.benchmark_dir.value_or("").string();
  TRY_ASSIGN(auto suite, suite_options(config, args.shared));
  commits::BisectOptions options;
  TRY_ASSIGN(options.runs, runs_options(args.commits, config, std::move(suite)));
  options.good = args.good;
  options.bad = args.bad;
  options.cases = args.cases;
  options.history = args.history;
  const bool to_err = args.json == "-";
  const auto terminal = make_terminal(config, args.shared, 1, to_err ? Output::kError : Output::kStandard, streams);
  auto end = commits::bisect(
      options, [&](const std::string& line) { terminal->remark(line); }, *terminal);
  TRY(terminal->close({}));
  if (!end) {
    return tl::unexpected(std::move(end.error()));
  }
  report::Bisected bisected = shown(*end);
  (to_err ? streams.err : streams.out) << report::bisect_text(
                                              bisected,
                                              color_for(args.shared.color, to_err ? streams.err_fd : streams.out_fd))
                                       << std::flush;
  return bisected;
}

Result<model::ExitStatus> bisect(const BisectArgs& args, const Streams& streams) {
  std::optional<report::OutputFile> file;
  if (args.json) {
    TRY_ASSIGN(file, report::OutputFile::open(*args.json, streams.out));
  }
  report::RunHead head = run_head("bisect", args.shared);
  const auto found = search(args, streams, head);
  if (found) {
    TRY(file ? file->write(report::bisect_json(head, *found)) : Result<void>());
    return found->status;
  }
  if (file) {
    const report::Aborted end{exit_status(found.error().kind), found.error().message};
    if (const auto written = file->write(report::bisect_json(head, end)); !written) {
      complain(written.error(), streams, args.shared.color);
    }
  }
  return tl::unexpected(found.error());
}

Action declare_bisect(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<BisectArgs>(BisectArgs{shared});
  BisectArgs& args = *held;
  app.add_option("good", args.good, "the commit whose values are known to be good, an ancestor of BAD")
      ->type_name("GOOD")
      ->required();
  app.add_option("bad", args.bad, "the commit at which some are not; its benchmarks run on all commits")
      ->type_name("BAD")
      ->required();
  app.add_option("cases", args.cases,
                 "the benchmarks or cases to search for, as verify names them (default: all that differ at BAD)")
      ->type_name("CASE")
      ->expected(0, -1);
  app.add_flag_callback(
      "--first-parent", [&args] { args.history = commits::History::kFirstParent; },
      "look only at the commits of the branch itself, not at what was merged into it");
  add_commit_options(app, shared, args.commits);
  add_settings(app, shared, {Group::kSelection, Group::kTolerance, Group::kRun, Group::kProcess, Group::kCapture});
  add_text(app, "--json", args.json, "FILE", "write what was found of every case as JSON; - is standard output",
           Offer::Kind::kFiles)
      ->group("Reports");
  add_settings(app, shared, {Group::kGeneral});
  app.footer(
      "Examples:\n"
      "  snapshot_test bisect v1.2 main\n"
      "  snapshot_test bisect HEAD~64 HEAD 'bench.time_f(3)' --first-parent");
  return [held](const Streams& streams) {
    const auto status = bisect(*held, streams);
    return status ? *status : complain(status.error(), streams, held->shared.color);
  };
}

}  // namespace

SubcommandRow bisect_subcommand() {
  return {"bisect", "Find the first commit that changes what benchmarks compute", &declare_bisect,
          SubcommandRow::Output::kColoured};
}

}  // namespace snapshot_test::cli
