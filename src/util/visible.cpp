#include "util/visible.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace snapshot_test::util {

namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 0;  ///< 0: no UTF-8
};

constexpr std::uint32_t kHighest = 0x10FFFF;

unsigned char byte_of(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

/// How many bytes a character takes that starts with this one; 0 if none does.
constexpr std::size_t length_of(unsigned char first) {
  if (first < 0x80) {
    return 1;
  }
  if (first < 0xC2 || first > 0xF4) {
    return 0;
  }
  return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/// The character that `text` starts with. Neither surrogates nor longer forms than needed are characters.
Character first_character(std::string_view text) {
  const std::size_t length = length_of(byte_of(text, 0));
  if (length <= 1 || length > text.size()) {
    return {byte_of(text, 0), length == 1 ? std::size_t{1} : std::size_t{0}};
  }
  std::uint32_t code = byte_of(text, 0) & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte_of(text, i) & 0xC0U) != 0x80U) {
      return {};
    }
    code = code << 6U | (byte_of(text, i) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < kLeast[length] || code > kHighest || surrogate ? Character{} : Character{code, length};
}

/// Above ASCII: controls, and what changes how its neighbours are read without being visible itself (Unicode's category
/// Cf and the separators of lines and paragraphs), and the two codes that are no characters and no XML may have.
bool is_invisible(std::uint32_t code) {
  constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 14> kRanges{{{0x80, 0x9F},
                                                                             {0xAD, 0xAD},
                                                                             {0x600, 0x605},
                                                                             {0x61C, 0x61C},
                                                                             {0x6DD, 0x6DD},
                                                                             {0x180E, 0x180E},
                                                                             {0x200B, 0x200F},
                                                                             {0x2028, 0x202E},
                                                                             {0x2060, 0x206F},
                                                                             {0xFEFF, 0xFEFF},
                                                                             {0xFFF9, 0xFFFB},
                                                                             {0xFFFE, 0xFFFF},
                                                                             {0x1D173, 0x1D17A},
                                                                             {0xE0000, 0xE0FFF}}};
  return std::any_of(kRanges.begin(), kRanges.end(),
                     [code](const auto& range) { return code >= range.first && code <= range.second; });
}

/// As JSON writes it: beyond U+FFFF in two halves.
void append_code(std::string& out, std::uint32_t code) {
  if (code < 0x10000) {
    out += fmt::format("\\u{:04x}", code);
  } else {
    code -= 0x10000;
    out += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (code >> 10U), 0xDC00 + (code & 0x3FFU));
  }
}

void append_ascii(std::string& out, char c, Keep keep) {
  const bool control = static_cast<unsigned char>(c) < 0x20;
  if (c == '\x7f') {
    append_code(out, 0x7F);
  } else if (!control || (keep == Keep::kControls) || (keep == Keep::kLines && (c == '\n' || c == '\t'))) {
    out += c;
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '\t') {
    out += "    ";
  } else {
    out += fmt::format("\\x{:02x}", c);
  }
}

}  // namespace

void append_visible(std::string& out, std::string_view text, Keep keep) {
  while (!text.empty()) {
    const Character character = first_character(text);
    if (character.bytes == 1) {
      append_ascii(out, text.front(), keep);
    } else if (character.bytes == 0) {
      out += fmt::format("\\x{:02x}", byte_of(text, 0));
    } else if (is_invisible(character.code)) {
      append_code(out, character.code);
    } else {
      out += text.substr(0, character.bytes);
    }
    text.remove_prefix(std::max<std::size_t>(1, character.bytes));
  }
}

std::string visible(std::string_view text, Keep keep) {
  std::string out;
  out.reserve(text.size());
  append_visible(out, text, keep);
  return out;
}

std::size_t whole_characters(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const std::size_t at = text.size() - back;
    if ((byte_of(text, at) & 0xC0U) != 0x80U) {
      return length_of(byte_of(text, at)) > back ? at : text.size();
    }
  }
  return text.size();
}

}  // namespace snapshot_test::util
