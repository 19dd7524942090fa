// Questions that are asked on a terminal.
#pragma once

#include <functional>
#include <string_view>

#include "cli/outcome.hpp"

namespace snapshot_test::cli {

/// Is there somebody to ask: are standard input and output a terminal?
[[nodiscard]] bool can_ask(const Streams& streams);
/// The same for who has asked to be asked: also on a terminal that knows lines alone (TERM=dumb).
[[nodiscard]] bool can_converse(const Streams& streams);
/// Asks; true for "y" or "yes". No is what an end of input says, and what `interrupted` says when it becomes true.
[[nodiscard]] bool ask(std::string_view question, const Streams& streams, const std::function<bool()>& interrupted);

}  // namespace snapshot_test::cli
