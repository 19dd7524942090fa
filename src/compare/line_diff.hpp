// What changed between two texts of several lines.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "compare/edit_script.hpp"

namespace snapshot_test::compare {

struct LineDiff {
  std::string text;          ///< a unified diff of about kMostDiffLines lines at most; empty where both have one line
  std::size_t expected = 0;  ///< lines
  std::size_t actual = 0;
  std::vector<EditChange> changes;  ///< of all lines; none where both have one
};

/// From expected (-) to actual (+), without file names. The time is linear in the texts: where more than a few hundred
/// lines changed, what follows them is shown as one replacement of all that is left.
[[nodiscard]] LineDiff unified_diff(std::string_view actual, std::string_view expected);
inline constexpr std::size_t kMostDiffLines = 40;

}  // namespace snapshot_test::compare
