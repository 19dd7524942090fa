#include "compare/planes.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <string>

#include "compare/blocks.hpp"
#include "compare/elements.hpp"
#include "compare/times.hpp"
#include "util/addresses.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Dtype;
using pickle::DtypeKind;

bool is_time(const Dtype& dtype) { return dtype.kind == DtypeKind::kDatetime || dtype.kind == DtypeKind::kTimedelta; }

// Nothing for text and raw bytes.
std::optional<Numeric> numeric_type(const Dtype& a, const Dtype& b) {
  const auto both = [&](DtypeKind kind) { return a.kind == kind && b.kind == kind; };
  const bool wide = a.itemsize == 8 && b.itemsize == 8;
  if (wide && (both(DtypeKind::kInt) || (is_time(a) && is_time(b)))) return Numeric::kInt64;
  if (wide && both(DtypeKind::kUInt)) return Numeric::kUInt64;
  switch (compute_type(a, b)) {
    case Compute::kFloat: return Numeric::kFloat;
    case Compute::kDouble: return Numeric::kDouble;
    case Compute::kLongDouble: return Numeric::kLongDouble;
    case Compute::kComplex: return Numeric::kComplex;
    case Compute::kComplexLong: return Numeric::kComplexLong;
    case Compute::kRaw: break;
  }
  return std::nullopt;
}

std::size_t size_of(Numeric type) {
  switch (type) {
    case Numeric::kFloat: return sizeof(float);
    case Numeric::kDouble: return sizeof(double);
    case Numeric::kLongDouble: return sizeof(long double);
    case Numeric::kComplex: return sizeof(std::complex<double>);
    case Numeric::kComplexLong: return sizeof(std::complex<long double>);
    default: return sizeof(std::int64_t);
  }
}

// One side's elements as the type they are compared as: where they lie if they are of that type, else converted.
class Operand {
 public:
  Operand(const Dtype& dtype, Numeric type) : dtype_(dtype), type_(type), as_it_is_(is_stored_as(dtype, type)) {}

  const std::byte* read(const std::byte* packed, std::size_t n) {
    if (as_it_is_) return packed;
    if (room_.empty()) room_.resize(kBlock * size_of(type_));
    switch (type_) {
      case Numeric::kFloat: return convert_to<float>(packed, n);
      case Numeric::kDouble: return convert_to<double>(packed, n);
      case Numeric::kLongDouble: return convert_to<long double>(packed, n);
      case Numeric::kComplex: return convert_to<std::complex<double>>(packed, n);
      default: return convert_to<std::complex<long double>>(packed, n);
    }
  }

 private:
  static bool is_stored_as(const Dtype& dtype, Numeric type) {
    if (type == Numeric::kInt64 || type == Numeric::kUInt64) return true;
    const bool complex = type == Numeric::kComplex || type == Numeric::kComplexLong;
    return dtype.kind == (complex ? DtypeKind::kComplex : DtypeKind::kFloat) && dtype.itemsize == size_of(type);
  }

  template <class T>
  const std::byte* convert_to(const std::byte* packed, std::size_t n) {
    convert(dtype_, packed, n, reinterpret_cast<T*>(room_.data()));
    return room_.data();
  }

  const Dtype& dtype_;
  Numeric type_;
  bool as_it_is_;
  std::vector<std::byte> room_;  // from operator new: aligned for any number
};

// x87's long double has six bytes of padding that hold anything.
bool has_padding(const Dtype& dtype) {
  const bool wide = (dtype.kind == DtypeKind::kFloat && dtype.itemsize == 16) ||
                    (dtype.kind == DtypeKind::kComplex && dtype.itemsize == 32);
  return wide && std::numeric_limits<long double>::digits == 64;
}

bool same_bits(const Dtype& dtype, const Block& block) {
  const std::size_t size = block.count * static_cast<std::size_t>(dtype.itemsize);
  if (std::memcmp(block.actual, block.expected, size) == 0) return true;
  if (!has_padding(dtype)) return false;
  constexpr std::size_t kWide = 16;
  constexpr std::size_t kUsed = 10;
  for (std::size_t i = 0; i < size; i += kWide) {
    if (std::memcmp(block.actual + i, block.expected + i, kUsed) != 0) return false;
  }
  return true;
}

bool is_finite(const Dtype& dtype, const Block& block) {
  switch (dtype.kind) {
    case DtypeKind::kFloat: return all_finite(static_cast<std::size_t>(dtype.itemsize), block.expected, block.count);
    case DtypeKind::kComplex:
      return all_finite(static_cast<std::size_t>(dtype.itemsize / 2), block.expected, 2 * block.count);
    case DtypeKind::kBfloat16: return false;
    default: return true;
  }
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

// The element as text without addresses; nothing for raw bytes.
std::optional<std::string> plain_text(Dtype dtype, const std::byte* element) {
  dtype.order = pickle::ByteOrder::kNone;  // as blocks are
  if (dtype.kind == DtypeKind::kUnicode) return util::without_addresses(unicode_text(dtype, element));
  if (dtype.kind != DtypeKind::kBytes) return std::nullopt;
  const auto* text = reinterpret_cast<const char*>(element);
  std::size_t size = static_cast<std::size_t>(dtype.itemsize);
  while (size > 0 && text[size - 1] == 0) --size;
  return util::without_addresses({text, size});
}

bool same_text(const PlanePair& pair, const std::byte* a, const std::byte* b) {
  const auto x = plain_text(*pair.actual.dtype, a);
  return x && x == plain_text(*pair.expected.dtype, b);
}

void tally_raw(const PlanePair& pair, const Block& block, Tally& tally) {
  for (std::size_t i = 0; i < block.count; ++i) {
    const std::byte* a = block.actual + i * static_cast<std::size_t>(pair.actual.dtype->itemsize);
    const std::byte* b = block.expected + i * static_cast<std::size_t>(pair.expected.dtype->itemsize);
    if (!same_raw(pair, a, b) && !same_text(pair, a, b)) add_mismatch(tally, block.first + i);
  }
}

bool same_unit(const Dtype& a, const Dtype& b) { return a.unit == b.unit && a.unit_multiple == b.unit_multiple; }

void tally_times(const UnitRatio& ratio, const Block& block, Tally& tally) {
  for (std::size_t i = 0; i < block.count; ++i) {
    std::int64_t a = 0;
    std::int64_t b = 0;
    std::memcpy(&a, block.actual + i * sizeof(a), sizeof(a));
    std::memcpy(&b, block.expected + i * sizeof(b), sizeof(b));
    if (!same_time(a, b, ratio)) add_mismatch(tally, block.first + i);
  }
}

class Comparer {
 public:
  Comparer(const PlanePair& pair, const Rule& rule)
      : pair_(pair),
        rule_(rule),
        type_(numeric_type(*pair.actual.dtype, *pair.expected.dtype)),
        ratio_(same_unit(*pair.actual.dtype, *pair.expected.dtype)
                   ? std::nullopt
                   : unit_ratio(*pair.actual.dtype, *pair.expected.dtype)),
        actual_(*pair.actual.dtype, type_.value_or(Numeric::kFloat)),
        expected_(*pair.expected.dtype, type_.value_or(Numeric::kFloat)) {}

  void operator()(const Block& block, Tally& tally) {
    if (ratio_) return tally_times(*ratio_, block, tally);
    if (!type_) return tally_raw(pair_, block, tally);
    const std::byte* a = actual_.read(block.actual, block.count);
    const std::byte* b = expected_.read(block.expected, block.count);
    compare_block(*type_, a, b, block.count, rule_, block.first, tally);
  }

 private:
  const PlanePair& pair_;
  Rule rule_;
  std::optional<Numeric> type_;
  std::optional<UnitRatio> ratio_;  // of dates and durations of different units
  Operand actual_;
  Operand expected_;
};

}  // namespace

PlaneResult compare_plane(const PlanePair& pair, const Traversal& traversal, const Rule& rule,
                          IdenticalNans identical_nans) {
  PlaneResult result;
  const Dtype& dtype = *pair.expected.dtype;
  const bool alike = dtype.kind == pair.actual.dtype->kind && dtype.itemsize == pair.actual.dtype->itemsize &&
                     same_unit(dtype, *pair.actual.dtype);
  Comparer compare(pair, rule);
  // What has the same bits on both sides, as long as nothing else was found, and what is not finite in it.
  std::uint64_t same = 0;
  const auto catch_up = [&] {
    if (!result.has_special) return;
    BlockReader again(pair, traversal, kBlock);
    for (Block block = again.next(); block.count != 0 && block.first < same; block = again.next()) {
      compare(block, result.tally);
    }
  };
  BlockReader reader(pair, traversal, kBlock);
  for (Block block = reader.next(); block.count != 0; block = reader.next()) {
    if (result.identical) {
      if (alike && same_bits(dtype, block)) {
        same = block.first + block.count;
        result.has_special = result.has_special || !is_finite(dtype, block);
        continue;
      }
      result.identical = false;
      catch_up();
    }
    compare(block, result.tally);
  }
  if (result.identical && identical_nans == IdenticalNans::kCounted) catch_up();
  return result;
}

void mark_mismatches(const PlanePair& pair, const Traversal& traversal, const Rule& rule,
                     const std::function<void(std::uint64_t, std::uint64_t)>& mark) {
  Comparer compare(pair, rule);
  const auto mark_at = [&](std::uint64_t n) {
    if (pair.shape.size() == 1) return mark(n, 0);
    const std::vector<std::uint64_t> index = traversal.index_of(n, pair);
    mark(index[0], index[1]);
  };
  // A tally names only a few: what has more is halved.
  std::vector<Block> left;
  BlockReader reader(pair, traversal, kBlock);
  for (Block block = reader.next(); block.count != 0; block = reader.next()) {
    left.push_back(block);
    while (!left.empty()) {
      const Block part = left.back();
      left.pop_back();
      Tally tally;
      compare(part, tally);
      if (tally.mismatched == part.count) {
        for (std::uint64_t i = 0; i < part.count; ++i) mark_at(part.first + i);
      } else if (tally.mismatched <= Tally::kSamples) {
        for (std::uint64_t i = 0; i < tally.mismatched; ++i) mark_at(tally.samples[i]);
      } else {
        Block first = part;
        first.count = part.count / 2;
        Block second = part;
        second.count -= first.count;
        second.first += first.count;
        second.actual += first.count * static_cast<std::size_t>(pair.actual.dtype->itemsize);
        second.expected += first.count * static_cast<std::size_t>(pair.expected.dtype->itemsize);
        left.push_back(second);
        left.push_back(first);
      }
    }
  }
}

}  // namespace snapshot_test::compare
