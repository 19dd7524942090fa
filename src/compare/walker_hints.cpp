// What would let differences pass, found by comparing parts once more by other rules. All of it is bounded: where a
// value is too large for that, nothing is said.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compare/arrays.hpp"
#include "compare/ordering.hpp"
#include "compare/walker.hpp"

namespace snapshot_test::compare {

using pickle::Array;
using pickle::Kind;
using pickle::Value;

bool Walker::agree(const Value& actual, const Value& expected, Options rules, bool in_object) {
  // What these say is said of places in the whole value.
  rules.ignored_paths.clear();
  rules.bounds.clear();
  rules.unordered_items = false;
  rules.sketches = false;
  Walker again(actual, expected, rules, identical_nans_, hint_budget_, Hints::kNone);
  again.root_in_object_ = in_object;
  const Comparison result = again.run();
  hint_budget_ = {again.steps_left_, again.bytes_left_};
  return result.outcome != Outcome::kDifferent && !again.must_count_nans();
}

// Which option would let two values pass that differ in type or shape, in a sentence; empty where none would.
std::string Walker::option_for(const Value& actual, const Value& expected) {
  struct Relaxed {
    std::string_view options;
    bool types;
    bool shapes;
  };
  constexpr std::array<Relaxed, 3> kRelaxed = {{{"--no-strict-types lets", true, false},
                                                {"--no-strict-shapes lets", false, true},
                                                {"--no-strict-types and --no-strict-shapes let", true, true}}};
  if (hints_ == Hints::kNone || result_.differences.size() >= kMostDifferences) return {};
  for (const Relaxed& relaxed : kRelaxed) {
    if ((relaxed.types && !options_.strict_types) || (relaxed.shapes && !options_.strict_shapes)) continue;
    Options rules = options_;
    rules.strict_types = rules.strict_types && !relaxed.types;
    rules.strict_shapes = rules.strict_shapes && !relaxed.shapes;
    if (agree(actual, expected, rules, in_object())) return fmt::format("{} this pass", relaxed.options);
  }
  return {};
}

std::string Walker::with_option(std::string note, const Value& actual, const Value& expected) {
  const std::string option = option_for(actual, expected);
  return option.empty() ? note : std::move(note) + "; " + option;
}

// Of sequences of different lengths: where items were added or removed, if the rest is the same.
std::string Walker::items_between(Items actual, Items expected) {
  const std::uint64_t before = actual_digests_.spent() + expected_digests_.spent();
  if (hints_ == Hints::kNone) return {};
  const std::size_t both = std::min(actual.size(), expected.size());
  const auto spent = [&] { return actual_digests_.spent() + expected_digests_.spent() - before; };
  const auto same = [&](std::size_t i, std::size_t j) {
    return spent() < hint_budget_.bytes && actual_digests_(*actual[i]) == expected_digests_(*expected[j]);
  };
  std::size_t head = 0;
  while (head < both && same(head, head)) ++head;
  std::size_t tail = 0;
  while (tail < both - head && same(actual.size() - 1 - tail, expected.size() - 1 - tail)) ++tail;
  if (spent() >= hint_budget_.bytes) {
    hint_budget_.bytes = 0;
    return {};
  }
  hint_budget_.bytes -= spent();
  if (head + tail == 0) return {};
  const std::size_t added = actual.size() - head - tail;
  const std::size_t removed = expected.size() - head - tail;
  const std::string change = removed == 0 ? fmt::format("{} added", added)
                             : added == 0 ? fmt::format("{} removed", removed)
                                          : fmt::format("{} in the place of {}", added, removed);
  return fmt::format("; {} at [{}], the others are the same", change, head);
}

// Are they as many of each kind, whatever their order and whatever floats are in them? What is not need not be compared
// once more.
bool Walker::same_but_for_floats(Items actual, Items expected) {
  const std::uint64_t before = rough_actual_.spent() + rough_expected_.spent();
  const auto sorted = [](Digester& digests, Items items) {
    std::vector<Digest> all;
    all.reserve(items.size());
    for (const Value* item : items) all.push_back(digests(*item));
    std::sort(all.begin(), all.end());
    return all;
  };
  const bool same = sorted(rough_actual_, actual) == sorted(rough_expected_, expected);
  const std::uint64_t spent = rough_actual_.spent() + rough_expected_.spent() - before;
  hint_budget_.bytes -= std::min(hint_budget_.bytes, spent);
  return same;
}

// Of a container with an order in which something differs.
void Walker::hint_at_order(const Frame& frame) {
  const std::uint64_t differences = result_.difference_count - frame.differences_before;
  const std::uint64_t known = reordered_ - frame.reordered_before;
  if (differences == known || hints_ == Hints::kNone || options_.ignore_order) return;
  if (result_.hints.size() == kMostHints || hint_budget_.steps == 0 || hint_budget_.bytes == 0) return;
  Items actual = frame.actual_items;
  Items expected = frame.expected_items;
  if (frame.actual->kind() == Kind::kObject && frame.expected->kind() == Kind::kObject) {
    const pickle::Object& a = frame.actual->object();
    const pickle::Object& b = frame.expected->object();
    if (a.list_items == nullptr || b.list_items == nullptr) return;
    actual = a.list_items->items();
    expected = b.list_items->items();
  }
  if (expected.size() < 2 || actual.size() != expected.size() || frame.shape.size() > 1) return;
  if (!same_but_for_floats(actual, expected)) return;
  Options rules = options_;
  rules.ignore_order = true;
  if (!agree(*frame.actual, *frame.expected, rules, frame.in_object)) return;
  add_hint(path_of_top(), expected.size());
  reordered_ += differences - known;
}

// Of two arrays that differ as they are.
void Walker::hint_at_order(const Array& actual, const Array& expected, std::uint64_t differences) {
  constexpr std::uint64_t kMostElements = 1'000'000;
  if (hints_ == Hints::kNone || options_.ignore_order || result_.hints.size() == kMostHints) return;
  if (expected.size < 2 || expected.size > kMostElements || actual.size != expected.size) return;
  if (!can_reorder(actual) || !can_reorder(expected)) return;
  if (compare_without_order(actual, expected, rules_here(), identical_nans_).outcome == Outcome::kDifferent) return;
  add_hint(path(), expected.size);
  reordered_ += differences;
}

void Walker::add_hint(std::string path, std::uint64_t elements) {
  result_.hints.push_back({std::move(path), fmt::format("same {} elements in another order", elements)});
}

// Ignored places in sequences have no names without their order.
void Walker::finish_hints() {
  if (reordered_ != result_.difference_count || !options_.ignored_paths.empty()) return;
  for (Hint& hint : result_.hints) hint.text += "; --ignore-order would pass";
}

}  // namespace snapshot_test::compare
