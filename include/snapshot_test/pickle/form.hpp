// What stands in a pickle for something that cannot be pickled: a dict that says so under a key of its own. What that
// key is called is between the writer and the readers; people read "iterator of 3 items".
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "snapshot_test/pickle/value.hpp"
#include "snapshot_test/util/form_key.hpp"

namespace snapshot_test::pickle {

inline constexpr std::string_view kFormKey = util::kFormKey;
inline constexpr std::string_view kLazyMark = util::kLazyMark;
[[nodiscard]] inline bool is_lazy_mark(const Value& value) {
  return value.kind() == Kind::kStr && value.text() == kLazyMark;
}

[[nodiscard]] std::vector<Pair> without_lazy_marks(std::span<const Pair> pairs);

struct Form {
  std::string_view kind;         ///< "iterator", "function", "instance", …
  std::span<const Pair> fields;  ///< without the key that makes it a form
};

/// Nothing for any other value.
[[nodiscard]] std::optional<Form> form_of(const Value& value);

/// Null where the form does not have it.
[[nodiscard]] const Value* field(const Form& form, std::string_view name);

/// The field's text; empty where it is not there or no str.
[[nodiscard]] std::string_view text_field(const Form& form, std::string_view name);

/// What the form stands for: "iterator" or "keys view" whatever its class, else the class or the kind.
[[nodiscard]] std::string_view form_name(const Form& form);

}  // namespace snapshot_test::pickle
