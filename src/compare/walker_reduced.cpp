// Values that were reduced before they were stored: arrays by their sketches, long texts by their digests.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "compare/arrays.hpp"
#include "compare/shapes.hpp"
#include "compare/stored_sketch.hpp"
#include "compare/walker.hpp"
#include "snapshot_test/pickle/describe.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Array;
using pickle::Kind;
using pickle::Value;

bool is_array_or_sketch(const Value& value) { return value.kind() == Kind::kArray || value.kind() == Kind::kSketch; }

bool holds_text(const Value& value) {
  return value.kind() == Kind::kStr || value.kind() == Kind::kBytes || value.kind() == Kind::kByteArray;
}

bool stands_in(const Value& value, bool reduced) { return reduced && holds_text(value) && is_stand_in(value.bytes()); }

std::string stand_in_of(const Value& value, bool reduced) {
  if (!stands_in(value, reduced)) return stand_in(value.bytes());
  return {reinterpret_cast<const char*>(value.bytes().data()), value.bytes().size()};
}

}  // namespace

// At least one of them is a sketch.
void Walker::compare_sketched(const Value& actual, const Value& expected, Frame frame) {
  leaf();
  const auto stop = [&](What what, std::string x, std::string y, std::string note = {}) {
    differ(what, std::move(x), std::move(y), std::move(note));
    settle(frame);
  };
  const std::string now = pickle::type_name(actual);
  const std::string then = pickle::type_name(expected);
  if (!is_array_or_sketch(actual) || !is_array_or_sketch(expected) || (options_.strict_types && now != then)) {
    return stop(What::kType, now, then,
                fmt::format("actual {}, expected {}", pickle::preview(actual), pickle::preview(expected)));
  }
  const Array& a = actual.array();
  const Array& b = expected.array();
  const bool same_shape = std::equal(a.shape.begin(), a.shape.end(), b.shape.begin(), b.shape.end());
  if (!same_shape && (options_.strict_shapes || a.size != b.size || !align(a, b, options_))) {
    return stop(What::kShape, pickle::shape_text(a.shape), pickle::shape_text(b.shape));
  }
  if (a.has_items || b.has_items || !comparable(*a.dtype, *b.dtype, options_)) {
    return stop(What::kDtype, pickle::dtype_name(*a.dtype), pickle::dtype_name(*b.dtype));
  }
  if (!spend(a.data.size() + b.data.size() + a.sketch.size() + b.sketch.size() + b.dtype->leaves)) return;
  if (!same_shape) close();
  auto compared = compare_stored_sketches(a, b, rules_here(), identical_nans_);
  if (!compared)
    return stop(What::kValue, pickle::preview(actual), pickle::preview(expected), compared.error().message);
  passed_nans_ = passed_nans_ || compared->has_special;
  if (compared->outcome != Outcome::kIdentical) {
    moved_ = true;
    close();
    if (compared->inexact && !result_.tolerance) result_.tolerance = compared->tolerance;
    note_sketched(actual, expected, *compared);
  }
  add_array_parts(a, b, frame);
  stack_.push_back(std::move(frame));
}

void Walker::note_sketched(const Value& actual, const Value& expected, StoredSketchResult& compared) {
  bool different = compared.outcome == Outcome::kDifferent;
  const std::string where = path();
  if (different && compared.inexact && std::isfinite(compared.passing_rtol)) {
    const auto bound = bound_at(where, nullptr);
    different = !bound || compared.passing_rtol > *bound;
    if (different && result_.passing_rtol.size() < kMostPaths) {
      result_.passing_rtol.emplace(where, compared.passing_rtol);
    }
  }
  ++result_.sketched_count;
  if (result_.sketched.size() < kMostSketched) {
    compared.seen.path = where;
    compared.seen.different = different;
    result_.sketched.push_back(std::move(compared.seen));
  }
  if (!different) return;
  std::string note = std::move(compared.reason);
  if (compared.inexact && std::isfinite(compared.passing_rtol)) {
    note += fmt::format("; rtol {:.3g} would pass as far as the sketch tells", compared.passing_rtol);
  }
  if (options_.ignore_order) note += " (of a sketch the order counts)";
  differ(What::kValue, pickle::preview(actual), pickle::preview(expected), std::move(note));
}

// False where neither is one.
bool Walker::compare_stand_ins(const Value& actual, const Value& expected) {
  if (!stands_in(actual, options_.actual_reduced) && !stands_in(expected, options_.expected_reduced)) return false;
  if (!holds_text(actual) || actual.kind() != expected.kind()) return false;
  if (!spend(actual.bytes().size() + expected.bytes().size())) return true;
  const std::string now = stand_in_of(actual, options_.actual_reduced);
  const std::string then = stand_in_of(expected, options_.expected_reduced);
  if (now != then) {
    differ(What::kValue, pickle::preview(actual), pickle::preview(expected),
           fmt::format("only a digest of it was kept: {} now, {} in the snapshot", now, then));
  }
  return true;
}

}  // namespace snapshot_test::compare
