// Which of several baselines in a store a subcommand uses.
#pragma once

#include "cli/outcome.hpp"
#include "config/config.hpp"
#include "session/variant.hpp"

namespace snapshot_test::cli {

enum class VariantUse { kRead, kWrite };

/// None where the configuration names no variant. Starts the environment's Python where a name has placeholders;
/// `before` is called in its process.
[[nodiscard]] Result<std::optional<session::ChosenBaseline>> choose_variant(const config::Config& config,
                                                                            VariantUse use,
                                                                            const util::BeforeExec& before = nullptr);

/// Where its values wait to be accepted: beside each baseline, or in pending_dir, a folder a variant.
[[nodiscard]] std::filesystem::path pending_location(const config::Config& config,
                                                     const std::optional<session::ChosenBaseline>& chosen);

/// For what reads a store without running the suite: makes config.snapshot_dir and config.pending_dir those of the
/// variant, and says on standard error which it is. kNoBaseline where there is none.
[[nodiscard]] Result<void> enter_variant(config::Config& config, const Streams& streams);

}  // namespace snapshot_test::cli
