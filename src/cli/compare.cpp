#include "commits/compare.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/commit_options.hpp"
#include "cli/options.hpp"
#include "cli/reported_run.hpp"
#include "cli/settings.hpp"
#include "cli/subcommands.hpp"
#include "config/layers.hpp"
#include "config/load.hpp"
#include "util/cache_folder.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

struct CompareArgs {
  const Shared& shared;
  ReportFiles files{};
  std::optional<std::string> repository{};
  std::string before{};
  std::string after{};
};

model::ExitStatus run(const CompareArgs& args, const Streams& streams) {
  const Work work = [&args](const config::Config& config, const session::SuiteOptions& suite,
                            report::Reports& reports) -> Result<model::ExitStatus> {
    TRY_ASSIGN(const auto cache, util::cache_folder());
    TRY_ASSIGN(const auto folder, project_folder(args.repository, config, suite));
    TRY_ASSIGN(const auto repository, commits::Repository::find(folder));
    TRY_ASSIGN(const auto pair, commits::find_cached_pair(repository, cache, args.before, args.after));
    if (!pair.note.empty()) {
      reports.remark("warning: " + pair.note);
    }
    session::DiffOptions options;
    options.before = pair.before;
    options.after = pair.after;
    options.comparison = config::comparison_of(config);
    return session::diff(options, reports).map([](const auto& summary) { return summary.status; });
  };
  return reported_run("compare", args.shared, args.files, streams, work);
}

Action declare_compare(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<CompareArgs>(CompareArgs{shared});
  CompareArgs& args = *held;
  app.add_option("before", args.before, "the commit whose values the other's are compared with")
      ->type_name("COMMIT")
      ->required();
  app.add_option("after", args.after, "the other commit")->type_name("COMMIT")->required();
  add_repository(app, args.repository);
  add_benchmark_dir(app, shared);
  add_settings(app, shared, {Group::kTolerance});
  add_report_options(app, shared, args.files);
  add_settings(app, shared, {Group::kGeneral});
  return [held](const Streams& streams) { return run(*held, streams); };
}

}  // namespace

SubcommandRow compare_subcommand() {
  return {"compare", "Compare what two commits computed, by captures in the cache; runs nothing", &declare_compare,
          SubcommandRow::Output::kColoured};
}

}  // namespace snapshot_test::cli
