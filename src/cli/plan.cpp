#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <numeric>

#include "cli/options.hpp"
#include "cli/settings.hpp"
#include "cli/shard_options.hpp"
#include "cli/subcommands.hpp"
#include "cli/variant.hpp"
#include "report/format.hpp"
#include "report/import_failures.hpp"
#include "shards/plan_file.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

struct PlanArgs {
  const Shared& shared;
  std::optional<std::uint64_t> shards{};
  std::optional<std::string> json{};
};

/// A line a shard, and how even they are.
std::string plan_text(const session::PlannedRun& planned) {
  const shards::Plan& plan = planned.plan;
  std::string text;
  const std::size_t width = fmt::formatted_size("{}", plan.shards.size());
  for (std::size_t i = 0; i < plan.shards.size(); ++i) {
    text += fmt::format("  shard {:>{}}  {:>12}  {:>9}\n", i + 1, width, report::counted(plan.shards[i].size(), "case"),
                        report::duration(plan.seconds[i]));
  }
  const double all = std::accumulate(plan.seconds.begin(), plan.seconds.end(), 0.0);
  const double slowest = *std::max_element(plan.seconds.begin(), plan.seconds.end());
  const double mean = all / static_cast<double>(plan.shards.size());
  text +=
      fmt::format("\n{} of {} in {}", report::counted(planned.run.cases, "case"),
                  report::counted(planned.run.benchmarks, "benchmark"), report::counted(plan.shards.size(), "shard"));
  if (plan.known == 0) {
    text += "; no baseline says what they take, so all count alike\n";
  } else {
    text += fmt::format("; {} one after the other, the slowest shard {:.2f} times the mean\n", report::duration(all),
                        mean > 0 ? slowest / mean : 1.0);
    const std::size_t unknown = planned.run.cases - plan.known;
    text += unknown == 0 ? ""
                         : fmt::format("what {} is not known and counts as the median\n",
                                       unknown == 1 ? "one case takes" : report::grouped(unknown) + " cases take");
  }
  return text + fmt::format("plan {}\n", plan.id.digest.substr(0, 16));
}

Result<model::ExitStatus> make(const PlanArgs& args, const Streams& streams) {
  const Shared& shared = args.shared;
  if (!args.shards) {
    return fail(ErrorKind::kUsage, "of how many shards? Give --shards N");
  }
  TRY_ASSIGN(const auto config, load_config(shared));
  session::PlanOptions options;
  TRY_ASSIGN(options.suite, suite_options(config, shared));
  TRY_ASSIGN(const auto chosen, choose_variant(config, VariantUse::kRead));
  options.snapshot_dir = chosen ? chosen->location : config.snapshot_dir;
  options.shards = *args.shards;
  options.settings = shard_settings(config);
  model::Listener listener;
  TRY_ASSIGN(const auto planned, session::plan(options, listener));
  const bool to_output = args.json == "-";
  streams.err << report::import_failures_text(planned.run.failures, planned.run.python, report::ImportDetail::kCauses,
                                              color_for(shared.color, streams.err_fd));
  if (planned.run.cases == 0) {
    complain({ErrorKind::kUsage, fmt::format("nothing to plan: {} of {}", what_is_left(shared),
                                             report::counted(planned.run.filtered_out + planned.run.excluded, "case"))},
             streams, shared.color);
    return model::ExitStatus::kNothingVerified;
  }
  const std::string json = shards::to_text(planned.plan);
  if (args.json && !to_output) {
    TRY(util::write_file_atomically(*args.json, json));
  }
  streams.out << (to_output ? json : config.quiet ? "" : plan_text(planned)) << std::flush;
  return model::ExitStatus::kSuccess;
}

model::ExitStatus run_plan(const PlanArgs& args, const Streams& streams) {
  const auto status = make(args, streams);
  return status ? *status : complain(status.error(), streams, args.shared.color);
}

Action declare_plan(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<PlanArgs>(PlanArgs{shared});
  PlanArgs& args = *held;
  add_settings(app, shared,
               {Group::kSuite, Group::kSelection, Group::kStore, Group::kTolerance, Group::kRun, Group::kProcess});
  add_count(app, "--shards", args.shards, "how many machines share the cases");
  add_text(app, "--json", args.json, "FILE", "write the plan, for --plan of capture and verify; - is standard output",
           Offer::Kind::kFiles);
  app.get_option("--shards")->group("Shards");
  app.get_option("--json")->group("Shards");
  add_settings(app, shared, {Group::kGeneral});
  app.footer(
      "Examples:\n"
      "  snapshot_test plan benchmarks/ --shards 8\n"
      "  snapshot_test plan benchmarks/ --shards 8 --json plan.json\n"
      "  snapshot_test verify benchmarks/ --shard 3/8 --plan plan.json --json shard3.json");
  return [held](const Streams& streams) { return run_plan(*held, streams); };
}

}  // namespace

SubcommandRow plan_subcommand() {
  return {"plan", "Divide the cases among several machines, by what each took; runs none of them", &declare_plan,
          SubcommandRow::Output::kColoured};
}

}  // namespace snapshot_test::cli
