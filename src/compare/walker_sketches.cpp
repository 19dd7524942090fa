// What the walker says of differences as a whole: sketches of numbers, groups of what differs where.
#include <algorithm>
#include <utility>

#include "compare/walker.hpp"

namespace snapshot_test::compare {
namespace {

constexpr std::size_t kMostKinds = 1000;  // of groups that are counted

// "[3]['x'][1, 2]" -> "[*]['x'][*]"
std::string without_indices(const std::string& path) {
  std::string general;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::size_t end = path[i] == '[' ? path.find_first_not_of("0123456789, ", i + 1) : std::string::npos;
    if (end != std::string::npos && end > i + 1 && path[end] == ']') {
      general += "[*]";
      i = end;
    } else {
      general += path[i];
    }
  }
  return general;
}

}  // namespace

void Walker::sketch_numbers(const Number& actual, const Number& expected, const std::string& actual_text,
                            const std::string& expected_text) {
  const Applied how = applied(expected, rules_here(), magnitude_around());
  std::optional<LooseNumbers>& numbers = how.exact ? integers_ : floats_;
  if (!numbers) numbers.emplace(how.exact ? "integers" : "floats", how);
  if (numbers->add(actual, expected)) numbers->name(path(), actual_text, expected_text);
}

void Walker::finish_sketches() {
  if (!options_.sketches) return;
  for (std::optional<LooseNumbers>* numbers : {&floats_, &integers_}) {
    if (*numbers) sketches_.add((*numbers)->finish());
  }
  result_.sketch = std::move(sketches_.total);
  result_.sketches = std::move(sketches_.kept);
  result_.parts = parts_.finish();
  for (const auto& [key, count] : groups_) result_.groups.push_back({key.first, key.second, count});
  std::stable_sort(result_.groups.begin(), result_.groups.end(),
                   [](const DifferenceGroup& a, const DifferenceGroup& b) { return a.count > b.count; });
  if (result_.groups.size() > kMostGroups) result_.groups.resize(kMostGroups);
}

void Walker::count_group(const std::string& where, What what) {
  const std::pair key(without_indices(where), what);
  if (groups_.size() < kMostKinds || groups_.count(key) != 0) ++groups_[key];
}

}  // namespace snapshot_test::compare
