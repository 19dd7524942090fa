// The command line as plain structs: what was asked for, before any file is read.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "config/config.hpp"
#include "report/listing.hpp"
#include "snapshot_test/model/verdict.hpp"
#include "snapshot_test/store/transaction.hpp"

namespace snapshot_test::cli {

enum class When { kAuto, kAlways, kNever };
enum class Format { kText, kJson };

/// What most subcommands take.
struct Shared {
  std::optional<std::filesystem::path> config_file;
  nlohmann::ordered_json settings = nlohmann::ordered_json::object();  ///< what a configuration file would say
  std::optional<std::string> filter;
  std::optional<std::uint64_t> shuffle;
  When color = When::kAuto;
};

/// Where reports go; "-" is standard output.
struct ReportFiles {
  std::optional<std::string> json;
  std::optional<std::string> summary;
  std::optional<std::string> events;
};

struct ListArgs {
  Shared shared;
  report::ListDetail detail = report::ListDetail::kBenchmarks;
  Format format = Format::kText;
};

struct CaptureArgs {
  enum class Loss { kRefused, kAllowed };
  Shared shared;
  ReportFiles files;
  Loss loss = Loss::kRefused;  ///< of snapshots that can be checked
};

struct VerifyArgs {
  Shared shared;
  ReportFiles files;
};

struct ConfigArgs {
  enum class Action { kShow, kInit };
  enum class Existing { kKeep, kOverwrite };
  Shared shared;
  Action action = Action::kShow;
  Existing existing = Existing::kKeep;
  Format format = Format::kText;
};

struct CleanArgs {
  enum class Obsolete { kKeep, kRemove };
  Shared shared;
  Obsolete obsolete = Obsolete::kKeep;
  store::CleanMode mode = store::CleanMode::kRemove;
};

struct ShowArgs {
  Shared shared;
  std::optional<std::string> what;  ///< a snapshot's name, a store or a file; none: the store
  std::optional<std::string> site;
  std::optional<std::string> pickle_file;  ///< where a site's plain pickle goes; "-" is standard output
  std::optional<std::uint64_t> items;      ///< to show of each container and array
  Format format = Format::kText;
};

struct DiffArgs {
  Shared shared;
  std::string before;
  std::string after;
  std::optional<std::string> site;
  Format format = Format::kText;
};

/// Help, the version, or what is wrong with the command line.
struct Message {
  std::string text;
  model::ExitStatus status = model::ExitStatus::kSuccess;
};

using Command = std::variant<Message, ListArgs, CaptureArgs, VerifyArgs, ShowArgs, DiffArgs, ConfigArgs, CleanArgs>;

}  // namespace snapshot_test::cli
