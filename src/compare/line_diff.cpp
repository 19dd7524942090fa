#include "compare/line_diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "compare/edit_script.hpp"
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

struct Hunk {
  std::size_t begin;
  std::size_t end;
};

std::vector<Hunk> hunks_of(const std::vector<EditStep>& script) {
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

std::string header(const std::vector<EditStep>& script, const Hunk& hunk) {
  const auto begin = script.begin() + static_cast<std::ptrdiff_t>(hunk.begin);
  const auto end = script.begin() + static_cast<std::ptrdiff_t>(hunk.end);
  const auto added = std::count_if(begin, end, [](const EditStep& line) { return line.edit == Edit::kAdded; });
  const auto removed = std::count_if(begin, end, [](const EditStep& line) { return line.edit == Edit::kRemoved; });
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

LineDiff unified_diff(std::string_view actual, std::string_view expected) {
  const Lines before = lines_of(expected);
  const Lines after = lines_of(actual);
  LineDiff diff{{}, before.size(), after.size(), {}};
  if (before.size() < 2 && after.size() < 2) return diff;
  const std::vector<std::size_t> removable = hashes_of(before);
  const std::vector<std::size_t> addable = hashes_of(after);
  const std::vector<EditStep> script = edit_script(
      before.size(), after.size(), [&](std::size_t i, std::size_t j) { return removable[i] == addable[j]; });
  diff.changes = changes_in(script);
  std::string& out = diff.text;
  std::size_t written = 0;
  std::size_t changes_left = static_cast<std::size_t>(
      std::count_if(script.begin(), script.end(), [](const EditStep& line) { return line.edit != Edit::kSame; }));
  for (const Hunk& hunk : hunks_of(script)) {
    if (written >= kMostDiffLines) break;
    out += (out.empty() ? "" : "\n") + header(script, hunk);
    for (std::size_t i = hunk.begin; i < hunk.end && written < kMostDiffLines; ++i, ++written) {
      const EditStep& line = script[i];
      if (line.edit != Edit::kSame) --changes_left;
      out += fmt::format("\n{}{}", static_cast<char>(line.edit),
                         shown(line.edit == Edit::kAdded ? after[line.actual] : before[line.expected]));
    }
  }
  if (changes_left > 0) out += fmt::format("\n… {} more changed {}", changes_left, util::plural(changes_left, "line"));
  return diff;
}

}  // namespace snapshot_test::compare
