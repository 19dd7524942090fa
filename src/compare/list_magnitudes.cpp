#include "compare/list_magnitudes.hpp"

#include <span>
#include <unordered_set>
#include <vector>

#include "compare/numbers.hpp"

namespace snapshot_test::compare {

using pickle::Kind;
using pickle::Value;

bool ListMagnitudes::is_list(const Value& value) {
  return value.kind() == Kind::kList || (value.kind() == Kind::kArray && value.array().has_items);
}

const Magnitude& ListMagnitudes::of(const Value& list) {
  const auto [known, is_new] = known_.try_emplace(&list);
  if (!is_new) return known->second;
  Magnitude& magnitude = known->second;
  std::vector<const Value*> open = {&list};
  std::unordered_set<const Value*> seen = {&list};
  while (!open.empty()) {
    const Value& value = *open.back();
    open.pop_back();
    const auto items = value.kind() == Kind::kList ? value.items() : std::span<const Value* const>(value.array().items);
    for (const Value* item : items) {
      if (left_ == 0) return magnitude;
      --left_;
      if (is_list(*item)) {
        if (seen.insert(item).second) open.push_back(item);
      } else if (const auto number = number_of(*item)) {
        const bool inexact = number->kind == NumberKind::kFloat || number->kind == NumberKind::kComplex;
        if (inexact) magnitude.add(static_cast<double>(std::abs(number->value)));
      }
    }
  }
  return magnitude;
}

}  // namespace snapshot_test::compare
