#include "compare/text.hpp"

#include <algorithm>

#include "snapshot_test/pickle/describe.hpp"

namespace snapshot_test::compare {
namespace {

std::string excerpt(std::string_view text, std::size_t at) {
  constexpr std::size_t kBefore = 20;
  constexpr std::size_t kLength = 60;
  std::size_t start = at > kBefore ? at - kBefore : 0;
  while (start > 0 && (static_cast<unsigned char>(text[std::min(start, text.size() - 1)]) & 0xc0) == 0x80) --start;
  const std::string_view part = text.substr(std::min(start, text.size()), 4 * kLength);
  return (start > 0 ? "…" : "") + pickle::quoted(part, kLength);
}

}  // namespace

TextDifference first_difference(std::string_view actual, std::string_view expected) {
  const auto parting = std::mismatch(actual.begin(), actual.end(), expected.begin(), expected.end());
  const auto at = static_cast<std::size_t>(parting.first - actual.begin());
  const std::string_view before = actual.substr(0, at);
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  TextDifference difference;
  difference.line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  difference.column = 1 + at - line_start;
  difference.actual = excerpt(actual, at);
  difference.expected = excerpt(expected, at);
  return difference;
}

}  // namespace snapshot_test::compare
