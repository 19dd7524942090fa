#include "cli/shard_options.hpp"

#include <CLI/CLI.hpp>
#include <utility>

#include "config/layers.hpp"
#include "shards/choice.hpp"
#include "shards/plan_file.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

void add_shard_options(CLI::App& app, ShardArgs& args) {
  CLI::Option* shard = add_text(
      app, "--shard", args.shard, "K/N",
      "run part K of N of the cases, each on a machine of its own; auto takes K and N from the environment of a batch "
      "system, auto/N only K; `merge` judges all of them together (default: all cases)");
  add_text(app, "--plan", args.plan, "FILE",
           "take the division of `plan --json FILE` (default: every shard makes the same one from the baseline)",
           Offer::Kind::kFiles)
      ->needs(shard);
  shard->group("Shards");
  app.get_option("--plan")->group("Shards");
}

nlohmann::json shard_settings(const config::Config& config) {
  const model::CaptureRecord record = config::record_of(config);
  nlohmann::json settings = record.run;
  settings.update(record.resumable);
  settings["seed"] = config.suite.seed;
  for (const model::RuleChange& change : config::comparison_of(config).changes) {
    settings["overrides"].push_back(
        {{"benchmarks", change.benchmarks}, {"given", change.given}, {"rules", change.rules}});
  }
  return settings;
}

Result<std::optional<session::ShardOptions>> shard_options(const ShardArgs& args, const config::Config& config) {
  if (!args.shard) {
    return std::nullopt;
  }
  session::ShardOptions options;
  TRY_ASSIGN(options.choice, shards::read_choice(*args.shard));
  options.settings = shard_settings(config);
  if (args.plan) {
    TRY_ASSIGN(const auto text, util::read_file(*args.plan));
    TRY_ASSIGN(options.plan, shards::plan_from_text(text, *args.plan));
    options.plan_name = *args.plan;
  }
  return options;
}

}  // namespace snapshot_test::cli
