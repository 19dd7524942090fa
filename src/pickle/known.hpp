// The callables that the reader understands, each with the function that replaces a call of it by what it means.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "pickle/builder.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::pickle {

using Arguments = std::span<const Value* const>;

/// `node` is the object; it stays one where the arguments are not those that Python or numpy would write.
using Handler = Result<void> (*)(Value& node, Arguments args, Builder& builder);

struct Known {
  std::string_view module;
  std::string_view name;
  Handler handler;
};

[[nodiscard]] std::span<const Known> known_of_python();
[[nodiscard]] std::span<const Known> known_of_numpy();

/// The state of numpy's arrays, masked arrays and random bit generators. False where `node` is none of these, or the
/// state not such a one's.
[[nodiscard]] Result<bool> set_numpy_state(Value& node, const Value& state, Builder& builder);

[[nodiscard]] inline bool is_global(const Value* value, std::string_view module, std::string_view name) {
  return value != nullptr && value->kind() == Kind::kGlobal && value->global().module == module &&
         value->global().name == name;
}

}  // namespace snapshot_test::pickle
