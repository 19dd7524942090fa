// Text for people: which known word did they mean?
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace snapshot_test::util {

/// Optimal string alignment distance (Damerau-Levenshtein without overlapping swaps), in bytes.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that is closest to `word`, if it is close enough to be a misspelling of it.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace snapshot_test::util
