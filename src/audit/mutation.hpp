// The wrong values that audit tries in a snapshot's place; docs/audit.md says what each of them is.
#pragma once

#include <array>
#include <string_view>

namespace snapshot_test::audit {

enum class Mutation {
  kZeros,       ///< every number 0, every text empty
  kConstant,    ///< every number the first one of its array, or of its kind
  kSign,        ///< every number with the other sign
  kOneElement,  ///< the largest number changed by a thousandth of itself
  kDropped,     ///< the largest number 0
  kShuffled,    ///< numbers and texts at other places
  kTransposed,  ///< square arrays with their axes reversed
  kPrevious,    ///< what the benchmark's case before this one came to
  kFloat32,     ///< every number rounded to float32
};

inline constexpr std::array kMutations = {
    Mutation::kZeros,    Mutation::kConstant,   Mutation::kSign,     Mutation::kOneElement, Mutation::kDropped,
    Mutation::kShuffled, Mutation::kTransposed, Mutation::kPrevious, Mutation::kFloat32,
};

/// "zeros", "sign flipped"
[[nodiscard]] std::string_view name(Mutation mutation);
/// "zeros", "sign-flipped", in JSON
[[nodiscard]] std::string_view key(Mutation mutation);

/// Is it a wrong value that should not pass? Rounding is what a tolerance is there for: that it passes is said, and
/// held against nobody.
[[nodiscard]] constexpr bool counts(Mutation mutation) { return mutation != Mutation::kFloat32; }

}  // namespace snapshot_test::audit
