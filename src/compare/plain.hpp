// Values without their classes, for comparisons to which types do not matter: what a subclass of a built-in type holds.
#pragma once

#include <optional>
#include <span>

#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

/// Two values of different classes as what both of them hold.
struct PlainPair {
  enum class Kind {
    kSequence,   ///< lists, tuples, named tuples, deques
    kUnordered,  ///< sets
    kMapping,    ///< dict, defaultdict, OrderedDict, Counter, and other subclasses
    kLeaf,       ///< subclasses of int, float, complex, str, bytes
  };
  using Items = std::span<const pickle::Value* const>;
  using Pairs = std::span<const pickle::Pair>;
  Kind kind = Kind::kLeaf;
  Items actual_items;
  Items expected_items;
  Pairs actual_pairs;
  Pairs expected_pairs;
  const pickle::Value* actual_leaf = nullptr;
  const pickle::Value* expected_leaf = nullptr;
};

/// Nothing where they hold different kinds of things, or more than a value of a built-in type does: attributes.
[[nodiscard]] std::optional<PlainPair> without_classes(const pickle::Value& actual, const pickle::Value& expected);

}  // namespace snapshot_test::compare
