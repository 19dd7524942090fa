#include "commits/bisect.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/commit_options.hpp"
#include "cli/options.hpp"
#include "cli/reported_run.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "report/bisect_text.hpp"
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
};

report::Bisected shown(const commits::BisectEnd& end) {
  report::Bisected bisected{end.commits, end.runs, end.skipped, {}};
  for (const commits::Found& found : end.found) {
    report::Bisected::Case each{found.label, found.reason, {}, found.back ? commits::describe(*found.back) : ""};
    for (const commits::Commit& commit : found.first) {
      each.first.push_back(commits::describe(commit));
    }
    bisected.cases.push_back(std::move(each));
  }
  return bisected;
}

Result<model::ExitStatus> bisect(const BisectArgs& args, const Streams& streams) {
  TRY_ASSIGN(const auto config, load_config(args.shared));
  TRY_ASSIGN(auto suite, suite_options(config, args.shared));
  commits::BisectOptions options;
  TRY_ASSIGN(options.runs, runs_options(args.commits, config, std::move(suite)));
  options.good = args.good;
  options.bad = args.bad;
  options.cases = args.cases;
  options.history = args.history;
  const auto terminal = make_terminal(config, args.shared, 1, {}, streams);
  auto end = commits::bisect(
      options, [&](const std::string& line) { terminal->remark(line); }, *terminal);
  TRY(terminal->close({}));
  if (!end) {
    return tl::unexpected(std::move(end.error()));
  }
  streams.out << report::bisect_text(shown(*end), color_for(args.shared.color, streams.out_fd)) << std::flush;
  return end->status;
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
  add_settings(app, shared,
               {Group::kSelection, Group::kTolerance, Group::kRun, Group::kProcess, Group::kCapture, Group::kGeneral});
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
