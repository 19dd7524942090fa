// What each kind of value means to the walker: leaves, arrays, objects.
#include <fmt/format.h>

#include <algorithm>

#include "compare/arrays.hpp"
#include "compare/digests.hpp"
#include "compare/elements.hpp"
#include "compare/line_diff.hpp"
#include "compare/numbers.hpp"
#include "compare/ordering.hpp"
#include "compare/shapes.hpp"
#include "compare/text.hpp"
#include "compare/walker.hpp"
#include "pickle/date_text.hpp"
#include "snapshot_test/pickle/describe.hpp"
#include "util/addresses.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Array;
using pickle::DtypeKind;
using pickle::Kind;
using pickle::Pair;
using pickle::Value;

std::string text_of(const Value& value) {
  if (value.kind() != Kind::kScalar || value.array().has_items) return pickle::preview(value);
  return element_text(*value.array().dtype, value.array().data.data());
}

bool is_scalar_of(const Value& value, DtypeKind kind) {
  return value.kind() == Kind::kScalar && value.array().dtype->kind == kind;
}

// str or numpy.str_, bytes or numpy.bytes_: what they hold.
std::optional<std::string> held_text(const Value& value) {
  if (value.kind() == Kind::kStr) return std::string(value.text());
  if (!is_scalar_of(value, DtypeKind::kUnicode)) return std::nullopt;
  return unicode_text(*value.array().dtype, value.array().data.data());
}

std::optional<std::span<const std::byte>> held_bytes(const Value& value) {
  if (value.kind() == Kind::kBytes || value.kind() == Kind::kByteArray) return value.bytes();
  if (!is_scalar_of(value, DtypeKind::kBytes)) return std::nullopt;
  return value.array().data;
}

std::string_view text_in(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Difference text_difference(const std::string& actual, const std::string& expected, const LineDiff& lines) {
  const TextDifference where = first_difference(actual, expected);
  Difference difference;
  difference.actual = where.actual;
  difference.expected = where.expected;
  difference.note = fmt::format("texts of {} and {} bytes part at line {}, column {}", actual.size(), expected.size(),
                                where.line, where.column);
  difference.diff = lines.text;
  return difference;
}

// How numbers relate to each other as types: int, numpy.int64 and numpy.uint8 are of one kind.
std::string_view kind_name(NumberKind kind) {
  switch (kind) {
    case NumberKind::kBool: return "bool";
    case NumberKind::kInt: return "int";
    case NumberKind::kFloat: return "float";
    default: return "complex";
  }
}

// What numpy.ma's fill_value is until it is first read or set (numpy.ma.core.default_filler).
bool is_default_fill(const Value& fill) {
  const Array* array = fill.kind() == Kind::kArray ? &fill.array() : nullptr;
  std::optional<Number> number = number_of(fill);
  if (array != nullptr && array->shape.empty() && !array->has_items && is_numeric(*array->dtype)) {
    const std::string text = element_text(*array->dtype, array->data.data());
    return text == "1e+20" || text == "(1e+20+0j)" || text == "999999" || text == "True" || text == "63" ||
           text == "16959" || text == "inf";
  }
  if (!number) return true;
  switch (number->kind) {
    case NumberKind::kBool: return number->value.real() == 1;
    case NumberKind::kInt: return number->value.real() == 999999;
    default: return static_cast<float>(number->value.real()) == 1e20F || number->value.real() > 60000;
  }
}

// A state that is a set of attributes: __dict__, or (__dict__ or None, slots). Nothing for any other.
std::optional<std::vector<Pair>> attributes_of(const Value* state) {
  std::vector<Pair> out;
  const auto add = [&out](const Value& dict) { out.insert(out.end(), dict.pairs().begin(), dict.pairs().end()); };
  if (state == nullptr || state->kind() == Kind::kNone) return out;
  if (state->kind() == Kind::kDict) {
    add(*state);
    return out;
  }
  if (state->kind() != Kind::kTuple || state->items().size() != 2) return std::nullopt;
  const Value& own = *state->items()[0];
  const Value& slots = *state->items()[1];
  if ((own.kind() != Kind::kNone && own.kind() != Kind::kDict) || slots.kind() != Kind::kDict) return std::nullopt;
  if (own.kind() == Kind::kDict) add(own);
  add(slots);
  return out;
}

bool is_c_ordered(const Array& array) {
  std::uint64_t step = 1;
  for (std::size_t i = array.shape.size(); i-- > 0;) {
    if (array.shape[i] > 1 && array.strides[i] != static_cast<std::int64_t>(step)) return false;
    step *= array.shape[i];
  }
  return true;
}

const Value* item_at(const Array& array, std::uint64_t n) {
  std::int64_t offset = 0;
  for (std::size_t i = array.shape.size(); i-- > 0;) {
    offset += static_cast<std::int64_t>(n % array.shape[i]) * array.strides[i];
    n /= array.shape[i];
  }
  return array.items[static_cast<std::size_t>(offset)];
}

}  // namespace

void Walker::compare_leaves(const Value& actual, const Value& expected) {
  // A class among an object's arguments says what it is, not what was computed.
  const bool is_argument = !stack_.empty() && stack_.back().step.kind == Step::Kind::kArgument;
  if (!is_argument || expected.kind() != Kind::kGlobal) leaf();
  if (compare_as_numbers(actual, expected) || compare_as_text(actual, expected)) return;
  if (actual.kind() != expected.kind()) {
    return differ(
        What::kType, pickle::type_name(actual), pickle::type_name(expected),
        with_option(fmt::format("actual {}, expected {}", text_of(actual), text_of(expected)), actual, expected));
  }
  bool same = true;
  switch (expected.kind()) {
    case Kind::kGlobal:
      same = actual.global().module == expected.global().module && actual.global().name == expected.global().name;
      break;
    case Kind::kDtype: same = comparable(actual.dtype(), expected.dtype(), Options{}); break;
    case Kind::kExtension: same = actual.integer() == expected.integer(); break;
    default: break;
  }
  if (!same) differ(What::kValue, pickle::preview(actual), pickle::preview(expected));
}

bool Walker::compare_as_numbers(const Value& actual, const Value& expected) {
  const auto a = number_of(actual);
  const auto b = number_of(expected);
  if (!a || !b) return false;
  if (options_.strict_types && !options_.lenient_builtins && a->kind != b->kind) {
    differ(What::kType, pickle::type_name(actual), pickle::type_name(expected),
           with_option(fmt::format("{} {} and {} {}", kind_name(a->kind), text_of(actual), kind_name(b->kind),
                                   text_of(expected)),
                       actual, expected));
    return true;
  }
  if (actual.kind() != expected.kind()) close();
  const NumberResult compared = compare_numbers(*a, *b, rules_here(), identical_nans_, magnitude_around());
  moved_ = moved_ || compared.outcome == Outcome::kClose;
  passed_nans_ = passed_nans_ || compared.has_nan;
  if (!result_.tolerance) result_.tolerance = compared.tolerance;
  if (options_.sketches && compared.outcome != Outcome::kIdentical) {
    sketch_numbers(*a, *b, text_of(actual), text_of(expected));
  }
  result_.outcome =
      std::max(result_.outcome, compared.outcome == Outcome::kDifferent ? Outcome::kClose : compared.outcome);
  if (compared.outcome != Outcome::kDifferent) return true;
  Difference difference;
  difference.actual = text_of(actual);
  difference.expected = text_of(expected);
  difference.numeric = true;
  difference.numbers = compared.numbers;
  difference.numbers.only_integers = compared.numbers.only_integers && !in_object();
  difference.numbers.at_max_absolute = {{}, difference.actual, difference.expected};
  difference.numbers.at_max_relative = {{}, difference.actual, difference.expected};
  differ(std::move(difference));
  return true;
}

bool Walker::compare_as_text(const Value& actual, const Value& expected) {
  if (compare_stand_ins(actual, expected)) return true;
  if (actual.kind() == Kind::kStr && expected.kind() == Kind::kStr && actual.text() == expected.text()) {
    return spend(expected.text().size()) || true;
  }
  if (actual.kind() != expected.kind() && actual.kind() != Kind::kScalar && expected.kind() != Kind::kScalar) {
    if (options_.strict_types) return false;
  }
  const auto a = held_text(actual);
  const auto b = held_text(expected);
  if (a && b) {
    if (!spend(a->size() + b->size())) return true;
    if (actual.kind() != expected.kind() || *a != *b) close();
    if (*a == *b || util::without_addresses(*a) == util::without_addresses(*b)) return true;
    const LineDiff lines = unified_diff(*a, *b);
    differ(text_difference(*a, *b, lines));
    note_lines(lines);
    return true;
  }
  const auto c = held_bytes(actual);
  const auto d = held_bytes(expected);
  if (!c || !d) return false;
  if (!spend(c->size() + d->size())) return true;
  if (actual.kind() != expected.kind()) close();
  const auto parting = std::mismatch(c->begin(), c->end(), d->begin(), d->end());
  if (parting.first == c->end() && parting.second == d->end()) return true;
  if (util::without_addresses(text_in(*c)) == util::without_addresses(text_in(*d))) {
    close();
    return true;
  }
  differ(What::kValue, pickle::preview(actual), pickle::preview(expected),
         fmt::format("{} and {} bytes part at byte {}", c->size(), d->size(), parting.first - c->begin()));
  return true;
}

// At least one of them is a digest.
void Walker::compare_digest(const Value& actual, const Value& expected) {
  leaf();
  const auto words = [](const Value& value) { return is_digest(value) ? digest_text(value) : pickle::preview(value); };
  if (!is_digest(actual) || !is_digest(expected)) {
    return differ(What::kValue, words(actual), words(expected), "one of the two is too large to be kept");
  }
  const DigestResult compared = compare_digests(actual, expected, options_);
  if (!result_.tolerance) result_.tolerance = compared.tolerance;
  if (compared.outcome == Outcome::kClose) {
    moved_ = true;
    close();
  } else if (compared.outcome == Outcome::kDifferent) {
    differ(What::kValue, words(actual), words(expected), compared.note);
  }
}

void Walker::compare_array(const Value& actual, const Value& expected, Frame frame) {
  const Array& a = actual.array();
  const Array& b = expected.array();
  const std::string type = pickle::type_name(actual);
  const auto stop = [&](What what, std::string x, std::string y) {
    leaf();
    differ(what, std::move(x), std::move(y), option_for(actual, expected));
    settle(frame);
  };
  if (options_.strict_types && actual.kind() == Kind::kArray && type != pickle::type_name(expected)) {
    return stop(What::kType, type, pickle::type_name(expected));
  }
  const std::optional<Alignment> aligned = align(a, b, options_);
  if (!aligned) return stop(What::kShape, pickle::shape_text(a.shape), pickle::shape_text(b.shape));
  if (!std::equal(a.shape.begin(), a.shape.end(), b.shape.begin(), b.shape.end())) close();
  if (!spend(b.dtype->leaves)) return;
  if (a.has_items != b.has_items || !comparable(*a.dtype, *b.dtype, options_)) {
    stop(What::kDtype, pickle::dtype_name(*a.dtype), pickle::dtype_name(*b.dtype));
    return note_fields(*a.dtype, *b.dtype);
  }
  if (b.has_items) {
    add_object_items(aligned->actual(a), aligned->expected(b), frame);
  } else if (!compare_numeric_array(aligned->actual(a), aligned->expected(b))) {
    return;
  }
  add_array_parts(a, b, frame);
  stack_.push_back(std::move(frame));
}

// Of anything but objects. False where there is no budget left to compare them.
bool Walker::compare_numeric_array(const Array& actual, const Array& expected) {
  if (!spend(actual.data.size() + expected.data.size() + actual.mask.size() + expected.mask.size())) return false;
  leaf();
  Marks marks = marks_for(expected);
  const auto mark = [&marks](std::uint64_t row, std::uint64_t column) {
    marks.rows[static_cast<std::size_t>(row)] = true;
    if (!marks.columns.empty()) marks.columns[static_cast<std::size_t>(column)] = true;
  };
  ArrayResult compared = compare_arrays(actual, expected, rules_here(), identical_nans_,
                                        marks.rows.empty() ? ElementMarker() : ElementMarker(mark));
  if (is_shuffled() && compared.outcome != Outcome::kIdentical && can_reorder(actual) && can_reorder(expected)) {
    compared = compare_without_order(actual, expected, rules_here(), identical_nans_);
  }
  if (options_.sketches && compared.sketches.total) sketches_.add(std::move(compared.sketches), path());
  if (compared.outcome == Outcome::kDifferent) hint_at_order(actual, expected, compared.count);
  if (in_object()) {  // such integers never allow a tolerance
    for (Difference& difference : compared.differences) difference.numbers.only_integers = false;
  }
  moved_ = moved_ || compared.outcome == Outcome::kClose;
  passed_nans_ = passed_nans_ || compared.has_special;
  if (!result_.tolerance) result_.tolerance = compared.tolerance;
  if (compared.outcome == Outcome::kClose) close();
  for (const Difference& difference : compared.differences) differ(difference);
  result_.difference_count += compared.count - compared.differences.size();
  note_marks(marks, expected, compared);
  return true;
}

void Walker::add_object_items(const Array& actual, const Array& expected, Frame& frame) {
  if (is_shuffled() && expected.shape.size() == 1) {
    std::vector<const Value*> a(static_cast<std::size_t>(actual.size));
    std::vector<const Value*> b(static_cast<std::size_t>(expected.size));
    for (std::size_t n = 0; n < a.size(); ++n) a[n] = item_at(actual, n);
    for (std::size_t n = 0; n < b.size(); ++n) b[n] = item_at(expected, n);
    (void)compare_elements(a, b, frame);
    return;
  }
  if (is_c_ordered(actual) && is_c_ordered(expected)) {
    frame.actual_items = actual.items;
    frame.expected_items = expected.items;
    frame.shape = expected.shape;
    return;
  }
  for (std::uint64_t n = 0; n < expected.size; ++n) {
    frame.children.push_back(
        {item_at(actual, n), item_at(expected, n), Step{Step::Kind::kElement, n, nullptr, {}, expected.shape}});
  }
}

void Walker::add_array_parts(const Array& actual, const Array& expected, Frame& frame) {
  const auto add = [&](const Value* a, const Value* b, std::string_view name) {
    const Step step{Step::Kind::kPart, 0, nullptr, name, {}};
    if (a != nullptr && b != nullptr) {
      frame.children.push_back({a, b, step});
    } else if ((a != nullptr || b != nullptr) && options_.strict_types) {
      Difference difference;
      difference.what = a != nullptr ? What::kUnexpected : What::kMissing;
      (a != nullptr ? difference.actual : difference.expected) = pickle::preview(a != nullptr ? *a : *b);
      differ(std::move(difference), &step, &step);
    }
  };
  add(actual.extra, expected.extra, "__state__");
  if (!actual.masked || !expected.masked) return;
  const bool a_unset = actual.fill_value->kind() == Kind::kNone;
  const bool b_unset = expected.fill_value->kind() == Kind::kNone;
  if (a_unset != b_unset && is_default_fill(a_unset ? *expected.fill_value : *actual.fill_value)) return close();
  add(actual.fill_value, expected.fill_value, "fill_value");
}

void Walker::compare_object(const Value& actual, const Value& expected, Frame frame) {
  const pickle::Object& a = actual.object();
  const pickle::Object& b = expected.object();
  if (are_equal_ranges(actual, expected)) return leaf();
  if (a.callable->kind() == Kind::kGlobal && b.callable->kind() == Kind::kGlobal) {
    const pickle::Global& x = a.callable->global();
    const pickle::Global& y = b.callable->global();
    if (x.module != y.module || x.name != y.name) {
      leaf();
      differ(What::kType, pickle::type_name(actual), pickle::type_name(expected), option_for(actual, expected));
      return settle(frame);
    }
  } else {
    frame.children.push_back({a.callable, b.callable, Step{Step::Kind::kPart, 0, nullptr, "__callable__", {}}});
  }
  if (compare_dates(actual, expected, frame)) return settle(frame);
  const auto pairs = [](const Value* dict) { return dict == nullptr ? std::span<const Pair>{} : dict->pairs(); };
  add_sequence(a.args, b.args, Step::Kind::kArgument, frame);
  add_mapping(pairs(a.kwargs), pairs(b.kwargs), Step::Kind::kKeyword, frame);
  add_state(a, b, frame);
  if (is_shuffled() && a.list_items != nullptr && b.list_items != nullptr &&
      a.list_items->items().size() == b.list_items->items().size()) {
    if (!compare_elements(a.list_items->items(), b.list_items->items(), frame)) return;
  } else {
    add_sequence(a.list_items, b.list_items, Step::Kind::kIndex, frame);
  }
  add_mapping(pairs(a.dict_items), pairs(b.dict_items), Step::Kind::kKey, frame);
  stack_.push_back(std::move(frame));
}

// Days and times are told as such; what they are made of is only their path, which may be left out. False where they
// agree, or are none.
bool Walker::compare_dates(const Value& actual, const Value& expected, const Frame& frame) {
  const auto a = pickle::date_text(actual);
  const auto b = pickle::date_text(expected);
  const Step argument{Step::Kind::kArgument, 0, nullptr, {}, {}};
  if (!a || !b || *a == *b || ignored_.is_ignored(ignored_.below(frame.ignored, argument))) return false;
  leaf();
  Difference difference;
  difference.what = What::kValue;
  difference.actual = *a;
  difference.expected = *b;
  differ(std::move(difference), &argument, nullptr);
  return true;
}

void Walker::add_state(const pickle::Object& actual, const pickle::Object& expected, Frame& frame) {
  const auto a = attributes_of(actual.state);
  const auto b = attributes_of(expected.state);
  if (a && b) return add_mapping(*a, *b, Step::Kind::kAttribute, frame);
  const Step step{Step::Kind::kPart, 0, nullptr, "__state__", {}};
  if (actual.state != nullptr && expected.state != nullptr) {
    frame.children.push_back({actual.state, expected.state, step});
    return;
  }
  if (ignored_.is_ignored(ignored_.below(frame.ignored, step))) return;
  Difference difference;
  difference.what = actual.state != nullptr ? What::kUnexpected : What::kMissing;
  const Value& only = actual.state != nullptr ? *actual.state : *expected.state;
  (actual.state != nullptr ? difference.actual : difference.expected) = pickle::preview(only);
  differ(std::move(difference), &step, &step);
}

void Walker::add_sequence(const Value* actual, const Value* expected, Step::Kind kind, Frame& frame) {
  const Items a = actual == nullptr ? Items{} : actual->items();
  const Items b = expected == nullptr ? Items{} : expected->items();
  if (a.size() != b.size()) {
    return differ(What::kLength, fmt::format("{}", a.size()), fmt::format("{}", b.size()),
                  kind == Step::Kind::kArgument ? "of the arguments it is made from" : "");
  }
  for (std::size_t i = 0; i < b.size(); ++i) frame.children.push_back({a[i], b[i], Step{kind, i, nullptr, {}, {}}});
}

}  // namespace snapshot_test::compare
