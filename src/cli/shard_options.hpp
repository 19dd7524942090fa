// --shard and --plan: which part of a run that several machines share is run here.
#pragma once

#include <optional>
#include <string>

#include "cli/options.hpp"
#include "config/config.hpp"
#include "session/session.hpp"

namespace snapshot_test::cli {

struct ShardArgs {
  std::optional<std::string> shard{};
  std::optional<std::string> plan{};
};

/// `args` outlives the parsing.
void add_shard_options(CLI::App& app, ShardArgs& args);

/// None where the run is the whole of it. Reads the plan's file. kUsage, kIo.
[[nodiscard]] Result<std::optional<session::ShardOptions>> shard_options(const ShardArgs& args,
                                                                         const config::Config& config);

/// Of the configuration, all on which results may depend: a plan is for these alone.
[[nodiscard]] nlohmann::json shard_settings(const config::Config& config);

}  // namespace snapshot_test::cli
