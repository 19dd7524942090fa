#include "util/addresses.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <vector>

namespace snapshot_test::util {
namespace {

constexpr std::string_view kMark = " at 0x";
constexpr std::size_t kMostDigits = 16;

struct Form {
  std::string_view begin;  // what follows the "<"
  std::string_view after;  // what follows the address
};
// Of CPython's own types, those whose repr does not end at the address.
constexpr std::array<Form, 6> kLongForms = {{{"code object ", ", file "},
                                             {"frame at 0x", ", file "},
                                             {"weakref at 0x", "; "},
                                             {"weakproxy at 0x", " to "},
                                             {"cell at 0x", ": "},
                                             {"Future at 0x", " state="}}};

std::size_t end_of_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && std::isxdigit(static_cast<unsigned char>(text[at])) != 0) ++at;
  return at;
}

// "Generator(PCG64)": numpy's generators write their address behind it, without brackets.
bool is_generator(std::string_view before) {
  const std::size_t bracket = before.rfind('(');
  if (bracket == std::string_view::npos || !before.ends_with(')')) return false;
  const std::string_view name = before.substr(0, bracket);
  return name.ends_with("Generator") || name.ends_with("RandomState");
}

// `inside` begins behind the innermost "<" that is open where `before` ends; empty where none is.
bool is_address(std::string_view before, std::string_view inside, std::string_view after) {
  if (inside.empty()) return is_generator(before);
  const auto goes_on = [&](const Form& form) {
    return inside.starts_with(form.begin) && after.starts_with(form.after);
  };
  return after.starts_with('>') || std::any_of(kLongForms.begin(), kLongForms.end(), goes_on) || is_generator(before);
}

}  // namespace

std::string without_addresses(std::string_view text) {
  if (text.find(kMark) == std::string_view::npos) return std::string(text);
  std::string out;
  std::vector<std::size_t> open;  // behind each "<" of this line that is not closed
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '<') {
      open.push_back(i + 1);
    } else if (text[i] == '\n') {
      open.clear();
    } else if (text[i] == '>' && !open.empty() && text[i - 1] != '-') {
      open.pop_back();
    } else if (text[i] == ' ' && text.substr(i, kMark.size()) == kMark) {
      const std::size_t digits = i + kMark.size();
      const std::size_t end = end_of_digits(text, digits);
      const bool plausible = end != digits && end - digits <= kMostDigits;
      const std::string_view inside = open.empty() ? std::string_view() : text.substr(open.back());
      if (plausible && is_address(text.substr(0, i), inside, text.substr(end))) {
        out += text.substr(copied, digits - copied);
        copied = end;
      }
      i = end - 1;
    }
  }
  out += text.substr(copied);
  return out;
}

}  // namespace snapshot_test::util
