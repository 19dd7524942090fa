#include "compare/pairing.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace snapshot_test::compare {
namespace {

struct Item {
  const Point* at;
  std::size_t index;
  bool actual;
};

bool before(double x, double y) {
  if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);
  return x < y;
}

bool before(const Item& a, const Item& b) {
  return std::lexicographical_compare(a.at->begin(), a.at->end(), b.at->begin(), b.at->end(),
                                      [](const Coordinate& x, const Coordinate& y) { return before(x.at, y.at); });
}

class Pairer {
 public:
  std::vector<std::pair<std::size_t, std::size_t>> run(const std::vector<Point>& actual,
                                                       const std::vector<Point>& expected) {
    for (std::size_t i = 0; i < actual.size(); ++i) items_.push_back({&actual[i], i, true});
    for (std::size_t i = 0; i < expected.size(); ++i) items_.push_back({&expected[i], i, false});
    axes_ = items_.empty() ? 0 : items_.front().at->size();
    for (const Item& item : items_) axes_ = std::min(axes_, item.at->size());
    split_all();
    pair_leftovers();
    return std::move(pairs_);
  }

 private:
  struct Range {
    std::size_t begin;
    std::size_t end;
    std::size_t axis;     // to look at next
    std::size_t unsplit;  // axes in a row that did not separate anything
    std::size_t looks;    // at this range and those it was part of
  };
  using Group = std::vector<const Item*>;

  [[nodiscard]] const Coordinate& coordinate(const Item& item, std::size_t axis) const { return (*item.at)[axis]; }

  // No pair that agrees has a wider gap between its coordinates, or any between those.
  [[nodiscard]] bool is_gap(const Coordinate& x, const Coordinate& y) const {
    if (x.at == y.at || (std::isnan(x.at) && std::isnan(y.at))) return false;
    const double allowed = 2 * std::max(x.allowed, y.allowed);
    return !(std::abs(x.at - y.at) <= allowed) || !std::isfinite(x.at) || !std::isfinite(y.at);
  }

  [[nodiscard]] bool is_near(const Item& a, const Item& b) const {
    for (std::size_t axis = 0; axis < axes_; ++axis) {
      const Coordinate& x = coordinate(a, axis);
      const Coordinate& y = coordinate(b, axis);
      if (x.at == y.at || (std::isnan(x.at) && std::isnan(y.at))) continue;
      if (!(std::abs(x.at - y.at) <= y.allowed)) return false;
    }
    return true;
  }

  void split_all() {
    constexpr std::size_t kMostRounds = 8;
    std::vector<Range> waiting = {{0, items_.size(), 0, 0, 0}};
    while (!waiting.empty()) {
      const Range range = waiting.back();
      waiting.pop_back();
      const auto begin = items_.begin() + static_cast<std::ptrdiff_t>(range.begin);
      const auto end = items_.begin() + static_cast<std::ptrdiff_t>(range.end);
      const auto actual = std::count_if(begin, end, [](const Item& item) { return item.actual; });
      const bool settled = actual == 0 || actual == end - begin || end - begin == 2;
      if (settled || range.unsplit >= axes_ || range.looks >= kMostRounds * axes_) {
        settle(range);
        continue;
      }
      std::stable_sort(begin, end, [&](const Item& x, const Item& y) {
        return before(coordinate(x, range.axis).at, coordinate(y, range.axis).at);
      });
      split(range, waiting);
    }
  }

  void split(const Range& range, std::vector<Range>& waiting) {
    const std::size_t axis = (range.axis + 1) % axes_;
    std::size_t start = range.begin;
    for (std::size_t i = range.begin + 1; i < range.end; ++i) {
      if (!is_gap(coordinate(items_[i - 1], range.axis), coordinate(items_[i], range.axis))) continue;
      waiting.push_back({start, i, axis, 0, range.looks + 1});
      start = i;
    }
    const bool whole = start == range.begin;
    waiting.push_back({start, range.end, axis, whole ? range.unsplit + 1 : 0, range.looks + 1});
  }

  // No gap separates these.
  void settle(const Range& range) {
    Group actual;
    Group expected;
    for (std::size_t i = range.begin; i < range.end; ++i) (items_[i].actual ? actual : expected).push_back(&items_[i]);
    if (axes_ == 0) {
      leave(actual, expected);
    } else if (axes_ == 1) {
      pair_on_line(actual, expected);
    } else if (actual.size() <= kSmallGroup && expected.size() <= kSmallGroup) {
      pair_best(actual, expected);
    } else {
      pair_first_near(actual, expected);
    }
  }

  void pair(const Item& actual, const Item& expected) { pairs_.emplace_back(actual.index, expected.index); }

  void leave(const Group& actual, const Group& expected) {
    for (const Item* item : actual) left_actual_.push_back(*item);
    for (const Item* item : expected) left_expected_.push_back(*item);
  }

  void pair_on_line(const Group& actual, const Group& expected) {
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < actual.size() && j < expected.size()) {
      if (is_near(*actual[i], *expected[j])) {
        pair(*actual[i++], *expected[j++]);
      } else if (before(coordinate(*actual[i], 0).at, coordinate(*expected[j], 0).at)) {
        left_actual_.push_back(*actual[i++]);
      } else {
        left_expected_.push_back(*expected[j++]);
      }
    }
    for (; i < actual.size(); ++i) left_actual_.push_back(*actual[i]);
    for (; j < expected.size(); ++j) left_expected_.push_back(*expected[j]);
  }

  // The largest set of pairs that are near each other: augmenting paths (Kuhn 1955).
  void pair_best(const Group& actual, const Group& expected) {
    constexpr std::size_t kNone = ~std::size_t{0};
    std::vector<std::size_t> partner(actual.size(), kNone);
    std::vector<bool> tried;
    const auto find_partner = [&](const auto& self, std::size_t j) -> bool {
      for (std::size_t i = 0; i < actual.size(); ++i) {
        if (tried[i] || !is_near(*actual[i], *expected[j])) continue;
        tried[i] = true;
        if (partner[i] == kNone || self(self, partner[i])) {
          partner[i] = j;
          return true;
        }
      }
      return false;
    };
    Group unmatched;
    for (std::size_t j = 0; j < expected.size(); ++j) {
      tried.assign(actual.size(), false);
      if (!find_partner(find_partner, j)) unmatched.push_back(expected[j]);
    }
    for (std::size_t i = 0; i < actual.size(); ++i) {
      if (partner[i] != kNone) pair(*actual[i], *expected[partner[i]]);
      if (partner[i] == kNone) left_actual_.push_back(*actual[i]);
    }
    leave({}, unmatched);
  }

  void pair_first_near(Group& actual, Group& expected) {
    constexpr std::size_t kMostTries = 64;
    const auto lower = [](const Item* a, const Item* b) { return before(*a, *b); };
    std::stable_sort(actual.begin(), actual.end(), lower);
    std::stable_sort(expected.begin(), expected.end(), lower);
    std::vector<bool> taken(actual.size(), false);
    std::size_t first = 0;
    for (const Item* wanted : expected) {
      while (first < actual.size() && (taken[first] || is_below(*actual[first], *wanted))) ++first;
      std::size_t found = actual.size();
      std::size_t tries = 0;
      for (std::size_t i = first; i < actual.size() && tries < kMostTries && found == actual.size(); ++i) {
        if (taken[i]) continue;
        ++tries;
        if (is_near(*actual[i], *wanted)) found = i;
      }
      if (found == actual.size()) {
        left_expected_.push_back(*wanted);
      } else {
        taken[found] = true;
        pair(*actual[found], *wanted);
      }
    }
    for (std::size_t i = 0; i < actual.size(); ++i) {
      if (!taken[i]) left_actual_.push_back(*actual[i]);
    }
  }

  // Too small for this one, and so for those that come after it.
  [[nodiscard]] bool is_below(const Item& a, const Item& b) const {
    const Coordinate& x = coordinate(a, 0);
    const Coordinate& y = coordinate(b, 0);
    return x.at < y.at && is_gap(x, y);
  }

  void pair_leftovers() {
    const auto lower = [](const Item& a, const Item& b) { return before(a, b); };
    std::stable_sort(left_actual_.begin(), left_actual_.end(), lower);
    std::stable_sort(left_expected_.begin(), left_expected_.end(), lower);
    for (std::size_t i = 0; i < std::min(left_actual_.size(), left_expected_.size()); ++i) {
      pair(left_actual_[i], left_expected_[i]);
    }
  }

  std::size_t axes_ = 0;  // that all points have
  std::vector<Item> items_;
  std::vector<Item> left_actual_;
  std::vector<Item> left_expected_;
  std::vector<std::pair<std::size_t, std::size_t>> pairs_;
};

}  // namespace

std::vector<std::pair<std::size_t, std::size_t>> pair_points(const std::vector<Point>& actual,
                                                             const std::vector<Point>& expected) {
  return Pairer().run(actual, expected);
}

}  // namespace snapshot_test::compare
