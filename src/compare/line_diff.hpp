// What changed between two texts of several lines.
#pragma once

#include <string>
#include <string_view>

namespace snapshot_test::compare {

/// A unified diff of about kMostDiffLines lines at most, from expected (-) to actual (+), without file names. Empty
/// where both have a single line. The time is linear in the texts: where more than a few hundred lines changed, what
/// follows them is shown as one replacement of all that is left.
[[nodiscard]] std::string unified_diff(std::string_view actual, std::string_view expected);
inline constexpr std::size_t kMostDiffLines = 40;

}  // namespace snapshot_test::compare
