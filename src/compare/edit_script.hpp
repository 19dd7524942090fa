// What turns one sequence into another: which elements stay, which are removed, which are added.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace snapshot_test::compare {

enum class Edit : char { kSame = ' ', kRemoved = '-', kAdded = '+' };

struct EditStep {
  Edit edit;
  std::size_t expected;  ///< index of the element there, or of the one it stands before
  std::size_t actual;    ///< the same
};

/// The shortest script from `expected` to `actual` elements, in order, where it has at most 400 edits; after so many,
/// what is left is removed and added as one. same(i, j): is the i-th expected element the j-th actual one?
[[nodiscard]] std::vector<EditStep> edit_script(std::size_t expected, std::size_t actual,
                                                const std::function<bool(std::size_t, std::size_t)>& same);

struct EditChange {
  enum class Kind { kAdded, kRemoved, kChanged };
  Kind kind;
  std::size_t expected;  ///< of what was removed or changed: its index there
  std::size_t actual;    ///< of what was added or changed
};

/// What a script comes to. Where removed elements meet added ones, as many of both were changed.
[[nodiscard]] std::vector<EditChange> changes_in(const std::vector<EditStep>& script);

}  // namespace snapshot_test::compare
