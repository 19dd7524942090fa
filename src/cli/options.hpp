// Options that several subcommands share. Each add_* declares a group on `app`; the values go to the given struct,
// which must outlive the parsing.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours to name
class App;
}

namespace snapshot_test::cli {

void add_general_options(CLI::App& app, Shared& shared);    ///< -c, -v, -q, --color
void add_suite_options(CLI::App& app, Shared& shared);      ///< benchmark_dir, --python, --project-dir
void add_selection_options(CLI::App& app, Shared& shared);  ///< --filter, --exclude
void add_run_options(CLI::App& app, Shared& shared);        ///< --timeout, -j, --seed, --freeze-time, --mode
/// --max-memory, --isolation, --import-timeout, --shuffle
void add_process_options(CLI::App& app, Shared& shared);
void add_store_options(CLI::App& app, Shared& shared);      ///< --snapshot-dir
void add_tolerance_options(CLI::App& app, Shared& shared);  ///< --tolerance, --equal-nan
/// --strict, --min-verified, which mean what the given descriptions say, and --min-verified-counts.
void add_strictness_options(CLI::App& app, Shared& shared, const std::string& strict, const std::string& min_verified);
void add_report_options(CLI::App& app, ReportFiles& files);  ///< --json, --summary, --events

/// A number that obeys the rules of the configuration's `key`. `names` as CLI11 takes them: "-j,--workers".
void add_number(CLI::App& app, const std::string& names, std::optional<double>& target, const std::string& key,
                const std::string& unit, const std::string& description);
void add_whole_number(CLI::App& app, const std::string& names, std::optional<std::uint64_t>& target,
                      const std::string& key, const std::string& unit, const std::string& description);

/// A whole number of at least 1 that no configuration file sets.
void add_count(CLI::App& app, const std::string& names, std::optional<std::uint64_t>& target,
               const std::string& description);

/// One of `words`, which are those that the configuration's `key` takes, given to `set`.
void add_choice(CLI::App& app, const std::string& name, const std::string& key, const std::vector<std::string>& words,
                const std::function<void(const std::string&)>& set, const std::string& description);

/// A flag that a configuration file can also set, so it has an unlisted opposite ("--no-strict") for the command line.
void add_switch(CLI::App& app, const std::string& name, const std::string& opposite, std::optional<bool>& target,
                bool value, const std::string& description);

}  // namespace snapshot_test::cli
