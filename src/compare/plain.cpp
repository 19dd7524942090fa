#include "compare/plain.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "snapshot_test/pickle/form.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Kind;
using pickle::Object;
using pickle::Value;
using Items = PlainPair::Items;
using Pairs = PlainPair::Pairs;

// Modules whose classes are made from a number or a text that they are not a kind of: Decimal('1') is no str.
constexpr std::array<std::string_view, 10> kNoSubclasses = {"builtins",  "datetime",  "decimal", "fractions",
                                                            "ipaddress", "itertools", "pathlib", "pathlib._local",
                                                            "uuid",      "re"};

bool is_empty(const Value* state) {
  return state == nullptr || state->kind() == Kind::kNone || (state->kind() == Kind::kDict && state->pairs().empty());
}

// An object that holds no more than what it was made from and what was put into it.
const Object* bare(const Value& value) {
  if (value.kind() != Kind::kObject) return nullptr;
  const Object& object = value.object();
  const bool named = object.callable->kind() == Kind::kGlobal;
  return named && is_empty(object.state) && object.kwargs == nullptr ? &object : nullptr;
}

bool is_class(const Object& object, std::string_view module, std::string_view name) {
  return object.callable->global().module == module && object.callable->global().name == name;
}

const Value* only_argument(const Object& object) {
  return object.args->items().size() == 1 ? object.args->items()[0] : nullptr;
}

// A tuple's subclass is made from the tuple, a named tuple from its fields: the other side's length says which it is.
std::optional<Items> items_of_tuple(const Object& object, std::optional<std::size_t> length) {
  const Items fields = object.args->items();
  const Value* only = only_argument(object);
  if (only != nullptr && only->kind() == Kind::kTuple && (!length || *length != 1 || only->items().size() == 1)) {
    return only->items();
  }
  return fields;
}

std::optional<Items> sequence_of(const Value& value, std::optional<std::size_t> length) {
  if (value.kind() == Kind::kList || value.kind() == Kind::kTuple) return value.items();
  const Object* object = bare(value);
  if (object == nullptr || object->dict_items != nullptr) return std::nullopt;
  if (object->list_items != nullptr) return object->list_items->items();
  if (is_class(*object, "collections", "deque")) return Items{};
  if (object->by_new && !object->args->items().empty()) return items_of_tuple(*object, length);
  return std::nullopt;
}

std::optional<Pairs> mapping_of(const Value& value) {
  if (value.kind() == Kind::kDict) return pickle::form_of(value) ? std::nullopt : std::optional(value.pairs());
  const Object* object = bare(value);
  if (object == nullptr || object->list_items != nullptr) return std::nullopt;
  if (object->dict_items != nullptr) return object->dict_items->pairs();
  const Value* only = only_argument(*object);
  if (only != nullptr && only->kind() == Kind::kDict) return only->pairs();
  for (const std::string_view name : {"defaultdict", "OrderedDict", "Counter"}) {
    if (is_class(*object, "collections", name)) return Pairs{};
  }
  return std::nullopt;
}

std::optional<Items> elements_of(const Value& value) {
  if (value.kind() == Kind::kSet || value.kind() == Kind::kFrozenSet) return value.items();
  const Object* object = bare(value);
  if (object == nullptr || object->list_items != nullptr || object->dict_items != nullptr) return std::nullopt;
  const Value* only = only_argument(*object);
  const bool held = only != nullptr && (only->kind() == Kind::kList || only->kind() == Kind::kSet);
  return held ? std::optional(only->items()) : std::nullopt;
}

bool is_leaf(const Value& value) {
  switch (value.kind()) {
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kBigInt:
    case Kind::kFloat:
    case Kind::kComplex:
    case Kind::kStr:
    case Kind::kBytes:
    case Kind::kScalar: return true;
    default: return false;
  }
}

const Value* leaf_of(const Value& value) {
  if (is_leaf(value)) return &value;
  const Object* object = bare(value);
  const Value* only = object == nullptr ? nullptr : only_argument(*object);
  if (only == nullptr || !is_leaf(*only) || object->list_items != nullptr || object->dict_items != nullptr) {
    return nullptr;
  }
  // Enums are called with their value; other classes that are called with one need not be a kind of it.
  const std::string_view module = object->callable->global().module;
  const bool called = std::find(kNoSubclasses.begin(), kNoSubclasses.end(), module) == kNoSubclasses.end();
  return object->by_new || called ? only : nullptr;
}

// What an instance of a local subclass of a built-in type holds, where it holds no more; else the value itself.
const Value& held_by_form(const Value& value) {
  const auto form = pickle::form_of(value);
  const Value* held = form && form->kind == "instance" ? pickle::field(*form, "value") : nullptr;
  const bool more = form && pickle::field(*form, "state") != nullptr;
  return held == nullptr || more ? value : *held;
}

bool is_set(const Value& value) { return value.kind() == Kind::kSet || value.kind() == Kind::kFrozenSet; }

}  // namespace

std::optional<PlainPair> without_classes(const Value& one, const Value& other) {
  const Value& actual = held_by_form(one);
  const Value& expected = held_by_form(other);
  PlainPair pair;
  if (const auto a = mapping_of(actual), b = mapping_of(expected); a && b) {
    pair.kind = PlainPair::Kind::kMapping;
    pair.actual_pairs = *a;
    pair.expected_pairs = *b;
    return pair;
  }
  pair.actual_leaf = leaf_of(actual);
  pair.expected_leaf = leaf_of(expected);
  if (pair.actual_leaf != nullptr && pair.expected_leaf != nullptr) return pair;
  const auto size = [](const std::optional<Items>& items) {
    return items ? std::optional(items->size()) : std::nullopt;
  };
  const auto b_first = sequence_of(expected, std::nullopt);
  const auto a = sequence_of(actual, size(b_first));
  const auto b = sequence_of(expected, size(a));
  if (a && b) {
    pair.kind = PlainPair::Kind::kSequence;
    pair.actual_items = *a;
    pair.expected_items = *b;
    return pair;
  }
  const auto x = elements_of(actual);
  const auto y = elements_of(expected);
  if (x && y && (is_set(actual) || is_set(expected))) {
    pair.kind = PlainPair::Kind::kUnordered;
    pair.actual_items = *x;
    pair.expected_items = *y;
    return pair;
  }
  return std::nullopt;
}

}  // namespace snapshot_test::compare
