// What stands for something that cannot be pickled, and what Python takes for equal although it is made differently.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "compare/walker.hpp"
#include "snapshot_test/pickle/describe.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Form;
using pickle::Kind;
using pickle::Pair;
using pickle::Value;

bool is_view(std::string_view name) { return name.ends_with(" view"); }

/// Views of keys and of items are sets.
bool is_unordered(const Value& value, const std::optional<Form>& form) {
  if (value.kind() == Kind::kSet || value.kind() == Kind::kFrozenSet) return true;
  return form && (pickle::form_name(*form) == "keys view" || pickle::form_name(*form) == "items view");
}

std::string_view label(const Pair& pair) {
  return pair.key->kind() == Kind::kStr ? pair.key->text() : std::string_view();
}

std::span<const Value* const> items_of(const Form& form) {
  const Value* items = pickle::field(form, "items");
  const bool sequence = items != nullptr && (items->kind() == Kind::kList || items->kind() == Kind::kTuple);
  return sequence ? items->items() : std::span<const Value* const>{};
}

/// Was it cut off so that what follows is not known?
bool is_cut(const Form& form) {
  return pickle::field(form, "more") != nullptr && pickle::field(form, "rest") == nullptr;
}

/// Are its items all there is to it: did it neither raise nor go on?
bool holds_no_more(const Form& form) {
  return std::none_of(form.fields.begin(), form.fields.end(), [](const Pair& pair) {
    return label(pair) == "more" || label(pair) == "rest" || label(pair) == "raised";
  });
}

/// What the elements of a collection are, be it pickled or described.
std::optional<std::span<const Value* const>> elements_of(const Value& value, const std::optional<Form>& form) {
  switch (value.kind()) {
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kSet:
    case Kind::kFrozenSet: return value.items();
    default: break;
  }
  const bool collection =
      form && (form->kind == "iterator" || is_view(pickle::form_name(*form))) && holds_no_more(*form);
  return collection ? std::optional(items_of(*form)) : std::nullopt;
}

double real(const Form& form, std::string_view name) {
  const Value* value = pickle::field(form, name);
  if (value != nullptr && value->kind() == Kind::kInt) return static_cast<double>(value->integer());
  const bool number = value != nullptr && value->kind() == Kind::kFloat;
  return number ? value->real() : std::numeric_limits<double>::quiet_NaN();
}

std::optional<Form> rest_of(const Form& form) {
  const Value* rest = pickle::field(form, "rest");
  return rest == nullptr ? std::nullopt : pickle::form_of(*rest);
}

bool same_digest(const Form& actual, const Form& expected) {
  const Value* now = pickle::field(actual, "sha256");
  const Value* then = pickle::field(expected, "sha256");
  return now != nullptr && then != nullptr && now->kind() == Kind::kStr && then->kind() == Kind::kStr &&
         now->text() == then->text();
}

/// Of items that are not kept: are there as many, all of them floats, whose sums could come from items that each agree?
bool are_near(const Form& actual, const Form& expected, const Tolerance& tolerance) {
  const double count = real(expected, "count");
  return real(actual, "count") == count && std::abs(real(actual, "sum") - real(expected, "sum")) <=
                                               tolerance.atol * count + tolerance.rtol * real(expected, "abs");
}

/// The fields that are compared by name; `items` are compared as those of a sequence.
std::vector<Pair> fields_of(const Form& form, const Form& other) {
  const std::string_view name = pickle::form_name(form);
  const bool whole = !is_cut(form) && !is_cut(other);
  std::vector<Pair> out;
  for (const Pair& pair : form.fields) {
    const std::string_view field = label(pair);
    const bool is_class = field == "type" && (name == "iterator" || is_view(name));
    // Known of one side only: where an iterator came from, or what followed where the other side was cut.
    const bool one_sided = (field == "state" && name == "iterator") || (!whole && (field == "rest" || field == "more"));
    if (is_class || (field == "items" && !items_of(form).empty()) ||
        (one_sided && pickle::field(other, field) == nullptr)) {
      continue;
    }
    out.push_back(pair);
  }
  return out;
}

std::optional<std::array<std::int64_t, 3>> range_of(const Value& value) {
  if (value.kind() != Kind::kObject || value.object().callable->kind() != Kind::kGlobal) return std::nullopt;
  const pickle::Global& callable = value.object().callable->global();
  const auto args = value.object().args->items();
  if (callable.module != "builtins" || callable.name != "range" || args.size() != 3) return std::nullopt;
  std::array<std::int64_t, 3> out{};
  for (std::size_t i = 0; i < 3; ++i) {
    if (args[i]->kind() != Kind::kInt) return std::nullopt;
    out[i] = args[i]->integer();
  }
  if (out[2] == 0) return std::nullopt;
  return out;
}

/// Start, step and length, as far as they say which numbers are in it.
std::array<std::uint64_t, 3> numbers_in(const std::array<std::int64_t, 3>& range) {
  const auto [start, stop, step] = range;
  const bool up = step > 0;
  if (up ? start >= stop : start <= stop) return {0, 0, 0};
  const std::uint64_t span = (up ? static_cast<std::uint64_t>(stop) - static_cast<std::uint64_t>(start)
                                 : static_cast<std::uint64_t>(start) - static_cast<std::uint64_t>(stop)) -
                             1;
  const std::uint64_t stride = up ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
  const std::uint64_t length = span / stride + 1;
  return {static_cast<std::uint64_t>(start), length == 1 ? 1 : static_cast<std::uint64_t>(step), length};
}

}  // namespace

bool are_equal_ranges(const Value& a, const Value& b) {
  const auto x = range_of(a);
  const auto y = range_of(b);
  return x && y && numbers_in(*x) == numbers_in(*y);
}

// The class of an iterator says how its items are made, not which they are. Without strict types, the items of views
// and iterators are compared with those of sequences and sets, too. False: neither is a form.
bool Walker::compare_form(const Value& actual, const Value& expected, Frame& frame) {
  const auto a = pickle::form_of(actual);
  const auto b = pickle::form_of(expected);
  if (!a && !b) return false;
  const auto stop = [&](What what, std::string x, std::string y) {
    leaf();
    differ(what, std::move(x), std::move(y),
           with_option(fmt::format("actual {}, expected {}", pickle::preview(actual), pickle::preview(expected)),
                       actual, expected));
    settle(frame);
    return true;
  };
  const bool alike = a && b && a->kind == b->kind && pickle::form_name(*a) == pickle::form_name(*b);
  const auto x = elements_of(actual, a);
  const auto y = elements_of(expected, b);
  if (!alike && (options_.strict_types || !x || !y)) {
    return stop(What::kType, pickle::type_name(actual), pickle::type_name(expected));
  }
  if (!alike) close();
  const auto items = [](const auto& all, const auto& form) { return all ? *all : items_of(*form); };
  frame.actual_items = items(x, a);
  frame.expected_items = items(y, b);
  if (frame.actual_items.size() != frame.expected_items.size()) {
    return stop(What::kLength, fmt::format("{}", frame.actual_items.size()),
                fmt::format("{}", frame.expected_items.size()));
  }
  if (is_shuffled() || is_unordered(actual, a) || is_unordered(expected, b)) {
    if (!compare_elements(std::exchange(frame.actual_items, {}), std::exchange(frame.expected_items, {}), frame)) {
      return true;
    }
  }
  if (alike) {
    std::vector<Pair> now = fields_of(*a, *b);
    std::vector<Pair> then = fields_of(*b, *a);
    const auto rest_now = rest_of(*a);
    const auto rest_then = rest_of(*b);
    if (rest_now && rest_then && !same_digest(*rest_now, *rest_then) &&
        are_near(*rest_now, *rest_then, without_auto(options_.tolerance))) {
      close();
      for (auto* fields : {&now, &then}) std::erase_if(*fields, [](const Pair& pair) { return label(pair) == "rest"; });
    }
    compare_form_digests(now, then, frame);
    add_mapping(now, then, Step::Kind::kAttribute, frame);
  }
  stack_.push_back(std::move(frame));
  return true;
}

// A digest shows that something differs, and not what, so the difference is given in words.
void Walker::compare_form_digests(std::vector<Pair>& actual, std::vector<Pair>& expected, Frame& frame) {
  struct Words {
    std::string_view field;
    const char* actual;
    const char* expected;
  };
  constexpr std::array<Words, 2> kDigests = {
      {{"code", "other instructions or constants", "those of the snapshot"},
       {"rest", "other items after those that are kept", "those of the snapshot"}}};
  for (const Words& words : kDigests) {
    const auto is_it = [&words](const Pair& pair) { return label(pair) == words.field; };
    const auto now = std::find_if(actual.begin(), actual.end(), is_it);
    const auto then = std::find_if(expected.begin(), expected.end(), is_it);
    if (now == actual.end() || then == expected.end()) continue;
    const auto a = pickle::form_of(*now->value);
    const auto b = pickle::form_of(*then->value);
    const bool text = now->value->kind() == Kind::kStr && then->value->kind() == Kind::kStr;
    const bool same = text ? now->value->text() == then->value->text() : a && b && same_digest(*a, *b);
    const Step step{Step::Kind::kPart, 0, nullptr, words.field, {}};
    actual.erase(now);
    expected.erase(then);
    if (ignored_.is_ignored(ignored_.below(frame.ignored, step))) {
      ++result_.ignored;
      continue;
    }
    leaf();
    if (same) continue;
    Difference difference;
    difference.actual = words.actual;
    difference.expected = words.expected;
    differ(std::move(difference), &step, &step);
  }
}

}  // namespace snapshot_test::compare
