// The subcommands: a source file and a row each.
#pragma once

#include <functional>
#include <vector>

#include "cli/command.hpp"
#include "cli/outcome.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours to name
class App;
}

namespace snapshot_test::cli {

/// Does what a subcommand is for; the result is the program's exit status.
using Action = std::function<model::ExitStatus(const Streams&)>;

struct SubcommandRow {
  enum class Output {
    kPlain,     ///< text or JSON alone
    kColoured,  ///< text may have colours of our own, or a live display
  };
  enum class Listing { kShown, kHidden };

  const char* name;
  const char* description;
  /// Declares the options of the subcommand on `app`, and says what is done when they have been parsed. They write to
  /// `shared`, and to what the action holds. `app` and `shared` outlive it.
  Action (*declare)(CLI::App& app, Shared& shared);
  Output output = Output::kPlain;
  Listing listing = Listing::kShown;
};

/// In the order in which the help shows them.
[[nodiscard]] const std::vector<SubcommandRow>& subcommand_rows();

}  // namespace snapshot_test::cli
