#include "compare/paths.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "compare/keys.hpp"
#include "compare/text.hpp"
#include "snapshot_test/pickle/describe.hpp"
#include "util/addresses.hpp"

namespace snapshot_test::compare {
namespace {

constexpr std::size_t kLongestPath = 2000;
constexpr std::size_t kDeepestPath = 64;
constexpr std::size_t kLongestKey = 60;

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

std::string element_text(const Step& step) {
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

}  // namespace

std::string key_text(const pickle::Value& key) {
  using pickle::Kind;
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
    default: return digest_text(key);
  }
}

std::string step_text(const Step& step) {
  switch (step.kind) {
    case Step::Kind::kIndex: return fmt::format("[{}]", step.index);
    case Step::Kind::kElement: return element_text(step);
    case Step::Kind::kKey: return fmt::format("[{}]", key_text(*step.key));
    case Step::Kind::kAttribute:
      if (step.key->kind() == pickle::Kind::kStr && is_identifier(step.key->text())) {
        return fmt::format(".{}", step.key->text());
      }
      return fmt::format("[{}]", key_text(*step.key));
    case Step::Kind::kArgument: return fmt::format("({})", step.index);
    case Step::Kind::kKeyword: return fmt::format("({})", key_text(*step.key));
    case Step::Kind::kMember: return "{}";
    case Step::Kind::kPart: return fmt::format(".{}", step.name);
    case Step::Kind::kKeys: return ".keys()";
  }
  return {};
}

bool append_step(std::string& path, std::size_t depth, const Step& step) {
  if (depth >= kDeepestPath) return false;
  const std::string text = step_text(step);
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
  const auto found = children.find(step_text(step));
  return found == children.end() ? kNothing : found->second;
}

}  // namespace snapshot_test::compare
