// Options, as subcommands declare them on their `app`: those of settings, which config/table.hpp describes, and those
// that are for one run. What is given goes to `shared` or `files`, which must outlive the parsing.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "cli/offer.hpp"
#include "config/table.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours to name
class App;
class Option;
}  // namespace CLI

namespace snapshot_test::cli {

using config::Group;

/// The options of groups of settings, and with them those that are for one run: --filter with kSelection, --parallel
/// with kRun, --shuffle and --report-durations with kProcess, --config and --color with kGeneral.
void add_settings(CLI::App& app, Shared& shared, std::initializer_list<Group> groups);
/// The option of the setting with this key alone, which is no switch and shares its option with no other.
void add_setting(CLI::App& app, Shared& shared, std::string_view key);
enum class Reporting { kDuringTheRun, kAfterwards };
/// Those of report/kinds.hpp that can be made then, and --github.
void add_report_files(CLI::App& app, Shared& shared, ReportFiles& files, Reporting when);
/// All of them, and --full.
void add_report_options(CLI::App& app, Shared& shared, ReportFiles& files);

/// One of some words, at least two; `take` gets its place among them. `value` stands for it in the help.
CLI::Option* add_choice(CLI::App& app, const std::string& name, const std::vector<std::string>& words,
                        const std::function<void(std::size_t place)>& take, const std::string& value,
                        const std::string& help);

/// A text of any kind; `value` stands for it in the help.
CLI::Option* add_text(CLI::App& app, const std::string& names, std::optional<std::string>& target,
                      const std::string& value, const std::string& help, Offer::Kind offer = Offer::Kind::kNothing);

/// A whole number of at least 1.
void add_count(CLI::App& app, const std::string& names, std::optional<std::uint64_t>& target, const std::string& help);

}  // namespace snapshot_test::cli
