// Gathers which parts of containers were added, removed or changed (parts.hpp), container by container.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "snapshot_test/compare/parts.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

/// How many parts there are.
struct PartSizes {
  std::uint64_t expected = 0;
  std::uint64_t actual = 0;
};

/// What is known of the first containers in which something differs, the outer ones before what they hold.
class PartLog {
 public:
  /// A container in the log; kUnknown: none.
  using Owner = std::size_t;
  static constexpr Owner kUnknown = ~std::size_t{0};
  static constexpr std::size_t kMostOwners = 12;

  /// Is there no room for one more? Then add() gives kUnknown.
  [[nodiscard]] bool is_full() const { return owners_ == kMostOwners; }
  Owner add(std::string path);
  /// Where parts of this kind of this container are counted; `owner` is one of the log's.
  PartChanges& at(Owner owner, PartKind kind, PartSizes sizes = {});
  /// In the order of add(); without those of which nothing was counted.
  [[nodiscard]] std::vector<PartChanges> finish();

 private:
  struct Entry {
    Owner owner;
    PartChanges changes;
  };
  std::size_t owners_ = 0;
  std::vector<std::string> paths_;
  std::vector<Entry> entries_;
};

/// Counts one more; `name` is asked for only where it is kept.
void count_part(NamedParts& parts, const std::function<std::string()>& name);

/// A table that is being walked: which of its rows have been found to differ.
struct TableRows {
  PartLog::Owner owner = PartLog::kUnknown;
  const pickle::Value* index = nullptr;  ///< the expected side's labels; null where rows have none but their number
  std::vector<bool> changed;             ///< as many as there are rows on both sides; empty where that differs
};

/// How many labels an index of pandas has; nothing where it is of a kind that is not looked into.
[[nodiscard]] std::optional<std::uint64_t> index_size(const pickle::Value& index);
/// One of them; only where index_size() is known and larger than `row`.
[[nodiscard]] std::string index_label(const pickle::Value& index, std::uint64_t row);

/// Is it the call that makes a pandas DataFrame of columns (a dict, or a matrix) and an index?
[[nodiscard]] bool is_table(const pickle::Value& value);

}  // namespace snapshot_test::compare
