// What `pending`, `accept`, `reject` and `review` have in common: the pending values of a configuration, and which of
// them are meant.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/outcome.hpp"
#include "config/config.hpp"
#include "session/pending.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours to name
class App;
}  // namespace CLI

namespace snapshot_test::cli {

/// Which cases, as the command line has it.
struct PendingChoice {
  std::vector<std::string> names{};     ///< cases, benchmarks, or glob patterns of either
  std::optional<std::string> filter{};  ///< ECMAScript regular expression, found anywhere in a case's name
  bool all = false;
};

/// Declares names and --filter; `otherwise` says what is meant without them.
void add_names(CLI::App& app, PendingChoice& choice, const std::string& otherwise);
/// The same, and --all.
void add_choice(CLI::App& app, PendingChoice& choice);

/// What waits, and the configuration that says so: of the variant in use, of which standard error tells.
struct Pending {
  config::Config config;
  session::PendingValues values;
};
/// The configuration alone.
[[nodiscard]] Result<config::Config> pending_config(const Shared& shared, const Streams& streams);
[[nodiscard]] Result<session::PendingValues> open_pending(const config::Config& config);
[[nodiscard]] Result<Pending> open_pending(const Shared& shared, const Streams& streams);
/// The cases that are meant. kUsage where a name or the filter matches nothing, or nothing is named: the message lists
/// what is pending.
[[nodiscard]] Result<std::vector<session::PendingCase>> choose(const session::PendingValues& values,
                                                               const PendingChoice& choice);
/// A line a case.
[[nodiscard]] std::string pending_text(const std::vector<session::PendingCase>& cases, std::size_t at_most);
/// "snapshot_test accept", with what of the command line says where the stores are.
[[nodiscard]] std::string pending_command(const std::string& subcommand, const Shared& shared);
/// The name of the user, as the system has it.
[[nodiscard]] std::string user_name();

}  // namespace snapshot_test::cli
