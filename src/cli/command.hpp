// The command line as plain structs: what was asked for, before any file is read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "report/kinds.hpp"

namespace snapshot_test::cli {

enum class When { kAuto, kAlways, kNever };
enum class Format { kText, kJson };

/// What most subcommands take.
struct Shared {
  std::optional<std::filesystem::path> config_file;
  nlohmann::ordered_json settings = nlohmann::ordered_json::object();  ///< what a configuration file would say
  std::optional<std::string> filter;
  std::vector<std::string> exclude;
  std::optional<std::uint64_t> shuffle;
  std::optional<std::uint64_t> durations;  ///< so many of the slowest cases are listed
  When color = When::kAuto;
  When github = When::kAuto;           ///< a job summary and annotations: kAuto is in GitHub Actions
  bool full = false;                   ///< every failure is explained
  std::vector<std::string> arguments;  ///< the command line as it was given, without the program's name
};

/// A report that was asked for, and where it goes; "-" is standard output.
struct ReportFile {
  const report::ReportKind& kind;
  std::string path;
};
using ReportFiles = std::vector<ReportFile>;

}  // namespace snapshot_test::cli
