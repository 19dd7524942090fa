#include "compare/arrays.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "compare/auto_atol.hpp"
#include "compare/elements.hpp"
#include "compare/planes.hpp"
#include "compare/settings.hpp"
#include "compare/times.hpp"
#include "snapshot_test/pickle/describe.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Array;
using pickle::Dtype;
using pickle::DtypeKind;

Element element(const PlanePair& pair, const Traversal& traversal, std::uint64_t n) {
  const auto index = traversal.index_of(n, pair);
  return {index, element_text(*pair.actual.dtype, element_at(pair.actual, index)),
          element_text(*pair.expected.dtype, element_at(pair.expected, index))};
}

bool is_integer(const Dtype& dtype) { return dtype.kind == DtypeKind::kInt || dtype.kind == DtypeKind::kUInt; }

Difference describe(const PlanePair& pair, const Traversal& traversal, const Tally& tally, Applied applied,
                    const Options& options) {
  Difference difference;
  difference.path = pair.field;
  difference.numeric = true;
  Numbers& numbers = difference.numbers;
  const bool measured = is_numeric(*pair.expected.dtype) || pair.expected.dtype->kind == DtypeKind::kTimedelta ||
                        pair.expected.dtype->kind == DtypeKind::kDatetime;
  applied.exact = applied.exact || !measured;
  numbers = summarise(tally, traversal.count, applied);
  numbers.only_integers = applied.exact && is_integer(*pair.expected.dtype) && are_within(tally, options.tolerance);
  if (numbers.measurable) {
    numbers.at_max_absolute = element(pair, traversal, tally.at_max_absolute);
    numbers.at_max_relative = element(pair, traversal, tally.at_max_relative);
  }
  for (std::size_t i = 0; i < std::min<std::uint64_t>(tally.mismatched, Tally::kSamples); ++i) {
    numbers.samples.push_back(element(pair, traversal, tally.samples[i]));
  }
  return difference;
}

// Walks two comparable dtypes down to their simple parts, and compares each part over the whole array.
class Planes {
 public:
  Planes(const Options& options, IdenticalNans identical_nans, const ElementMarker& mark, ArrayResult& result)
      : options_(options), identical_nans_(identical_nans), mark_(mark), result_(result) {}

  void compare(PlanePair pair) {
    const Dtype& expected = *pair.expected.dtype;
    if (expected.kind == DtypeKind::kStruct) return fields(pair);
    if (expected.kind == DtypeKind::kSubarray) return subarray(std::move(pair));
    simple(pair);
  }

 private:
  void fields(const PlanePair& pair) {
    const auto& actual = pair.actual.dtype->fields;
    const auto& expected = pair.expected.dtype->fields;
    std::uint64_t actual_mask = 0;
    std::uint64_t expected_mask = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      PlanePair part = pair;
      part.field += fmt::format("[{}]", pickle::quoted(expected[i].name));
      enter(part.actual, actual[i], actual_mask);
      enter(part.expected, expected[i], expected_mask);
      compare(std::move(part));
    }
  }

  static void enter(Side& side, const pickle::Field& field, std::uint64_t& mask_offset) {
    side.dtype = field.dtype;
    side.data += field.offset;
    if (side.mask != nullptr) side.mask += mask_offset;
    mask_offset += field.dtype->mask_itemsize;
  }

  void subarray(PlanePair pair) {
    const auto shape = pair.expected.dtype->shape;
    pair.shape.insert(pair.shape.end(), shape.begin(), shape.end());
    if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return;
    for (Side* side : {&pair.actual, &pair.expected}) {
      side->dtype = side->dtype->base;
      append_strides(side->strides, shape, side->dtype->itemsize);
      if (side->mask != nullptr) append_strides(side->mask_strides, shape, side->dtype->mask_itemsize);
    }
    compare(std::move(pair));
  }

  static void append_strides(std::vector<std::int64_t>& strides, std::span<const std::uint64_t> shape,
                             std::uint64_t step) {
    const std::size_t first = strides.size();
    strides.resize(first + shape.size());
    for (std::size_t i = shape.size(); i-- > 0;) {
      strides[first + i] = static_cast<std::int64_t>(step);
      step *= shape[i];
    }
  }

  void simple(const PlanePair& pair) {
    // Elements without bytes are all alike, however many the shape says there are.
    if (pair.expected.dtype->itemsize == 0 && pair.actual.dtype->itemsize == 0) return;
    const Traversal traversal(pair);
    if (!same_mask(pair)) return;
    Applied how = applied(*pair.expected.dtype, options_);
    if (how.automatic) settle(how, pair.expected.dtype, magnitude_of(pair.expected, pair.shape));
    const PlaneResult plane = compare_plane(pair, traversal, how.rule(options_), identical_nans_);
    result_.has_special = result_.has_special || plane.has_special;
    const bool moved = !plane.identical || plane.tally.mismatched != 0;
    if (moved && !how.exact && !result_.tolerance) result_.tolerance = how.tolerance;
    if (!plane.identical) result_.outcome = std::max(result_.outcome, Outcome::kClose);
    if (plane.tally.mismatched != 0) add(describe(pair, traversal, plane.tally, how, options_));
    if (plane.tally.mismatched != 0 && mark_ && !pair.shape.empty()) {
      mark_mismatches(pair, traversal, how.rule(options_), mark_);
    }
    if (moved && options_.sketches) {
      if (auto sketch = sketch_plane(pair, traversal, how)) result_.sketches.add(std::move(*sketch));
    }
  }

  bool same_mask(const PlanePair& pair) {
    if (pair.expected.mask == nullptr) return true;
    Dtype boolean;
    boolean.kind = DtypeKind::kBool;
    boolean.itemsize = 1;
    PlanePair masks{pair.field,
                    pair.shape,
                    {&boolean, pair.actual.mask, pair.actual.mask_strides, nullptr, {}},
                    {&boolean, pair.expected.mask, pair.expected.mask_strides, nullptr, {}}};
    const Traversal order(masks);
    const Tally tally = compare_plane(masks, order, Rule{}, IdenticalNans::kAgree).tally;
    if (tally.mismatched == 0) return true;
    Difference difference = describe(masks, order, tally, {Tolerance{0, 0}, true, {}}, options_);
    difference.what = What::kMask;
    difference.note =
        fmt::format("{} of {} elements are masked on one side only", difference.numbers.mismatched, order.count);
    add(std::move(difference));
    return false;
  }

  void add(Difference difference) {
    result_.outcome = Outcome::kDifferent;
    ++result_.count;
    if (result_.differences.size() < kMostDifferences) result_.differences.push_back(std::move(difference));
  }

  const Options& options_;
  IdenticalNans identical_nans_;
  const ElementMarker& mark_;
  ArrayResult& result_;
};

Side side_of(const Array& array) {
  Side side;
  side.dtype = array.dtype;
  side.data = array.data.data();
  side.strides.assign(array.strides.begin(), array.strides.end());
  if (!array.masked) return side;
  side.mask = array.mask.data();
  for (const std::int64_t stride : array.strides) {
    const auto items = array.dtype->itemsize == 0 ? 0 : stride / static_cast<std::int64_t>(array.dtype->itemsize);
    side.mask_strides.push_back(items * static_cast<std::int64_t>(array.dtype->mask_itemsize));
  }
  return side;
}

// Do equal bytes mean equal elements? Both sides' types must lie the same way in memory.
bool same_layout(const Dtype& a, const Dtype& b) {
  if (a.kind != b.kind || a.itemsize != b.itemsize || a.order != b.order) return false;
  if (a.kind == DtypeKind::kSubarray) return same_layout(*a.base, *b.base);
  return std::equal(a.fields.begin(), a.fields.end(), b.fields.begin(), b.fields.end(),
                    [](const pickle::Field& x, const pickle::Field& y) {
                      return x.offset == y.offset && same_layout(*x.dtype, *y.dtype);
                    });
}

// Simple dtypes are one plane, which finds that out by itself; fields would be read one after the other.
bool wholly_identical(const Array& a, const Array& b) {
  return b.dtype->kind == DtypeKind::kStruct && same_layout(*a.dtype, *b.dtype) &&
         std::equal(a.strides.begin(), a.strides.end(), b.strides.begin()) &&
         std::equal(a.mask.begin(), a.mask.end(), b.mask.begin(), b.mask.end()) &&
         (a.data.empty() || std::memcmp(a.data.data(), b.data.data(), a.data.size()) == 0);
}

bool comparable_strict(const Dtype& a, const Dtype& b) {
  return a.kind == b.kind && (a.itemsize == b.itemsize || a.kind == DtypeKind::kStruct) && a.unit == b.unit &&
         a.unit_multiple == b.unit_multiple && a.type_name == b.type_name;
}

bool comparable_loose(const Dtype& a, const Dtype& b) {
  if (is_numeric(a) && is_numeric(b)) return true;
  if (unit_ratio(a, b)) return true;
  if (a.kind != b.kind || a.unit != b.unit || a.unit_multiple != b.unit_multiple) return false;
  return a.kind == DtypeKind::kBytes || a.kind == DtypeKind::kUnicode || a.kind == DtypeKind::kStruct ||
         a.itemsize == b.itemsize;
}

}  // namespace

bool comparable(const Dtype& actual, const Dtype& expected, const Options& options) {
  if (!(options.strict_types ? comparable_strict(actual, expected) : comparable_loose(actual, expected))) return false;
  if (actual.kind == DtypeKind::kSubarray) {
    return std::equal(actual.shape.begin(), actual.shape.end(), expected.shape.begin(), expected.shape.end()) &&
           comparable(*actual.base, *expected.base, options);
  }
  return std::equal(actual.fields.begin(), actual.fields.end(), expected.fields.begin(), expected.fields.end(),
                    [&options](const pickle::Field& x, const pickle::Field& y) {
                      return x.name == y.name && comparable(*x.dtype, *y.dtype, options);
                    });
}

ArrayResult compare_arrays(const Array& actual, const Array& expected, const Options& options,
                           IdenticalNans identical_nans, const ElementMarker& mark) {
  ArrayResult result;
  if (expected.size == 0) return result;
  if (identical_nans == IdenticalNans::kAgree && wholly_identical(actual, expected)) {
    result.has_special = true;
    return result;
  }
  PlanePair whole;
  whole.shape.assign(expected.shape.begin(), expected.shape.end());
  whole.actual = side_of(actual);
  whole.expected = side_of(expected);
  if (actual.masked != expected.masked) {
    whole.actual.mask = whole.expected.mask = nullptr;
    whole.actual.mask_strides.clear();
    whole.expected.mask_strides.clear();
  }
  Planes(options, identical_nans, mark, result).compare(std::move(whole));
  return result;
}

bool are_within(const Tally& tally, const Tolerance& tolerance) {
  return tally.measured == tally.mismatched &&
         (tally.passing_rtol <= tolerance.rtol || tally.passing_atol <= tolerance.atol);
}

Numbers summarise(const Tally& tally, std::uint64_t total, const Applied& applied) {
  Numbers numbers;
  numbers.mismatched = tally.mismatched;
  numbers.total = total;
  numbers.measurable = tally.measured != 0;
  numbers.max_absolute = std::max(tally.max_absolute, 0.0);
  numbers.max_relative = std::max(tally.max_relative, 0.0);
  // What is exact, or not finite on both sides, passes under no tolerance at all.
  const bool passable = tally.measured == tally.mismatched && !applied.exact;
  numbers.passing_rtol = passable ? tally.passing_rtol : std::numeric_limits<double>::infinity();
  numbers.passing_atol = passable ? tally.passing_atol : std::numeric_limits<double>::infinity();
  numbers.actual_nans = tally.actual_nans;
  numbers.expected_nans = tally.expected_nans;
  numbers.actual_infs = tally.actual_infs;
  numbers.expected_infs = tally.expected_infs;
  numbers.only_nans = tally.mismatched != 0 && tally.mismatched == tally.nan_pairs;
  numbers.tolerance = applied.tolerance;
  numbers.exact = applied.exact;
  numbers.by_dtype = applied.entry;
  numbers.auto_atol = applied.automatic;
  return numbers;
}

}  // namespace snapshot_test::compare
