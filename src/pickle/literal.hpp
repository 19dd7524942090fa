// Python literals as values: what the header of an .npy file is written in.
#pragma once

#include <optional>
#include <string_view>

#include "pickle/builder.hpp"

namespace snapshot_test::pickle {

/// A dict, list, tuple, str, int, True, False or None, nested to a bounded depth; nothing for any other text. Strings
/// are views of `text` where they hold no escapes; those that do are not understood.
[[nodiscard]] Value* parse_literal(std::string_view text, Builder& builder);

}  // namespace snapshot_test::pickle
