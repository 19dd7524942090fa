// Which parts of a container are more, fewer or others than they were: in a bounded form, as sketches are. The JSON
// form is in docs/comparison.md ("Parts").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace snapshot_test::compare {

enum class PartKind {
  kKeys,        ///< of a dict
  kAttributes,  ///< of an object
  kItems,       ///< of a list, a tuple, an array of objects
  kElements,    ///< of a set, and of sequences without order
  kLines,       ///< of a text
  kColumns,     ///< of a table: a pandas DataFrame, a numpy array with fields
  kRows,
};
[[nodiscard]] std::string_view name(PartKind kind);

struct NamedParts {
  std::uint64_t count = 0;
  std::vector<std::string> names;  ///< of the first ones, at most kMostPartNames; none of lines
};

struct PartChanges {
  std::string path;  ///< of the container
  PartKind kind = PartKind::kKeys;
  std::uint64_t expected = 0;  ///< how many parts there are in the snapshot; 0 where that is not known
  std::uint64_t actual = 0;
  NamedParts added;
  NamedParts removed;
  NamedParts changed;  ///< on both sides, and something in it differs

  [[nodiscard]] std::uint64_t count() const { return added.count + removed.count + changed.count; }
};
inline constexpr std::size_t kMostPartNames = 8;

}  // namespace snapshot_test::compare
