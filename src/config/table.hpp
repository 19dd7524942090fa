// Every setting, once: a row says what it is called in a file and on the command line, which values it takes, what
// people read of it, and where its value is kept. Files, options, help, completion, the manual page,
// docs/configuration.md and the settings of the Python package follow from these rows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/values.hpp"

namespace snapshot_test::config {

enum class Type { kSwitch, kNumber, kWhole, kText, kPath, kWord, kPatterns, kPaths, kDtypes, kChanges };

/// Where a setting's value is kept, with its type.
struct Place {
  enum class Null { kRefused, kTaken };
  Type type{};
  Null null{};                       ///< may it be null?
  std::vector<std::string> words{};  ///< of kWord
  Wrong (*set)(Config& config, const Json& value, const Range& range) = nullptr;
  Json (*get)(const Config& config) = nullptr;
};

/// Who needs a setting: a subcommand takes whole groups of options.
enum class Group {
  kFile,
  kSuite,
  kSelection,
  kStore,
  kTolerance,
  kRun,
  kProcess,
  kCapture,
  kDemands,
  kPolicies,
  kPending,
  kGeneral
};

/// What a text names: for shells, and because relative paths in a file are relative to its folder.
enum class Names { kNothing, kFolder, kFile, kPython };

/// What a capture writes down of a setting; the comparison rules are always in the run's record.
enum class Record {
  kNothing,
  kResumable,  ///< a capture that goes on with this one must have the same value
  kRun,        ///< that, and the value is in the run's record
};

struct Row {
  std::string_view key{};  ///< "tolerance.rtol"
  Place place{};
  Group group = Group::kFile;  ///< kFile: it has no option
  /// "-j,--workers", or the name of a positional argument. Rows that follow each other with the same option are one
  /// option with a value for each, and have the help of the first.
  std::string_view option{};
  std::string_view value{};  ///< what stands for the option's value in the help, where its type and unit do not say it
  Names names = Names::kNothing;
  Range range{};
  std::string_view unit{};      ///< of a number: "seconds"
  std::string_view help{};      ///< what it is, with `code`
  std::string_view detail{};    ///< more of it, for documents alone
  std::string_view off{};       ///< of a switch that is on by default: what --no-OPTION does
  std::string default_means{};  ///< what the default comes to, where the value alone does not say it
  Record record = Record::kNothing;
  std::string_view recorded_as{};  ///< "limits/max_items"; empty: as its key
};

/// In the order in which people see them.
[[nodiscard]] const std::vector<Row>& rows();
/// Null where there is no such key.
[[nodiscard]] const Row* find_row(std::string_view key);

}  // namespace snapshot_test::config
