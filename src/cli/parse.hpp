// argv → Command. Pure: reads no file, prints nothing, runs nothing.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "cli/subcommands.hpp"
#include "snapshot_test/model/verdict.hpp"

namespace snapshot_test::cli {

/// Help, the version, or what is wrong with the command line.
struct Message {
  std::string text;
  model::ExitStatus status = model::ExitStatus::kSuccess;
};

/// A subcommand with its options.
struct Call {
  std::shared_ptr<const Shared> shared;
  SubcommandRow::Output output = SubcommandRow::Output::kPlain;
  Action action;
};

using Command = std::variant<Message, Call>;

/// `arguments` without the program's name.
[[nodiscard]] Command parse(std::vector<std::string> arguments);

}  // namespace snapshot_test::cli
