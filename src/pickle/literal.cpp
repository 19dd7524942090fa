#include "pickle/literal.hpp"

#include <algorithm>
#include <vector>

#include "pickle/text.hpp"

namespace snapshot_test::pickle {
namespace {

constexpr int kDeepestLiteral = 64;

/// A recursive descent; every function leaves `rest_` behind what it read, or returns null.
class LiteralParser {
 public:
  LiteralParser(std::string_view text, Builder& builder) : rest_(text), builder_(builder) {}

  Value* whole() {
    Value* value = any(0);
    skip_space();
    return rest_.empty() ? value : nullptr;
  }

 private:
  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

  bool take(std::string_view token) {
    skip_space();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  Value* any(int depth) {
    if (depth > kDeepestLiteral) return nullptr;
    if (take("None")) return builder_.none();
    if (take("True")) return builder_.boolean(true);
    if (take("False")) return builder_.boolean(false);
    if (take("{")) return dict(depth);
    if (take("[")) return sequence(Kind::kList, "]", depth);
    if (take("(")) return sequence(Kind::kTuple, ")", depth);
    skip_space();
    if (rest_.starts_with('\'') || rest_.starts_with('"')) return text();
    return integer();
  }

  Value* text() {
    const std::size_t end = rest_.find(rest_.front(), 1);
    if (end == std::string_view::npos) return nullptr;
    const std::string_view inside = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return inside.find('\\') == std::string_view::npos ? builder_.text(inside) : nullptr;
  }

  Value* integer() {
    const std::size_t end = std::min(rest_.find_first_not_of("+-0123456789"), rest_.size());
    const auto number = parse_integer(rest_.substr(0, end));
    rest_.remove_prefix(end);
    if (rest_.starts_with('L')) rest_.remove_prefix(1);  // as Python 2 wrote long integers
    return number ? builder_.integer(*number) : nullptr;
  }

  Value* sequence(Kind kind, std::string_view close, int depth) {
    std::vector<Value*> items;
    bool comma = false;
    while (!take(close)) {
      if (!items.empty() && !comma) return nullptr;
      Value* item = any(depth + 1);
      if (item == nullptr) return nullptr;
      items.push_back(item);
      comma = take(",");
    }
    const bool only_parentheses = kind == Kind::kTuple && items.size() == 1 && !comma;
    return only_parentheses ? items.front() : builder_.items(kind, items);
  }

  Value* dict(int depth) {
    std::vector<Value*> items;
    bool comma = true;
    while (!take("}")) {
      Value* key = comma ? any(depth + 1) : nullptr;
      Value* value = key != nullptr && take(":") ? any(depth + 1) : nullptr;
      if (value == nullptr) return nullptr;
      items.push_back(key);
      items.push_back(value);
      comma = take(",");
    }
    Value* dict = builder_.container(Kind::kDict);
    builder_.set_items(*dict, items);
    return dict;
  }

  std::string_view rest_;
  Builder& builder_;
};

}  // namespace

Value* parse_literal(std::string_view text, Builder& builder) { return LiteralParser(text, builder).whole(); }

}  // namespace snapshot_test::pickle
