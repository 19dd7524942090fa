// How large Python's own numbers are that stand together in a list, for an automatic atol.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "compare/auto_atol.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

/// What lists and object arrays of Python's numbers hold, each looked at once.
class ListMagnitudes {
 public:
  /// `budget`: how many items may be looked at; what is beyond counts as empty.
  explicit ListMagnitudes(std::uint64_t budget) : left_(budget) {}
  /// Of a list and the lists in it, however deep.
  const Magnitude& of(const pickle::Value& list);
  [[nodiscard]] static bool is_list(const pickle::Value& value);

 private:
  std::unordered_map<const pickle::Value*, Magnitude> known_;
  std::uint64_t left_;
};

}  // namespace snapshot_test::compare
