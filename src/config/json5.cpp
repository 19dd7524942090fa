#include "config/json5.hpp"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <cstdint>

namespace snapshot_test::config {

namespace {

bool starts_identifier(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || (c & 0x80) != 0;
}

bool continues_identifier(char c) { return starts_identifier(c) || std::isdigit(static_cast<unsigned char>(c)) != 0; }

bool continues_number(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '+' || c == '-';
}

class Normaliser {
 public:
  explicit Normaliser(std::string_view in) : in_(in) {}

  StrictJson run() {
    if (in_.starts_with("\xEF\xBB\xBF")) {
      at_ = 3;
    }
    while (at_ < in_.size()) {
      step();
    }
    return std::move(out_);
  }

 private:
  void step() {
    const char c = in_[at_];
    if (c == '"' || c == '\'') {
      string(c);
    } else if (c == '/' && skip_comment(at_) != at_) {
      at_ = skip_comment(at_);
    } else if (c == ',' && closes(skip_blank(at_ + 1))) {
      ++at_;
    } else if (starts_identifier(c)) {
      word();
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '+' || c == '-') {
      number();
    } else {
      copy();
    }
  }

  void put(std::string_view text, std::size_t from) {
    out_.text += text;
    out_.origin.insert(out_.origin.end(), text.size(), from);
  }

  void copy() {
    put(in_.substr(at_, 1), at_);
    ++at_;
  }

  [[nodiscard]] bool closes(std::size_t position) const {
    return position < in_.size() && (in_[position] == '}' || in_[position] == ']');
  }

  /// The position after a comment that starts at `position`; `position` itself if none does, or it never ends.
  [[nodiscard]] std::size_t skip_comment(std::size_t position) const {
    if (in_.substr(position, 2) == "//") {
      const std::size_t end = in_.find('\n', position);
      return end == std::string_view::npos ? in_.size() : end;
    }
    if (in_.substr(position, 2) == "/*") {
      const std::size_t end = in_.find("*/", position + 2);
      return end == std::string_view::npos ? position : end + 2;
    }
    return position;
  }

  [[nodiscard]] std::size_t skip_blank(std::size_t position) const {
    for (;;) {
      while (position < in_.size() && std::isspace(static_cast<unsigned char>(in_[position])) != 0) {
        ++position;
      }
      if (position >= in_.size() || in_[position] != '/' || skip_comment(position) == position) {
        return position;
      }
      position = skip_comment(position);
    }
  }

  void word() {
    const std::size_t start = at_;
    while (at_ < in_.size() && continues_identifier(in_[at_])) {
      ++at_;
    }
    const std::size_t next = skip_blank(at_);
    const bool is_key = next < in_.size() && in_[next] == ':';
    if (is_key) {
      put("\"", start);
    }
    for (std::size_t i = start; i < at_; ++i) {
      put(in_.substr(i, 1), i);
    }
    if (is_key) {
      put("\"", at_ - 1);
    }
  }

  void string(char quote) {
    put("\"", at_++);
    while (at_ < in_.size() && in_[at_] != quote && in_[at_] != '\n') {
      if (in_[at_] == '\\') {
        escape();
      } else if (in_[at_] == '"') {
        put("\\\"", at_++);
      } else {
        copy();
      }
    }
    // A line that ends inside a string goes to the parser as it is: an unterminated string is its error to report.
    if (at_ < in_.size() && in_[at_] == quote) {
      put("\"", at_++);
    } else if (at_ < in_.size()) {
      copy();
    }
  }

  void escape() {
    const std::size_t start = at_;
    const char c = at_ + 1 < in_.size() ? in_[at_ + 1] : '\0';
    at_ = std::min(at_ + 2, in_.size());
    unsigned code = 0;
    switch (c) {
      case '\n': return;
      case '\r': at_ += at_ < in_.size() && in_[at_] == '\n' ? 1 : 0; return;
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't':
      case 'u':
      case '"':
      case '\\':
      case '/': put(in_.substr(start, 2), start); return;
      case 'v': put("\\u000b", start); return;
      case '0': put("\\u0000", start); return;
      case 'x': {
        const std::string_view digits = in_.substr(at_, 2);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
        if (error == std::errc() && digits.size() == 2 && end == digits.data() + 2) {
          put(fmt::format("\\u{:04x}", code), start);
          at_ += 2;
        } else {
          put("\\x", start);
        }
        return;
      }
      default: put(in_.substr(start + 1, at_ - start - 1), start); return;
    }
  }

  void number() {
    const std::size_t start = at_;
    while (at_ < in_.size() && continues_number(in_[at_])) {
      ++at_;
    }
    std::string_view digits = in_.substr(start, at_ - start);
    std::string sign;
    if (digits.front() == '+' || digits.front() == '-') {
      sign = digits.front() == '-' ? "-" : "";
      digits.remove_prefix(1);
    }
    put(sign + plain_number(digits), start);
  }

  static std::string plain_number(std::string_view digits) {
    if (digits.starts_with("0x") || digits.starts_with("0X")) {
      std::uint64_t value = 0;
      const char* end = digits.data() + digits.size();
      const auto [stop, error] = std::from_chars(digits.data() + 2, end, value, 16);
      return error == std::errc() && stop == end ? std::to_string(value) : std::string(digits);
    }
    std::string plain(digits);
    if (plain.starts_with('.') && plain.size() > 1) {
      plain.insert(0, "0");
    }
    const std::size_t dot = plain.find('.');
    const bool bare_dot = dot != std::string::npos && dot > 0 &&
                          (dot + 1 == plain.size() || plain[dot + 1] == 'e' || plain[dot + 1] == 'E');
    if (bare_dot) {
      plain.insert(dot + 1, "0");
    }
    return plain;
  }

  std::string_view in_;
  std::size_t at_ = 0;
  StrictJson out_;
};

}  // namespace

StrictJson json5_to_json(std::string_view text) { return Normaliser(text).run(); }

}  // namespace snapshot_test::config
