// What the command line takes, as plain structs: what completion scripts and the manual page are written from.
#pragma once

#include <string>
#include <vector>

#include "cli/offer.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours to name
class App;
}

namespace snapshot_test::cli {

struct Argument {
  std::vector<std::string> names;  ///< "-j", "--workers"; of a positional one its only name, "benchmark_dir"
  std::string description;
  std::vector<std::string> values;  ///< what stands for each value in the help: "RTOL", "ATOL"; none of a flag
  Offer offer;
  bool required = false;
  bool repeatable = false;
};

struct Subcommand {
  std::string name;  ///< empty: what stands in front of the subcommands
  std::string description;
  std::vector<Argument> options;
  std::vector<Argument> positionals;
  std::string footer;  ///< lines to be kept as they are; often empty
};

/// A line of a table: "130", "interrupted".
struct HelpRow {
  std::string left;
  std::string right;
};

struct Usage {
  std::string program;
  std::string version;
  Subcommand general;
  std::vector<Subcommand> subcommands;
  std::vector<HelpRow> workflow;
  std::vector<HelpRow> exit_statuses;
};

/// Everything that `app` declares and does not hide, without what its subcommands declare.
[[nodiscard]] Subcommand read_subcommand(CLI::App& app);
/// The same of all of its subcommands.
[[nodiscard]] std::vector<Subcommand> read_subcommands(CLI::App& root);

/// The first clause of a description, for a menu: without "(default: ...)" and what a semicolon adds.
[[nodiscard]] std::string in_brief(const std::string& description);

}  // namespace snapshot_test::cli
