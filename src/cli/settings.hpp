// From the command line and the configuration to what a session needs.
#pragma once

#include "cli/command.hpp"
#include "config/config.hpp"
#include "report/terminal.hpp"
#include "session/session.hpp"

namespace snapshot_test::cli {

/// The effective configuration for these arguments.
[[nodiscard]] Result<config::Config> load_config(const Shared& shared);

/// The session's options. kUsage where the benchmark directory is not named, missing, empty or a file.
[[nodiscard]] Result<session::SuiteOptions> suite_options(const config::Config& config, const Shared& shared);
/// What is said of a selection that is empty: "the filter 'x' matches none", to be followed by "of 3 cases".
[[nodiscard]] std::string what_is_left(const Shared& shared);

/// Does a person look at the run, or does a service that sets `CI`?
enum class Surroundings { kPerson, kService };
[[nodiscard]] Surroundings surroundings();
/// The demands with what `auto` comes to there.
[[nodiscard]] model::Demands settled(model::Demands demands, Surroundings where);

/// What decides a run's verdicts beside the suite: the configuration that was read, reducers, known failures.
[[nodiscard]] session::SettingsFiles settings_files(const config::Config& config);

[[nodiscard]] report::Verbosity verbosity(const config::Config& config);

}  // namespace snapshot_test::cli
