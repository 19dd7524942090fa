#include "pickle/text.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "util/text.hpp"

namespace snapshot_test::pickle {
namespace {

std::string_view stored(const std::string& text, Arena& arena) {
  char* place = arena.array<char>(text.size());
  std::copy(text.begin(), text.end(), place);
  return {place, text.size()};
}

// Exactly `digits` digits of the base at text[at], or nothing.
std::optional<std::uint32_t> digits_at(std::string_view text, std::size_t at, std::size_t digits, int base) {
  if (at > text.size() || text.size() - at < digits) return std::nullopt;
  std::uint32_t code = 0;
  const char* end = text.data() + at + digits;
  const auto [stop, error] = std::from_chars(text.data() + at, end, code, base);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return code;
}

std::optional<char> simple_escape(char letter) {
  constexpr std::string_view kLetters = "abfnrtv\\'\"";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\'\"";
  const std::size_t index = kLetters.find(letter);
  if (index == std::string_view::npos) return std::nullopt;
  return kMeanings[index];
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::span<const std::byte>> parse_big_integer(std::string_view text, Arena& arena) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative || (!text.empty() && text.front() == '+')) text.remove_prefix(1);
  if (text.empty() || text.size() > kMostDigits) return std::nullopt;
  std::vector<std::uint32_t> limbs;
  while (!text.empty()) {
    const std::size_t take = std::min<std::size_t>(9, text.size());
    const auto chunk = digits_at(text, 0, take, 10);
    if (!chunk) return std::nullopt;
    std::uint64_t factor = 1;
    for (std::size_t i = 0; i < take; ++i) factor *= 10;
    std::uint64_t carry = *chunk;
    for (std::uint32_t& limb : limbs) {
      carry += limb * factor;
      limb = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) limbs.push_back(static_cast<std::uint32_t>(carry));
    text.remove_prefix(take);
  }
  limbs.push_back(0);
  if (negative) {
    std::uint64_t carry = 1;
    for (std::uint32_t& limb : limbs) {
      carry += static_cast<std::uint32_t>(~limb);
      limb = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
  }
  std::byte* place = arena.array<std::byte>(limbs.size() * 4);
  for (std::size_t i = 0; i < limbs.size() * 4; ++i) place[i] = static_cast<std::byte>(limbs[i / 4] >> i % 4 * 8);
  return std::span<const std::byte>(place, limbs.size() * 4);
}

std::optional<double> parse_float(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::string_view> unescape_string(std::string_view text, Arena& arena) {
  if (text.find('\\') == std::string_view::npos) return text;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out.push_back(text[i]);
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    if (const auto meaning = simple_escape(text[i])) {
      out.push_back(*meaning);
    } else if (text[i] == 'x') {
      const auto code = digits_at(text, i + 1, 2, 16);
      if (!code) return std::nullopt;
      out.push_back(static_cast<char>(*code));
      i += 2;
    } else if (text[i] >= '0' && text[i] <= '7') {
      std::size_t length = 1;
      while (length < 3 && i + length < text.size() && text[i + length] >= '0' && text[i + length] <= '7') ++length;
      out.push_back(static_cast<char>(*digits_at(text, i, length, 8)));
      i += length - 1;
    } else {
      out.push_back('\\');
      out.push_back(text[i]);
    }
  }
  return stored(out, arena);
}

std::optional<std::string_view> unescape_unicode(std::string_view text, Arena& arena) {
  if (is_ascii(text) && text.find('\\') == std::string_view::npos) return text;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'u' || text[i + 1] == 'U');
    if (!escape) {
      util::append_utf8(out, static_cast<unsigned char>(text[i]));
      continue;
    }
    const std::size_t length = text[i + 1] == 'u' ? 4 : 8;
    const auto code = digits_at(text, i + 2, length, 16);
    if (!code || *code > 0x10ffff) return std::nullopt;
    util::append_utf8(out, *code);
    i += 1 + length;
  }
  return stored(out, arena);
}

std::optional<std::span<const std::byte>> latin1_bytes(std::string_view utf8, Arena& arena) {
  std::byte* place = arena.array<std::byte>(utf8.size());
  std::size_t size = 0;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if (lead < 0x80) {
      place[size++] = std::byte{lead};
      continue;
    }
    if ((lead != 0xc2 && lead != 0xc3) || i + 1 == utf8.size()) return std::nullopt;
    const auto next = static_cast<unsigned char>(utf8[++i]);
    if ((next & 0xc0) != 0x80) return std::nullopt;
    place[size++] = static_cast<std::byte>((lead & 3) << 6 | (next & 0x3f));
  }
  return std::span<const std::byte>(place, size);
}

std::optional<std::uint32_t> only_code_point(std::string_view utf8) {
  if (utf8.empty()) return std::nullopt;
  const auto byte = [utf8](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(utf8[i])); };
  const std::uint32_t lead = byte(0);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xc0 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf8 ? 4
                                           : 0;
  if (length != utf8.size()) return std::nullopt;
  if (length == 1) return lead;
  std::uint32_t code = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return std::nullopt;
    code = code << 6 | (byte(i) & 0x3f);
  }
  return code;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace snapshot_test::pickle
