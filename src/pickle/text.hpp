// The text forms of protocol 0. Results are views of the input or of the arena; nothing where the text is malformed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "pickle/arena.hpp"

namespace snapshot_test::pickle {

/// Decimal, with an optional sign.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);
/// Any number of decimal digits up to kMostDigits, as two's complement little-endian bytes.
[[nodiscard]] std::optional<std::span<const std::byte>> parse_big_integer(std::string_view text, Arena& arena);
/// The conversion's time grows with the square of the digits; no int in a text pickle comes near this.
inline constexpr std::size_t kMostDigits = 20'000;

[[nodiscard]] std::optional<double> parse_float(std::string_view text);
/// The body of a quoted Python 2 str with its backslash escapes.
[[nodiscard]] std::optional<std::string_view> unescape_string(std::string_view text, Arena& arena);
/// Python's raw-unicode-escape, as UTF-8.
[[nodiscard]] std::optional<std::string_view> unescape_unicode(std::string_view text, Arena& arena);
/// UTF-8 of characters below 256, as those bytes.
[[nodiscard]] std::optional<std::span<const std::byte>> latin1_bytes(std::string_view utf8, Arena& arena);
/// The code point of a text that has just one; surrogates count.
[[nodiscard]] std::optional<std::uint32_t> only_code_point(std::string_view utf8);
[[nodiscard]] bool is_ascii(std::string_view text);

}  // namespace snapshot_test::pickle
