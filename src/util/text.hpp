// Text: which known word did they mean? Code points as UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace snapshot_test::util {

/// Optimal string alignment distance (Damerau-Levenshtein without overlapping swaps), in bytes.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// "__init__" and the like.
[[nodiscard]] inline bool is_dunder(std::string_view name) noexcept {
  return name.size() > 4 && name.starts_with("__") && name.ends_with("__");
}

/// As one word of a POSIX shell: quoted where it has to be.
[[nodiscard]] std::string shell_quoted(std::string_view word);

/// `text` with each character of `special` behind `escape`.
[[nodiscard]] std::string escaped(std::string_view text, std::string_view special, std::string_view escape);
/// A regular expression, Python's or another, that matches the text alone.
[[nodiscard]] std::string regex_quoted(std::string_view text);

/// The noun as it follows the number: "case", "cases".
[[nodiscard]] std::string plural(std::uint64_t number, std::string_view noun);

/// "3,901"
[[nodiscard]] std::string grouped(std::uint64_t number);
/// "1 case", "3,901 cases"
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view noun);

/// The candidate that is closest to `word`, if it is close enough to be a misspelling of it.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

/// How many bytes encode_utf8() writes.
[[nodiscard]] constexpr std::size_t utf8_size(std::uint32_t code) noexcept {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

/// Writes the code point to `out`, which has room for four bytes, and returns how many it wrote. Surrogates are encoded
/// as any other (Python's "surrogatepass"). Of what is beyond Unicode only the lowest 21 bits count.
std::size_t encode_utf8(std::uint32_t code, char* out) noexcept;

/// The same at the end of a text.
void append_utf8(std::string& out, std::uint32_t code);

}  // namespace snapshot_test::util
