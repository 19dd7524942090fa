#include "compare/line_diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "util/addresses.hpp"
#include "util/text.hpp"

namespace snapshot_test::compare {
namespace {

constexpr std::size_t kContext = 3;
constexpr std::size_t kLongestLine = 200;

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

// Lines that differ in addresses alone are the same.
std::vector<std::size_t> hashes_of(const Lines& lines) {
  std::vector<std::size_t> hashes;
  hashes.reserve(lines.size());
  for (const std::string_view line : lines) hashes.push_back(std::hash<std::string>{}(util::without_addresses(line)));
  return hashes;
}

enum class Edit : char { kSame = ' ', kRemoved = '-', kAdded = '+' };

struct Line {
  Edit edit;
  std::size_t expected;  // index of the line there, or of the one it stands before
  std::size_t actual;
};

// Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), from the front, as far as kMostEdits edits reach.
class Script {
 public:
  Script(const Lines& expected, const Lines& actual) : expected_(hashes_of(expected)), actual_(hashes_of(actual)) {}

  std::vector<Line> run() {
    const std::size_t prefix = common_prefix();
    const std::size_t suffix = common_suffix(prefix);
    first_ = prefix;
    rows_ = static_cast<std::ptrdiff_t>(expected_.size() - prefix - suffix);
    columns_ = static_cast<std::ptrdiff_t>(actual_.size() - prefix - suffix);
    for (std::size_t i = 0; i < prefix; ++i) script_.push_back({Edit::kSame, i, i});
    search();
    for (std::size_t i = suffix; i > 0; --i) {
      script_.push_back({Edit::kSame, expected_.size() - i, actual_.size() - i});
    }
    return std::move(script_);
  }

 private:
  static constexpr std::ptrdiff_t kMostEdits = 400;

  [[nodiscard]] bool same(std::size_t i, std::size_t j) const { return expected_[i] == actual_[j]; }

  [[nodiscard]] std::size_t common_prefix() const {
    std::size_t length = 0;
    while (length < std::min(expected_.size(), actual_.size()) && same(length, length)) ++length;
    return length;
  }

  [[nodiscard]] std::size_t common_suffix(std::size_t prefix) const {
    const std::size_t most = std::min(expected_.size(), actual_.size()) - prefix;
    std::size_t length = 0;
    while (length < most && same(expected_.size() - 1 - length, actual_.size() - 1 - length)) ++length;
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
    std::vector<Line> backwards;
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

  std::vector<std::size_t> expected_;
  std::vector<std::size_t> actual_;
  std::size_t first_ = 0;  // of what is not in the common beginning
  std::ptrdiff_t rows_ = 0;
  std::ptrdiff_t columns_ = 0;
  std::vector<Line> script_;
};

struct Hunk {
  std::size_t begin;
  std::size_t end;
};

std::vector<Hunk> hunks_of(const std::vector<Line>& script) {
  std::vector<Hunk> hunks;
  for (std::size_t i = 0; i < script.size(); ++i) {
    if (script[i].edit == Edit::kSame) continue;
    const std::size_t begin = i - std::min(i, kContext);
    const std::size_t end = std::min(script.size(), i + 1 + kContext);
    if (!hunks.empty() && begin <= hunks.back().end) {
      hunks.back().end = end;
    } else {
      hunks.push_back({begin, end});
    }
  }
  return hunks;
}

// As diff -u writes it: the first line, from 1, and how many there are.
std::string range_text(std::size_t first, std::size_t count) {
  return count == 1 ? fmt::format("{}", first + 1) : fmt::format("{},{}", count == 0 ? first : first + 1, count);
}

std::string header(const std::vector<Line>& script, const Hunk& hunk) {
  const auto begin = script.begin() + static_cast<std::ptrdiff_t>(hunk.begin);
  const auto end = script.begin() + static_cast<std::ptrdiff_t>(hunk.end);
  const auto added = std::count_if(begin, end, [](const Line& line) { return line.edit == Edit::kAdded; });
  const auto removed = std::count_if(begin, end, [](const Line& line) { return line.edit == Edit::kRemoved; });
  const auto length = end - begin;
  return fmt::format("@@ -{} +{} @@", range_text(begin->expected, static_cast<std::size_t>(length - added)),
                     range_text(begin->actual, static_cast<std::size_t>(length - removed)));
}

std::string shown(std::string_view line) {
  std::string out;
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    const bool starts_character = (byte & 0xc0) != 0x80;
    if (out.size() > kLongestLine && starts_character) return out + "…";
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace

std::string unified_diff(std::string_view actual, std::string_view expected) {
  const Lines before = lines_of(expected);
  const Lines after = lines_of(actual);
  if (before.size() < 2 && after.size() < 2) return "";
  const std::vector<Line> script = Script(before, after).run();
  std::string out;
  std::size_t written = 0;
  std::size_t changes_left = static_cast<std::size_t>(
      std::count_if(script.begin(), script.end(), [](const Line& line) { return line.edit != Edit::kSame; }));
  for (const Hunk& hunk : hunks_of(script)) {
    if (written >= kMostDiffLines) break;
    out += (out.empty() ? "" : "\n") + header(script, hunk);
    for (std::size_t i = hunk.begin; i < hunk.end && written < kMostDiffLines; ++i, ++written) {
      const Line& line = script[i];
      if (line.edit != Edit::kSame) --changes_left;
      out += fmt::format("\n{}{}", static_cast<char>(line.edit),
                         shown(line.edit == Edit::kAdded ? after[line.actual] : before[line.expected]));
    }
  }
  if (changes_left > 0) out += fmt::format("\n… {} more changed {}", changes_left, util::plural(changes_left, "line"));
  return out;
}

}  // namespace snapshot_test::compare
