#include "compare/arrays.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "compare/blocks.hpp"
#include "compare/elements.hpp"
#include "compare/settings.hpp"
#include "snapshot_test/pickle/describe.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Array;
using pickle::Dtype;
using pickle::DtypeKind;

// x87's long double has six bytes of padding that hold anything.
bool has_padding(const Dtype& dtype) {
  const bool wide = (dtype.kind == DtypeKind::kFloat && dtype.itemsize == 16) ||
                    (dtype.kind == DtypeKind::kComplex && dtype.itemsize == 32);
  return wide && std::numeric_limits<long double>::digits == 64;
}

bool same_bits(const Dtype& dtype, const std::byte* a, const std::byte* b, std::size_t count) {
  const std::size_t size = count * static_cast<std::size_t>(dtype.itemsize);
  if (std::memcmp(a, b, size) == 0) return true;
  if (!has_padding(dtype)) return false;
  constexpr std::size_t kWide = 16;
  constexpr std::size_t kUsed = 10;
  for (std::size_t i = 0; i < size; i += kWide) {
    if (std::memcmp(a + i, b + i, kUsed) != 0) return false;
  }
  return true;
}

bool bitwise_equal(const PlanePair& pair, const Traversal& traversal) {
  const Dtype& dtype = *pair.expected.dtype;
  if (dtype.kind != pair.actual.dtype->kind || dtype.itemsize != pair.actual.dtype->itemsize) return false;
  BlockReader reader(pair, traversal, 8 * kBlock);
  for (Block block = reader.next(); block.count != 0; block = reader.next()) {
    if (!same_bits(dtype, block.actual, block.expected, block.count)) return false;
  }
  return true;
}

// The block as numbers of type T: where it lies, if it is that already and aligned, else converted into `room`.
template <class T>
const T* as_numbers(const Dtype& dtype, const std::byte* packed, std::size_t count, T* room) {
  constexpr bool kNative = std::is_same_v<T, double> || std::is_same_v<T, float>;
  if (kNative && dtype.kind == DtypeKind::kFloat && dtype.itemsize == sizeof(T) &&
      reinterpret_cast<std::uintptr_t>(packed) % alignof(T) == 0) {
    return reinterpret_cast<const T*>(packed);
  }
  convert(dtype, packed, count, room);
  return room;
}

template <class T>
Tally tally_numbers(const PlanePair& pair, const Traversal& traversal, const Rule& rule) {
  std::vector<T> actual(kBlock);
  std::vector<T> expected(kBlock);
  Tally tally;
  BlockReader reader(pair, traversal, kBlock);
  for (Block block = reader.next(); block.count != 0; block = reader.next()) {
    const T* a = as_numbers(*pair.actual.dtype, block.actual, block.count, actual.data());
    const T* b = as_numbers(*pair.expected.dtype, block.expected, block.count, expected.data());
    compare_block(a, b, block.count, rule, block.first, tally);
  }
  return tally;
}

// Text and raw bytes. Padding zeros at the end of text are not part of it.
bool same_raw(const PlanePair& pair, const std::byte* a, const std::byte* b) {
  const auto size_a = static_cast<std::size_t>(pair.actual.dtype->itemsize);
  const auto size_b = static_cast<std::size_t>(pair.expected.dtype->itemsize);
  const std::size_t common = std::min(size_a, size_b);
  if (std::memcmp(a, b, common) != 0) return false;
  const auto is_zero = [](std::byte byte) { return byte == std::byte{0}; };
  return std::all_of(a + common, a + size_a, is_zero) && std::all_of(b + common, b + size_b, is_zero);
}

Tally tally_raw(const PlanePair& pair, const Traversal& traversal) {
  Tally tally;
  BlockReader reader(pair, traversal, kBlock);
  for (Block block = reader.next(); block.count != 0; block = reader.next()) {
    for (std::size_t i = 0; i < block.count; ++i) {
      const std::byte* a = block.actual + i * static_cast<std::size_t>(pair.actual.dtype->itemsize);
      const std::byte* b = block.expected + i * static_cast<std::size_t>(pair.expected.dtype->itemsize);
      if (!same_raw(pair, a, b)) tally.mismatch(block.first + i);
    }
  }
  return tally;
}

Tally tally_plane(const PlanePair& pair, const Traversal& traversal, const Rule& rule) {
  switch (compute_type(*pair.actual.dtype, *pair.expected.dtype)) {
    case Compute::kFloat: return tally_numbers<float>(pair, traversal, rule);
    case Compute::kDouble: return tally_numbers<double>(pair, traversal, rule);
    case Compute::kLongDouble: return tally_numbers<long double>(pair, traversal, rule);
    case Compute::kComplex: return tally_numbers<std::complex<double>>(pair, traversal, rule);
    case Compute::kComplexLong: return tally_numbers<std::complex<long double>>(pair, traversal, rule);
    case Compute::kRaw: break;
  }
  return tally_raw(pair, traversal);
}

Element element(const PlanePair& pair, const Traversal& traversal, std::uint64_t n) {
  const auto index = traversal.index_of(n, pair);
  return {index, element_text(*pair.actual.dtype, element_at(pair.actual, index)),
          element_text(*pair.expected.dtype, element_at(pair.expected, index))};
}

Difference describe(const PlanePair& pair, const Traversal& traversal, const Tally& tally, const Applied& applied) {
  Difference difference;
  difference.path = pair.field;
  difference.numeric = true;
  Numbers& numbers = difference.numbers;
  const bool measured = is_numeric(*pair.expected.dtype) || pair.expected.dtype->kind == DtypeKind::kTimedelta ||
                        pair.expected.dtype->kind == DtypeKind::kDatetime;
  numbers = summarise(tally, traversal.count, applied.tolerance, applied.exact || !measured);
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
  Planes(const Options& options, ArrayResult& result) : options_(options), result_(result) {}

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
    if (!same_mask(pair, traversal) || bitwise_equal(pair, traversal)) return;
    result_.outcome = std::max(result_.outcome, Outcome::kClose);
    const Applied how = applied(*pair.expected.dtype, options_);
    const Tally tally = tally_plane(pair, traversal, how.rule(options_));
    if (tally.mismatched != 0) add(describe(pair, traversal, tally, how));
  }

  bool same_mask(const PlanePair& pair, const Traversal& traversal) {
    if (pair.expected.mask == nullptr) return true;
    Dtype boolean;
    boolean.kind = DtypeKind::kBool;
    boolean.itemsize = 1;
    PlanePair masks{pair.field,
                    pair.shape,
                    {&boolean, pair.actual.mask, pair.actual.mask_strides, nullptr, {}},
                    {&boolean, pair.expected.mask, pair.expected.mask_strides, nullptr, {}}};
    const Traversal order(masks);
    if (bitwise_equal(masks, order)) return true;
    Difference difference = describe(masks, order, tally_raw(masks, order), {Tolerance{0, 0}, true});
    difference.what = What::kMask;
    difference.note =
        fmt::format("{} of {} elements are masked on one side only", difference.numbers.mismatched, traversal.count);
    add(std::move(difference));
    return false;
  }

  void add(Difference difference) {
    result_.outcome = Outcome::kDifferent;
    ++result_.count;
    if (result_.differences.size() < kMostDifferences) result_.differences.push_back(std::move(difference));
  }

  const Options& options_;
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

bool wholly_identical(const Array& a, const Array& b) {
  return same_layout(*a.dtype, *b.dtype) && std::equal(a.strides.begin(), a.strides.end(), b.strides.begin()) &&
         std::equal(a.mask.begin(), a.mask.end(), b.mask.begin(), b.mask.end()) &&
         (a.data.empty() || std::memcmp(a.data.data(), b.data.data(), a.data.size()) == 0);
}

bool comparable_strict(const Dtype& a, const Dtype& b) {
  return a.kind == b.kind && (a.itemsize == b.itemsize || a.kind == DtypeKind::kStruct) && a.unit == b.unit &&
         a.unit_multiple == b.unit_multiple && a.type_name == b.type_name;
}

bool comparable_loose(const Dtype& a, const Dtype& b) {
  if (is_numeric(a) && is_numeric(b)) return true;
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

ArrayResult compare_arrays(const Array& actual, const Array& expected, const Options& options) {
  ArrayResult result;
  if (expected.size == 0 || wholly_identical(actual, expected)) return result;
  PlanePair whole;
  whole.shape.assign(expected.shape.begin(), expected.shape.end());
  whole.actual = side_of(actual);
  whole.expected = side_of(expected);
  if (actual.masked != expected.masked) {
    whole.actual.mask = whole.expected.mask = nullptr;
    whole.actual.mask_strides.clear();
    whole.expected.mask_strides.clear();
  }
  Planes(options, result).compare(std::move(whole));
  return result;
}

Numbers summarise(const Tally& tally, std::uint64_t total, const Tolerance& tolerance, bool exact) {
  Numbers numbers;
  numbers.mismatched = tally.mismatched;
  numbers.total = total;
  numbers.measurable = tally.measured != 0;
  numbers.max_absolute = std::max(tally.max_absolute, 0.0);
  numbers.max_relative = std::max(tally.max_relative, 0.0);
  // What is not finite on both sides passes under no tolerance at all.
  const bool passable = tally.measured == tally.mismatched;
  numbers.passing_rtol = passable ? tally.passing_rtol : std::numeric_limits<double>::infinity();
  numbers.passing_atol = passable ? tally.passing_atol : std::numeric_limits<double>::infinity();
  numbers.actual_nans = tally.actual_nans;
  numbers.expected_nans = tally.expected_nans;
  numbers.actual_infs = tally.actual_infs;
  numbers.expected_infs = tally.expected_infs;
  numbers.only_nans = tally.mismatched != 0 && tally.mismatched == tally.nan_pairs;
  numbers.tolerance = tolerance;
  numbers.exact = exact;
  return numbers;
}

}  // namespace snapshot_test::compare
