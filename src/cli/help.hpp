// What --help shows beside the options, and how it is laid out.
#pragma once

#include <vector>

#include "cli/usage.hpp"

namespace snapshot_test::cli {

inline constexpr const char* kProgram = "snapshot_test";

inline constexpr const char* kDescription =
    "Is the result still the same? Runs a project's own ASV benchmarks, stores what they compute, and after a change\n"
    "says case by case what is identical, close or different, and what could not be checked.";

/// What users do, in order.
[[nodiscard]] const std::vector<HelpRow>& workflow();
[[nodiscard]] const std::vector<HelpRow>& exit_statuses();

/// What `root` and its subcommands declare.
[[nodiscard]] Usage usage_of(CLI::App& root);

/// Breaks lines and adds footers: for what prints the help of `root` or of its subcommands next.
void lay_out_help(CLI::App& root, std::size_t width);
/// Of $COLUMNS, of the terminal that standard output is, else as wide as is pleasant to read.
[[nodiscard]] std::size_t help_width();

}  // namespace snapshot_test::cli
