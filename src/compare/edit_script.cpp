#include "compare/edit_script.hpp"

#include <algorithm>
#include <utility>

namespace snapshot_test::compare {
namespace {

// Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), from the front, as far as kMostEdits edits reach.
class Script {
 public:
  Script(std::size_t expected, std::size_t actual, const std::function<bool(std::size_t, std::size_t)>& same)
      : expected_(expected), actual_(actual), same_(same) {}

  std::vector<EditStep> run() {
    const std::size_t prefix = common_prefix();
    const std::size_t suffix = common_suffix(prefix);
    first_ = prefix;
    rows_ = static_cast<std::ptrdiff_t>(expected_ - prefix - suffix);
    columns_ = static_cast<std::ptrdiff_t>(actual_ - prefix - suffix);
    for (std::size_t i = 0; i < prefix; ++i) script_.push_back({Edit::kSame, i, i});
    search();
    for (std::size_t i = suffix; i > 0; --i) {
      script_.push_back({Edit::kSame, expected_ - i, actual_ - i});
    }
    return std::move(script_);
  }

 private:
  static constexpr std::ptrdiff_t kMostEdits = 400;

  [[nodiscard]] bool same(std::size_t i, std::size_t j) const { return same_(i, j); }

  [[nodiscard]] std::size_t common_prefix() const {
    std::size_t length = 0;
    while (length < std::min(expected_, actual_) && same(length, length)) ++length;
    return length;
  }

  [[nodiscard]] std::size_t common_suffix(std::size_t prefix) const {
    const std::size_t most = std::min(expected_, actual_) - prefix;
    std::size_t length = 0;
    while (length < most && same(expected_ - 1 - length, actual_ - 1 - length)) ++length;
    return length;
  }

  void search() {
    // reached[k]: how far down the expected lines diagonal k (expected minus actual) got with so many edits.
    const auto offset = static_cast<std::size_t>(kMostEdits + 1);
    std::vector<std::ptrdiff_t> reached(2 * offset + 1, 0);
    std::vector<std::vector<std::ptrdiff_t>> history;
    const auto at = [&](std::ptrdiff_t k) -> std::ptrdiff_t& {
      return reached[static_cast<std::size_t>(k + static_cast<std::ptrdiff_t>(offset))];
    };
    for (std::ptrdiff_t edits = 0; edits <= kMostEdits; ++edits) {
      history.push_back(reached);
      for (std::ptrdiff_t k = -edits; k <= edits; k += 2) {
        const bool down = k == edits || (k != -edits && at(k + 1) <= at(k - 1));
        std::ptrdiff_t x = down && edits > 0 ? at(k - 1) + 1 : at(k + 1);
        if (edits == 0) x = 0;
        while (x < rows_ && x - k < columns_ && x - k >= 0 && same(line(x), line(x - k))) ++x;
        at(k) = x;
        if (x >= rows_ && x - k >= columns_) return trace(history, edits, k, rows_);
      }
    }
    // Too different: what the most advanced diagonal found, and then everything that is left.
    const std::ptrdiff_t best = furthest(at);
    const std::ptrdiff_t x = at(best);
    trace(history, kMostEdits, best, x);
    for (std::ptrdiff_t i = x; i < rows_; ++i) script_.push_back({Edit::kRemoved, line(i), line(x - best)});
    for (std::ptrdiff_t j = x - best; j < columns_; ++j) script_.push_back({Edit::kAdded, line(rows_), line(j)});
  }

  template <class At>
  [[nodiscard]] std::ptrdiff_t furthest(const At& at) const {
    std::ptrdiff_t best = 0;
    std::ptrdiff_t most = -1;
    for (std::ptrdiff_t k = -kMostEdits; k <= kMostEdits; k += 2) {
      const std::ptrdiff_t x = at(k);
      if (x > rows_ || x - k > columns_ || x - k < 0) continue;
      if (2 * x - k > most) {
        most = 2 * x - k;
        best = k;
      }
    }
    return best;
  }

  [[nodiscard]] std::size_t line(std::ptrdiff_t i) const { return first_ + static_cast<std::size_t>(i); }

  // Back from row x of diagonal k, where so many edits led.
  void trace(const std::vector<std::vector<std::ptrdiff_t>>& history, std::ptrdiff_t edits, std::ptrdiff_t k,
             std::ptrdiff_t x) {
    std::vector<EditStep> backwards;
    for (; edits > 0; --edits) {
      const auto& before = history[static_cast<std::size_t>(edits)];
      const auto at = [&](std::ptrdiff_t d) { return before[static_cast<std::size_t>(d + kMostEdits + 1)]; };
      const bool down = k == edits || (k != -edits && at(k + 1) <= at(k - 1));
      const std::ptrdiff_t start = down ? at(k - 1) + 1 : at(k + 1);
      for (; x > start; --x) backwards.push_back({Edit::kSame, line(x - 1), line(x - 1 - k)});
      if (down) {
        backwards.push_back({Edit::kRemoved, line(x - 1), line(x - k)});
        --x;
        --k;
      } else {
        backwards.push_back({Edit::kAdded, line(x), line(x - k - 1)});
        ++k;
      }
    }
    for (; x > 0; --x) backwards.push_back({Edit::kSame, line(x - 1), line(x - 1)});
    script_.insert(script_.end(), backwards.rbegin(), backwards.rend());
  }

  std::size_t expected_;  // elements, as is the next
  std::size_t actual_;
  const std::function<bool(std::size_t, std::size_t)>& same_;
  std::size_t first_ = 0;  // of what is not in the common beginning
  std::ptrdiff_t rows_ = 0;
  std::ptrdiff_t columns_ = 0;
  std::vector<EditStep> script_;
};

}  // namespace

std::vector<EditStep> edit_script(std::size_t expected, std::size_t actual,
                                  const std::function<bool(std::size_t, std::size_t)>& same) {
  return Script(expected, actual, same).run();
}

std::vector<EditChange> changes_in(const std::vector<EditStep>& script) {
  std::vector<EditChange> changes;
  for (auto at = script.begin(); at != script.end();) {
    if (at->edit == Edit::kSame) {
      ++at;
      continue;
    }
    std::vector<EditStep> removed;
    std::vector<EditStep> added;
    for (; at != script.end() && at->edit != Edit::kSame; ++at) {
      (at->edit == Edit::kRemoved ? removed : added).push_back(*at);
    }
    for (std::size_t i = 0; i < std::max(removed.size(), added.size()); ++i) {
      if (i >= added.size()) {
        changes.push_back({EditChange::Kind::kRemoved, removed[i].expected, removed[i].actual});
      } else if (i >= removed.size()) {
        changes.push_back({EditChange::Kind::kAdded, added[i].expected, added[i].actual});
      } else {
        changes.push_back({EditChange::Kind::kChanged, removed[i].expected, added[i].actual});
      }
    }
  }
  return changes;
}

}  // namespace snapshot_test::compare
