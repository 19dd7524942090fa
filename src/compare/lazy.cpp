#include "compare/lazy.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "snapshot_test/pickle/form.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Kind;
using pickle::Pair;
using pickle::Value;

std::string_view name_of(const Pair& pair) {
  return pair.key->kind() == Kind::kStr ? pair.key->text() : std::string_view();
}

std::set<std::string_view> lazy_names(std::span<const Pair> pairs) {
  std::set<std::string_view> out;
  for (const Pair& pair : pairs) {
    if (pickle::is_lazy_mark(*pair.value)) out.insert(name_of(pair));
  }
  return out;
}

std::map<std::string_view, const Value*> values_of(std::span<const Pair> pairs) {
  std::map<std::string_view, const Value*> out;
  for (const Pair& pair : pairs) {
    if (!pickle::is_lazy_mark(*pair.value)) out[name_of(pair)] = pair.value;
  }
  return out;
}

bool is_plain_dict(const Value* value) { return value->kind() == Kind::kDict && !pickle::form_of(*value); }

std::vector<Pair> without(std::span<const Pair> pairs, const std::set<std::string_view>& names) {
  std::vector<Pair> out = pickle::without_lazy_marks(pairs);
  std::erase_if(out, [&](const Pair& pair) { return names.contains(name_of(pair)); });
  return out;
}

}  // namespace

bool has_lazy(std::span<const Pair> pairs) {
  return std::any_of(pairs.begin(), pairs.end(), [](const Pair& pair) { return pickle::is_lazy_mark(*pair.value); });
}

Laziness take_out_lazy(std::span<const Pair> actual, std::span<const Pair> expected) {
  const auto lazy_now = lazy_names(actual);
  const auto lazy_then = lazy_names(expected);
  const auto now = values_of(actual);
  const auto then = values_of(expected);
  std::set<std::string_view> from_actual;
  std::set<std::string_view> from_expected;
  Laziness out;
  for (const std::string_view name : lazy_now) {
    if (!then.contains(name)) from_actual.insert(name);
  }
  for (const std::string_view name : lazy_then) {
    if (!now.contains(name)) from_expected.insert(name);
    if (!lazy_now.contains(name) || !is_plain_dict(now.at(name)) || !is_plain_dict(then.at(name))) continue;
    from_actual.insert(name);
    from_expected.insert(name);
    const auto computed = values_of(now.at(name)->pairs());
    for (const Pair& pair : then.at(name)->pairs()) {
      const auto found = computed.find(name_of(pair));
      if (found != computed.end()) out.common.push_back({pair.key, found->second, pair.value});
    }
  }
  out.actual = without(actual, from_actual);
  out.expected = without(expected, from_expected);
  return out;
}

std::vector<Pair> lasting(std::span<const Pair> pairs) {
  if (!has_lazy(pairs)) return {pairs.begin(), pairs.end()};
  return without(pairs, lazy_names(pairs));
}

}  // namespace snapshot_test::compare
