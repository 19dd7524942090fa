#include "compare/paths.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "compare/elements.hpp"
#include "compare/keys.hpp"
#include "snapshot_test/pickle/describe.hpp"
#include "util/addresses.hpp"

namespace snapshot_test::compare {
namespace {

constexpr std::size_t kLongestPath = 2000;
constexpr std::size_t kDeepestPath = 64;
constexpr std::size_t kLongestKey = 60;
constexpr std::size_t kLongestCompound = 120;

using pickle::Kind;
using pickle::Value;

bool is_identifier(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && text.size() <= kLongestKey && !(text.front() >= '0' && text.front() <= '9') &&
         std::all_of(text.begin(), text.end(), plain);
}

std::string digest_text(const pickle::Value& key) {
  Digester digester(DigestKind::kExact, Order::kMatters);
  return fmt::format("{}#{:012x}", pickle::type_name(key), digester(key).low & 0xffffffffffff);
}

std::string place_text(const Step& step) {
  std::vector<std::uint64_t> index(step.shape.size());
  std::uint64_t rest = step.index;
  for (std::size_t i = index.size(); i-- > 0;) {
    index[i] = rest % step.shape[i];
    rest /= step.shape[i];
  }
  return fmt::format("[{}]", fmt::join(index, ", "));
}

// Length of the component that `path` starts with.
std::size_t component_length(std::string_view path) {
  const char open = path.front();
  if (open == '.') {
    if (path.substr(0, 7) == ".keys()") return 7;
    return std::min(path.find_first_of(".[({", 1), path.size());
  }
  char quote = 0;
  int depth = 0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (quote != 0) {
      if (c == '\\') ++i;
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '[' || c == '(' || c == '{') {
      ++depth;
    } else if ((c == ']' || c == ')' || c == '}') && --depth <= 0) {
      return i + 1;
    }
  }
  return path.size();
}

bool append_key(const Value& key, int depth, std::string& out);

bool append_keys(std::span<const Value* const> items, int depth, std::string& out) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ", ";
    if (!append_key(*items[i], depth + 1, out)) return false;
  }
  return true;
}

// The elements of a set, in an order of their own.
bool append_sorted(std::span<const Value* const> items, int depth, std::string& out) {
  std::vector<std::string> texts(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (out.size() + i > kLongestCompound || !append_key(*items[i], depth + 1, texts[i])) return false;
  }
  std::sort(texts.begin(), texts.end());
  out += fmt::format("{}", fmt::join(texts, ", "));
  return true;
}

// datetime.date and datetime.datetime, which are made from their parts as bytes.
bool append_date(const pickle::Object& object, std::string& out) {
  const auto args = object.args->items();
  if (object.callable->global().module != "datetime" || args.size() != 1 || args[0]->kind() != Kind::kBytes)
    return false;
  const auto at = [&](std::size_t i) { return std::to_integer<unsigned>(args[0]->bytes()[i]); };
  const std::size_t size = args[0]->bytes().size();
  constexpr std::size_t kDate = 4;
  constexpr std::size_t kDatetime = 10;
  if (size != kDate && size != kDatetime) return false;
  out +=
      fmt::format("{}({}, {}, {}", pickle::qualified_name(object.callable->global()), at(0) << 8 | at(1), at(2), at(3));
  if (size == kDatetime) {
    out += fmt::format(", {}, {}, {}, {}", at(4), at(5), at(6), at(7) << 16 | at(8) << 8 | at(9));
  }
  out += ")";
  return true;
}

// An enum's member, a named tuple: what is made from plain values and holds nothing else.
bool append_object(const pickle::Object& object, int depth, std::string& out) {
  const bool plain = object.callable->kind() == Kind::kGlobal && object.kwargs == nullptr && object.state == nullptr &&
                     object.list_items == nullptr && object.dict_items == nullptr && !object.args->items().empty();
  if (!plain) return false;
  if (append_date(object, out)) return true;
  const auto is_raw = [](const Value* argument) { return argument->kind() == Kind::kBytes; };
  if (std::any_of(object.args->items().begin(), object.args->items().end(), is_raw)) return false;
  out += pickle::qualified_name(object.callable->global()) + "(";
  if (!append_keys(object.args->items(), depth, out)) return false;
  out += ")";
  return true;
}

// The key as Python would show it; false where it is too long or not made of plain values. The same in every run.
bool append_key(const Value& key, int depth, std::string& out) {
  constexpr int kDeepest = 8;
  if (depth > kDeepest || out.size() > kLongestCompound) return false;
  switch (key.kind()) {
    case Kind::kTuple:
      out += "(";
      if (!append_keys(key.items(), depth, out)) return false;
      out += key.items().size() == 1 ? ",)" : ")";
      return true;
    case Kind::kFrozenSet:
      out += "frozenset({";
      if (!append_sorted(key.items(), depth, out)) return false;
      out += "})";
      return true;
    case Kind::kObject: return append_object(key.object(), depth, out);
    case Kind::kStr:
      if (key.text().size() > kLongestKey) return false;
      out += pickle::quoted(util::without_addresses(key.text()), 8 * kLongestKey);
      return true;
    case Kind::kBytes:
      if (key.bytes().size() > kLongestKey) return false;
      out += pickle::preview(key, 8 * kLongestKey);
      return true;
    case Kind::kScalar:
      if (key.array().has_items || key.array().dtype->itemsize > kLongestKey) return false;
      out += fmt::format("{}({})", pickle::type_name(key), element_text(*key.array().dtype, key.array().data.data()));
      return true;
    case Kind::kNone:
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kBigInt:
    case Kind::kFloat:
    case Kind::kComplex:
    case Kind::kGlobal: out += pickle::preview(key, 200); return true;
    default: return false;
  }
}

}  // namespace

std::string key_text(const Value& key, KeyForm form) {
  switch (key.kind()) {
    case Kind::kStr: {
      const std::string text = util::without_addresses(key.text());
      return text.size() <= kLongestKey ? pickle::quoted(text, 8 * kLongestKey) : digest_text(key);
    }
    case Kind::kNone:
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kFloat:
    case Kind::kGlobal: return pickle::preview(key, 200);
    default: break;
  }
  std::string text;
  const bool readable = form == KeyForm::kReadable && append_key(key, 0, text) && text.size() <= kLongestCompound;
  return readable ? text : digest_text(key);
}

std::string step_text(const Step& step, KeyForm form) {
  switch (step.kind) {
    case Step::Kind::kIndex: return fmt::format("[{}]", step.index);
    case Step::Kind::kElement: return place_text(step);
    case Step::Kind::kKey: return fmt::format("[{}]", key_text(*step.key, form));
    case Step::Kind::kAttribute:
      if (step.key->kind() == Kind::kStr && is_identifier(step.key->text())) {
        return fmt::format(".{}", step.key->text());
      }
      return fmt::format("[{}]", key_text(*step.key, form));
    case Step::Kind::kArgument: return fmt::format("({})", step.index);
    case Step::Kind::kKeyword: return fmt::format("({})", key_text(*step.key, form));
    case Step::Kind::kMember: return "{}";
    case Step::Kind::kPart: return fmt::format(".{}", step.name);
    case Step::Kind::kKeys: return ".keys()";
  }
  return {};
}

bool append_step(std::string& path, std::size_t depth, const Step& step, KeyForm form) {
  if (depth >= kDeepestPath) return false;
  const std::string text = step_text(step, form);
  if (path.size() + text.size() > kLongestPath) return false;
  path += text;
  return true;
}

IgnoredPaths::IgnoredPaths(std::span<const std::string> paths) {
  if (paths.empty()) return;
  nodes_.emplace_back();
  for (const std::string& path : paths) {
    Node node = 0;
    for (std::string_view rest = path; !rest.empty();) {
      const std::size_t length = component_length(rest);
      const auto [place, fresh] = nodes_[node].children.try_emplace(std::string(rest.substr(0, length)), nodes_.size());
      node = place->second;
      if (fresh) nodes_.emplace_back();
      rest.remove_prefix(length);
    }
    nodes_[node].end = true;
  }
}

IgnoredPaths::Node IgnoredPaths::below(Node node, const Step& step) const {
  if (node == kNothing) return kNothing;
  const auto& children = nodes_[node].children;
  if (children.empty()) return kNothing;
  auto found = children.find(step_text(step));
  if (found == children.end() && step.key != nullptr) found = children.find(step_text(step, KeyForm::kDigest));
  return found == children.end() ? kNothing : found->second;
}

}  // namespace snapshot_test::compare
