#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace snapshot_test::util {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the table are enough: a swap looks two rows back.
  std::array<std::vector<std::size_t>, 3> rows;
  for (auto& row : rows) {
    row.assign(b.size() + 1, 0);
  }
  for (std::size_t j = 0; j <= b.size(); ++j) {
    rows[0][j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, substitution});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], two_above[j - 2] + 1);
      }
    }
  }
  return rows[a.size() % 3][b.size()];
}

std::string regex_quoted(std::string_view text) { return escaped(text, ".^$*+?()[]{}|\\", "\\"); }

std::string shell_quoted(std::string_view word) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(word);
  }
  std::string quoted = "'";
  for (const char letter : word) {
    quoted += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  }
  return quoted + "'";
}

std::string escaped(std::string_view text, std::string_view special, std::string_view escape) {
  std::string result;
  for (const char c : text) {
    result += special.find(c) == std::string_view::npos ? "" : escape;
    result += c;
  }
  return result;
}

std::string plural(std::uint64_t number, std::string_view noun) { return std::string(noun) + (number == 1 ? "" : "s"); }

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
  std::optional<std::string> best;
  // A third of the word may be wrong; of a short word, one letter.
  std::size_t allowed = std::max<std::size_t>(1, word.size() / 3);
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < candidate.size() && (distance < allowed || (distance == allowed && !best))) {
      best = candidate;
      allowed = distance;
    }
  }
  return best;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) {
    digits.insert(at - 3, ",");
  }
  return digits;
}

std::string counted(std::uint64_t number, std::string_view noun) {
  return grouped(number) + " " + plural(number, noun);
}

std::size_t encode_utf8(std::uint32_t code, char* out) noexcept {
  constexpr unsigned kLead[] = {0, 0, 0xc0, 0xe0, 0xf0};
  const std::size_t size = utf8_size(code);
  if (size == 1) {
    out[0] = static_cast<char>(code);
    return 1;
  }
  for (std::size_t i = size - 1; i != 0; --i) {
    out[i] = static_cast<char>(0x80 | (code & 0x3f));
    code >>= 6;
  }
  out[0] = static_cast<char>(kLead[size] | (size == 4 ? code & 7 : code));
  return size;
}

void append_utf8(std::string& out, std::uint32_t code) {
  char bytes[4];
  out.append(bytes, encode_utf8(code, bytes));
}

}  // namespace snapshot_test::util
