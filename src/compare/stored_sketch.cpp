#include "compare/stored_sketch.hpp"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "compare/elements.hpp"
#include "compare/plane.hpp"
#include "compare/settings.hpp"
#include "compare/stored_sketch_blocks.hpp"
#include "pickle/sketched.hpp"
#include "snapshot_test/pickle/describe.hpp"
#include "util/text.hpp"
#include "util/try.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Array;
using pickle::Dtype;
using pickle::DtypeKind;

constexpr double kNever = std::numeric_limits<double>::infinity();
/// Rounding of a sum and of what is added: gamma_n of Higham (2002), 4.2, for 512 additions a lane, three that join
/// the lanes, and one conversion; a little more than that.
constexpr double kSumError = 520 * 0x1p-53;
/// What scaling by 2^-12 may lose of numbers that are nearly zero, of a whole block.
constexpr double kUnderflow = 0x1p-1050;
/// sqrt(2 ln(2 / 1e-15)): by Hoeffding's inequality, a sum with random signs of numbers of which the root of the sum of
/// squares is 1 is larger than this in one of 10^15 cases at most.
constexpr double kDeviationsOfSigns = 8.4;
constexpr std::uint64_t kLeastBlocksASample = 16;
constexpr std::uint64_t kMostSamples = 32;

/// One simple dtype of an array: where its elements are, in C order. No data where only a sketch is there.
struct SketchPlane {
  std::string field;
  Dtype dtype;  ///< as the samples have it: in native byte order
  bool swapped = false;
  std::uint64_t count = 0;
  std::vector<std::uint64_t> shape;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> mask_strides;
  const std::byte* data = nullptr;
  const std::byte* mask = nullptr;

  [[nodiscard]] std::uint64_t blocks() const { return (count + kSketchedBlock - 1) / kSketchedBlock; }
  [[nodiscard]] std::size_t elements_of(std::uint64_t block) const {
    return static_cast<std::size_t>(std::min<std::uint64_t>(kSketchedBlock, count - block * kSketchedBlock));
  }
  /// How many numbers an element is: 1, of complex numbers 2, and 0 of what is no number.
  [[nodiscard]] std::size_t parts() const {
    if (dtype.kind == DtypeKind::kComplex) return 2;
    const bool time = dtype.kind == DtypeKind::kDatetime || dtype.kind == DtypeKind::kTimedelta;
    return time || is_numeric(dtype) ? 1 : 0;
  }
  /// Every so many blocks one is kept.
  [[nodiscard]] std::uint64_t sample_step() const {
    return std::max(kLeastBlocksASample, (blocks() + kMostSamples - 1) / kMostSamples);
  }
  [[nodiscard]] std::uint64_t samples() const { return parts() == 0 ? 0 : blocks() / sample_step(); }
  [[nodiscard]] bool is_sampled(std::uint64_t block) const { return parts() != 0 && (block + 1) % sample_step() == 0; }
  /// A sampled block is never the last one unless that is whole, or its elements fewer.
  [[nodiscard]] std::uint64_t sample_bytes() const {
    std::uint64_t bytes = samples() * kSketchedBlock * dtype.itemsize;
    if (samples() != 0 && is_sampled(blocks() - 1)) {
      bytes -= (kSketchedBlock - elements_of(blocks() - 1)) * dtype.itemsize;
    }
    return bytes;
  }
  [[nodiscard]] std::uint64_t bytes() const {
    return blocks() * (sizeof(std::uint64_t) + parts() * sizeof(BlockPart)) + sample_bytes();
  }
};

bool is_swapped(pickle::ByteOrder order) {
  return order == (std::endian::native == std::endian::little ? pickle::ByteOrder::kBig : pickle::ByteOrder::kLittle);
}

/// Walks a dtype down to its simple parts.
class PlaneList {
 public:
  explicit PlaneList(const Array& array) {
    View view;
    view.dtype = array.dtype;
    view.data = array.data.empty() ? nullptr : array.data.data();
    view.shape.assign(array.shape.begin(), array.shape.end());
    view.strides.assign(array.strides.begin(), array.strides.end());
    if (array.masked && !array.mask.empty()) {
      view.mask = array.mask.data();
      for (const std::int64_t stride : array.strides) {
        const auto items = array.dtype->itemsize == 0 ? 0 : stride / static_cast<std::int64_t>(array.dtype->itemsize);
        view.mask_strides.push_back(items * static_cast<std::int64_t>(array.dtype->mask_itemsize));
      }
    }
    add(std::move(view));
  }
  [[nodiscard]] std::vector<SketchPlane> take() { return std::move(planes_); }

 private:
  struct View {
    std::string field;
    const Dtype* dtype = nullptr;
    const std::byte* data = nullptr;
    const std::byte* mask = nullptr;
    std::vector<std::uint64_t> shape;
    std::vector<std::int64_t> strides;
    std::vector<std::int64_t> mask_strides;
  };

  void add(View view) {
    if (view.dtype->kind == DtypeKind::kStruct) {
      std::uint64_t mask_at = 0;
      for (const pickle::Field& field : view.dtype->fields) {
        View part = view;
        part.field += fmt::format("[{}]", pickle::quoted(field.name));
        part.dtype = field.dtype;
        if (part.data != nullptr) part.data += field.offset;
        if (part.mask != nullptr) part.mask += mask_at;
        mask_at += field.dtype->mask_itemsize;
        add(std::move(part));
      }
      return;
    }
    if (view.dtype->kind == DtypeKind::kSubarray) {
      const auto inner = view.dtype->shape;
      view.dtype = view.dtype->base;
      view.shape.insert(view.shape.end(), inner.begin(), inner.end());
      append(view.strides, inner, view.dtype->itemsize);
      if (view.mask != nullptr) append(view.mask_strides, inner, view.dtype->mask_itemsize);
      return add(std::move(view));
    }
    SketchPlane plane;
    plane.field = std::move(view.field);
    plane.dtype = *view.dtype;
    plane.swapped = is_swapped(plane.dtype.order);
    if (plane.swapped) {
      plane.dtype.order =
          std::endian::native == std::endian::little ? pickle::ByteOrder::kLittle : pickle::ByteOrder::kBig;
    }
    plane.data = view.data;
    plane.mask = view.mask;
    plane.count = view.dtype->itemsize == 0 ? 0 : 1;
    for (std::size_t i = 0; i < view.shape.size(); ++i) {
      const std::uint64_t extent = view.shape[i];
      plane.count *= extent;
      if (extent == 1) continue;
      const std::int64_t mask_stride = view.mask_strides.empty() ? 0 : view.mask_strides[i];
      const bool joins = !plane.shape.empty() &&
                         plane.strides.back() == view.strides[i] * static_cast<std::int64_t>(extent) &&
                         plane.mask_strides.back() == mask_stride * static_cast<std::int64_t>(extent);
      if (joins) {
        plane.shape.back() *= extent;
        plane.strides.back() = view.strides[i];
        plane.mask_strides.back() = mask_stride;
      } else {
        plane.shape.push_back(extent);
        plane.strides.push_back(view.strides[i]);
        plane.mask_strides.push_back(mask_stride);
      }
    }
    if (plane.count != 0) planes_.push_back(std::move(plane));
  }

  static void append(std::vector<std::int64_t>& strides, std::span<const std::uint64_t> shape, std::uint64_t step) {
    const std::size_t first = strides.size();
    strides.resize(first + shape.size());
    for (std::size_t i = shape.size(); i-- > 0;) {
      strides[first + i] = static_cast<std::int64_t>(step);
      step *= shape[i];
    }
  }

  std::vector<SketchPlane> planes_;
};

std::vector<SketchPlane> planes_of(const Array& array) { return PlaneList(array).take(); }

bool is_long_double(const Dtype& dtype) {
  return (dtype.kind == DtypeKind::kFloat && dtype.itemsize > 8) ||
         (dtype.kind == DtypeKind::kComplex && dtype.itemsize > 16);
}

/// Of the same elements the same, whatever fills them up: of long doubles bytes that mean nothing, of texts zeros.
std::uint64_t digest_of_block(const Dtype& dtype, const std::byte* packed, std::size_t n) {
  const auto size = static_cast<std::size_t>(dtype.itemsize);
  const bool text = dtype.kind == DtypeKind::kBytes || dtype.kind == DtypeKind::kUnicode;
  if (!text && !is_long_double(dtype)) return XXH3_64bits(packed, n * size);
  std::vector<std::byte> room;
  room.reserve(n * (size + sizeof(std::uint32_t)));
  const auto put = [&room](const std::byte* from, std::size_t bytes) { room.insert(room.end(), from, from + bytes); };
  for (std::size_t i = 0; i < n; ++i) {
    const std::byte* element = packed + i * size;
    if (text) {
      std::size_t end = size;
      while (end > 0 && element[end - 1] == std::byte{0}) --end;
      const auto length = static_cast<std::uint32_t>(end);
      put(reinterpret_cast<const std::byte*>(&length), sizeof(length));
      put(element, end);
    } else {
      constexpr std::size_t kSlot = 16;
      constexpr std::size_t kUsed = std::numeric_limits<long double>::digits == 64 ? 10 : kSlot;
      for (std::size_t at = 0; at + kSlot <= size; at += kSlot) put(element + at, kUsed);
    }
  }
  return XXH3_64bits(room.data(), room.size());
}

/// Reads a plane block by block: packed, in native byte order, masked elements zero.
class BlockMaker {
 public:
  explicit BlockMaker(const SketchPlane& plane)
      : plane_(plane),
        data_(plane.shape, plane.strides, plane.data, static_cast<std::size_t>(plane.dtype.itemsize)),
        mask_(plane.shape, plane.mask_strides, plane.mask, 1),
        room_(kSketchedBlock * static_cast<std::size_t>(plane.dtype.itemsize)) {
    for (std::vector<double>& each : values_) each.resize(plane.parts() == 0 ? 0 : kSketchedBlock);
    if (plane.mask != nullptr) mask_room_.resize(kSketchedBlock);
    if (plane.parts() == 2) complex_.resize(kSketchedBlock);
  }

  /// Appends digests, parts and samples of all blocks.
  void write(std::uint64_t seed, std::size_t number, std::vector<std::byte>& out) {
    std::vector<BlockPart> parts;
    std::vector<std::byte> samples;
    const auto put = [](std::vector<std::byte>& to, const void* from, std::size_t bytes) {
      const auto* first = static_cast<const std::byte*>(from);
      to.insert(to.end(), first, first + bytes);
    };
    for (std::uint64_t block = 0; block < plane_.blocks(); ++block) {
      const std::size_t n = plane_.elements_of(block);
      const std::byte* packed = next(n);
      const std::uint64_t digest = digest_of_block(plane_.dtype, packed, n);
      put(out, &digest, sizeof(digest));
      if (plane_.parts() == 0) continue;
      take_values(packed, n);
      for (std::size_t part = 0; part < plane_.parts(); ++part) {
        const SignSource signs(seed, 2 * number + part, block);
        parts.push_back(part_of_block(values_[part].data(), live_.empty() ? nullptr : live_.data(), n, signs,
                                      beyond_.empty() ? 0 : XXH3_64bits(beyond_.data(), beyond_.size())));
      }
      if (plane_.is_sampled(block)) put(samples, packed, n * static_cast<std::size_t>(plane_.dtype.itemsize));
    }
    put(out, parts.data(), parts.size() * sizeof(BlockPart));
    out.insert(out.end(), samples.begin(), samples.end());
  }

 private:
  const std::byte* next(std::size_t n) {
    const auto size = static_cast<std::size_t>(plane_.dtype.itemsize);
    if (plane_.mask == nullptr && !plane_.swapped) return data_.next(n, room_.data());
    data_.copy(n, room_.data());
    if (plane_.swapped) swap_bytes(room_.data(), n * size, swap_unit(plane_.dtype));
    if (plane_.mask == nullptr) return room_.data();
    const std::byte* mask = mask_.next(n, mask_room_.data());
    live_.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      live_[i] = mask[i] == std::byte{0};
      if (live_[i] == 0) std::memset(room_.data() + i * size, 0, size);
    }
    return room_.data();
  }

  void take_values(const std::byte* packed, std::size_t n) {
    const Dtype& dtype = plane_.dtype;
    beyond_.clear();
    if (plane_.parts() == 2) {
      convert(dtype, packed, n, complex_.data());
      for (std::size_t i = 0; i < n; ++i) {
        values_[0][i] = complex_[i].real();
        values_[1][i] = complex_[i].imag();
      }
    } else if (is_numeric(dtype)) {
      convert(dtype, packed, n, values_[0].data());
    } else {
      for (std::size_t i = 0; i < n; ++i) {
        std::int64_t time = 0;
        std::memcpy(&time, packed + i * sizeof(time), sizeof(time));
        values_[0][i] = time == std::numeric_limits<std::int64_t>::min() ? std::numeric_limits<double>::quiet_NaN()
                                                                         : static_cast<double>(time);
      }
    }
    if (is_long_double(dtype)) note_beyond(packed, n);
  }

  /// Long doubles that a double cannot hold: they are compared by their bits.
  void note_beyond(const std::byte* packed, std::size_t n) {
    constexpr std::size_t kSlot = 16;
    constexpr std::size_t kUsed = std::numeric_limits<long double>::digits == 64 ? 10 : kSlot;
    const std::size_t slots = n * plane_.parts();
    for (std::size_t i = 0; i < slots; ++i) {
      long double number = 0;
      std::memcpy(&number, packed + i * kSlot, kSlot);
      if (!std::isfinite(number) || std::isfinite(static_cast<double>(number))) continue;
      beyond_.insert(beyond_.end(), packed + i * kSlot, packed + i * kSlot + kUsed);
    }
  }

  const SketchPlane& plane_;
  Cursor data_;
  Cursor mask_;
  std::vector<std::byte> room_;
  std::vector<std::byte> mask_room_;
  std::vector<std::uint8_t> live_;
  std::array<std::vector<double>, 2> values_;
  std::vector<std::complex<double>> complex_;
  std::vector<std::byte> beyond_;
};

/// Depends on the dtype and the shape alone, so that two sketches of arrays of one kind can be compared.
std::uint64_t seed_of(const Array& array) {
  const std::string text = pickle::dtype_name(*array.dtype) + pickle::shape_text(array.shape);
  return XXH3_64bits(text.data(), text.size());
}

/// One plane of a sketch, where it lies.
struct PlaneView {
  const SketchPlane* plane = nullptr;
  const std::byte* digests = nullptr;
  const std::byte* parts = nullptr;
  const std::byte* samples = nullptr;

  [[nodiscard]] std::uint64_t digest(std::uint64_t block) const {
    std::uint64_t digest = 0;
    std::memcpy(&digest, digests + block * sizeof(digest), sizeof(digest));
    return digest;
  }
  /// Of what has no such part: of a real number the imaginary one, all zeros.
  [[nodiscard]] BlockPart part(std::uint64_t block, std::size_t number) const {
    BlockPart part;
    if (number < plane->parts()) {
      std::memcpy(&part, parts + (block * plane->parts() + number) * sizeof(part), sizeof(part));
    } else {
      part.finite = static_cast<std::uint32_t>(plane->elements_of(block));
    }
    return part;
  }
  [[nodiscard]] const std::byte* sample(std::uint64_t block) const {
    return samples + (block / plane->sample_step()) * kSketchedBlock * plane->dtype.itemsize;
  }
};

/// A sketch that was stored, or is made now.
struct SketchView {
  std::vector<SketchPlane> planes;
  std::vector<std::byte> made;
  std::vector<PlaneView> views;
  std::uint64_t seed = 0;
};

tl::unexpected<Error> damaged_sketch(std::string_view cause) {
  return fail(ErrorKind::kCorrupt, fmt::format("the sketch that is stored of an array is damaged: {}", cause));
}

Result<SketchView> view_of(const Array& array, std::uint64_t seed) {
  SketchView view;
  view.planes = planes_of(array);
  std::span<const std::byte> bytes = array.sketch;
  if (bytes.empty()) {
    view.made = make_stored_sketch(array, seed);
    bytes = view.made;
  }
  pickle::SketchHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.version != pickle::kSketchVersion || header.block != kSketchedBlock) {
    return fail(ErrorKind::kUnsupported,
                fmt::format("a sketch of version {} with blocks of {} elements; this program knows version {} with {}: "
                            "use a newer one, or capture again",
                            header.version, header.block, pickle::kSketchVersion, kSketchedBlock));
  }
  view.seed = header.seed;
  bytes = bytes.subspan(sizeof(header));
  for (const SketchPlane& plane : view.planes) {
    const std::uint64_t size = plane.bytes();
    if (bytes.size() < size) return damaged_sketch("it ends too early");
    const std::size_t digests = static_cast<std::size_t>(plane.blocks()) * sizeof(std::uint64_t);
    const std::size_t parts = static_cast<std::size_t>(plane.blocks()) * plane.parts() * sizeof(BlockPart);
    view.views.push_back({&plane, bytes.data(), bytes.data() + digests, bytes.data() + digests + parts});
    bytes = bytes.subspan(static_cast<std::size_t>(size));
  }
  if (!bytes.empty()) return damaged_sketch("something follows its end");
  return view;
}

/// Both sides of one plane.
class PlaneTest {
 public:
  PlaneTest(const PlaneView& actual, const PlaneView& expected, bool same_signs, const Options& options,
            IdenticalNans identical_nans, StoredSketchResult& result)
      : actual_(actual),
        expected_(expected),
        same_signs_(same_signs),
        options_(options),
        identical_nans_(identical_nans),
        result_(result),
        how_(applied(expected.plane->dtype, options)),
        parts_(std::max(actual.plane->parts(), expected.plane->parts())) {
    const Dtype& a = actual.plane->dtype;
    const Dtype& b = expected.plane->dtype;
    same_type_ = a.kind == b.kind && a.unit == b.unit && a.unit_multiple == b.unit_multiple &&
                 (a.itemsize == b.itemsize || expected.plane->parts() == 0);
  }

  void run() {
    result_.seen.blocks += expected_.plane->blocks();
    for (std::uint64_t block = 0; block < expected_.plane->blocks(); ++block) {
      const bool same = same_type_ && actual_.digest(block) == expected_.digest(block);
      if (!same) changed(block);
      if (parts_ != 0) look_at_specials(block, same);
    }
  }

 private:
  void changed(std::uint64_t block) {
    ++result_.seen.changed_blocks;
    if (result_.outcome == Outcome::kIdentical) result_.outcome = Outcome::kClose;
    if (how_.exact || parts_ == 0) {
      return refuse(block, kNever,
                    same_type_ ? "its digest is another, and such elements are compared exactly"
                               : "elements of two types cannot be compared exactly by a sketch");
    }
    if (actual_.plane->dtype.unit != expected_.plane->dtype.unit ||
        actual_.plane->dtype.unit_multiple != expected_.plane->dtype.unit_multiple) {
      return refuse(block, kNever, "its digest is another, and a sketch is not compared across units");
    }
    result_.inexact = true;
    result_.tolerance = how_.tolerance;
    compare_sums(block);
    if (actual_.plane->is_sampled(block) && expected_.plane->is_sampled(block)) compare_samples(block);
  }

  void look_at_specials(std::uint64_t block, bool same) {
    for (std::size_t number = 0; number < parts_; ++number) {
      const BlockPart a = actual_.part(block, number);
      const BlockPart b = expected_.part(block, number);
      if (b.nans + b.infinities + a.nans + a.infinities == 0) continue;
      result_.has_special = true;
      if (!same && (a.nans != b.nans || a.infinities != b.infinities || a.special != b.special)) {
        refuse(block, kNever,
               fmt::format("{} NaN and {} infinite, where {} and {} were, or elsewhere", a.nans, a.infinities, b.nans,
                           b.infinities));
      } else if (b.nans != 0 && identical_nans_ == IdenticalNans::kCounted && !options_.equal_nan) {
        refuse(block, kNever, fmt::format("{} NaN, which are not equal without equal_nan", b.nans));
      }
    }
  }

  void compare_sums(std::uint64_t block) {
    std::array<BlockPart, 2> a{};
    std::array<BlockPart, 2> b{};
    Allowed allowed;
    double least = kNever;
    for (std::size_t number = 0; number < parts_; ++number) {
      a[number] = actual_.part(block, number);
      b[number] = expected_.part(block, number);
      allowed.magnitude += b[number].magnitude;
      allowed.largest += largest_of(b[number]);
      allowed.count = std::max<double>(allowed.count, b[number].finite);
      least = std::min(least, least_of(b[number]));
    }
    for (std::size_t number = 0; number < parts_; ++number) {
      compare_part(block, a[number], b[number], allowed, parts_ == 1 ? least : 0);
    }
  }

  /// What the tolerance comes to, over a block; sums are scaled by 2^-12.
  struct Allowed {
    double magnitude = 0;  ///< of the sum of |expected|
    double largest = 0;    ///< no |expected| is larger
    double count = 0;
  };

  static double largest_of(const BlockPart& part) { return std::max(std::abs(part.min), std::abs(part.max)); }
  static double least_of(const BlockPart& part) { return part.min > 0 ? part.min : part.max < 0 ? -part.max : 0; }

  /// What is more than rounding; NaN where either is.
  static double beyond(double now, double then, double slack) {
    const double gap = std::abs(now - then);
    return gap <= slack ? 0 : gap - slack;
  }

  /// The least rtol that allows `moved`, where an rtol of 1 is worth `worth` and atol `given`.
  static double rtol_for(double moved, double given, double worth) {
    if (!(moved > given)) return std::isnan(moved) ? kNever : 0;
    return worth > 0 ? (moved - given) / worth : kNever;
  }

  void compare_part(std::uint64_t block, const BlockPart& a, const BlockPart& b, const Allowed& allowed, double least) {
    const Tolerance& tolerance = how_.tolerance;
    const double slack = kSumError * (a.magnitude + b.magnitude) + kUnderflow;
    const double scaled_atol = tolerance.atol / kSumScale;
    const double of_all = allowed.count * scaled_atol;
    const auto test = [&](std::string_view what, double now, double then) {
      const double moved = beyond(now, then, slack);
      need(block, rtol_for(moved, of_all, allowed.magnitude), what, now * kSumScale, then * kSumScale);
      return std::abs(now - then) + slack;
    };
    double seen = test("the sum", a.sum, b.sum);
    test("the sum of absolute values", a.magnitude, b.magnitude);
    for (std::size_t i = 0; same_signs_ && i < b.projections.size(); ++i) {
      const double moved = beyond(a.projections[i], b.projections[i], slack);
      const double by_chance = std::sqrt(allowed.magnitude) * std::sqrt(allowed.largest) / std::sqrt(kSumScale);
      const double likely = rtol_for(moved / kDeviationsOfSigns, std::sqrt(allowed.count) * scaled_atol, by_chance);
      need(block, std::min(likely, rtol_for(moved, of_all, allowed.magnitude)), "a sum with random signs",
           a.projections[i] * kSumScale, b.projections[i] * kSumScale);
      seen = std::min(seen, std::abs(a.projections[i] - b.projections[i]) + slack);
    }
    if (b.finite != 0 && a.finite != 0 && tolerance.rtol < 1) {
      const double worth = parts_ == 1 ? 0 : allowed.largest;
      need(block, rtol_for(std::abs(a.min - b.min), tolerance.atol, std::max(worth, std::abs(b.min))), "the minimum",
           a.min, b.min);
      need(block, rtol_for(std::abs(a.max - b.max), tolerance.atol, std::max(worth, std::abs(b.max))), "the maximum",
           a.max, b.max);
    }
    note_unseen(seen * kSumScale, tolerance.atol + tolerance.rtol * least);
  }

  void note_unseen(double change, double tolerance) {
    const double ratio = tolerance > 0 ? change / tolerance : kNever;
    SketchedArray& seen = result_.seen;
    seen.unseen = std::max(seen.unseen, change);
    seen.unseen_tolerances = std::max(seen.unseen_tolerances, ratio);
  }

  void need(std::uint64_t block, double rtol, std::string_view what, double now, double then) {
    if (rtol <= how_.tolerance.rtol) {
      result_.passing_rtol = std::max(result_.passing_rtol, rtol);
      return;
    }
    refuse(block, rtol, fmt::format("{} is {:.9g}, and was {:.9g}", what, now, then));
  }

  void compare_samples(std::uint64_t block) {
    PlanePair pair;
    pair.shape = {expected_.plane->elements_of(block)};
    pair.actual = {&actual_.plane->dtype,
                   actual_.sample(block),
                   {static_cast<std::int64_t>(actual_.plane->dtype.itemsize)},
                   nullptr,
                   {}};
    pair.expected = {&expected_.plane->dtype,
                     expected_.sample(block),
                     {static_cast<std::int64_t>(expected_.plane->dtype.itemsize)},
                     nullptr,
                     {}};
    const Traversal traversal(pair);
    const Tally tally = compare_plane(pair, traversal, how_.rule(options_), identical_nans_).tally;
    result_.seen.sampled += traversal.count;
    if (tally.mismatched == 0) return;
    const std::vector<std::uint64_t> index = {tally.samples[0]};
    refuse(block, tally.measured == tally.mismatched ? tally.passing_rtol : kNever,
           fmt::format("{} of its elements, which are kept, differ: the first is {}, and was {}", tally.mismatched,
                       element_text(*pair.actual.dtype, element_at(pair.actual, index)),
                       element_text(*pair.expected.dtype, element_at(pair.expected, index))));
  }

  void refuse(std::uint64_t block, double passing_rtol, const std::string& why) {
    const bool first = result_.outcome != Outcome::kDifferent;
    const bool worse = passing_rtol > result_.passing_rtol;
    result_.passing_rtol = std::max(result_.passing_rtol, passing_rtol);
    result_.outcome = Outcome::kDifferent;
    if (!first && !worse) return;
    const std::uint64_t begin = block * kSketchedBlock;
    result_.reason = fmt::format("elements {} to {}{}: {}", begin, begin + expected_.plane->elements_of(block) - 1,
                                 expected_.plane->field.empty() ? "" : " of " + expected_.plane->field, why);
  }

  const PlaneView& actual_;
  const PlaneView& expected_;
  bool same_signs_;
  const Options& options_;
  IdenticalNans identical_nans_;
  StoredSketchResult& result_;
  Applied how_;
  std::size_t parts_;
  bool same_type_ = false;
};

/// Masks are kept whole, in the memory order of their array.
bool same_masks(const Array& actual, const Array& expected) {
  if (!actual.masked || !expected.masked) return true;
  const auto a = planes_of(actual);
  const auto b = planes_of(expected);
  std::vector<std::byte> a_room(kSketchedBlock);
  std::vector<std::byte> b_room(kSketchedBlock);
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (a[i].mask == nullptr || b[i].mask == nullptr) continue;
    Cursor a_cursor(a[i].shape, a[i].mask_strides, a[i].mask, 1);
    Cursor b_cursor(b[i].shape, b[i].mask_strides, b[i].mask, 1);
    for (std::uint64_t block = 0; block < b[i].blocks(); ++block) {
      const std::size_t n = b[i].elements_of(block);
      const std::byte* x = a_cursor.next(n, a_room.data());
      const std::byte* y = b_cursor.next(n, b_room.data());
      for (std::size_t k = 0; k < n; ++k) {
        if ((x[k] != std::byte{0}) != (y[k] != std::byte{0})) return false;
      }
    }
  }
  return true;
}

constexpr std::string_view kStandInStart = "__snapshot_test__.digest of ";

}  // namespace

std::vector<std::byte> make_stored_sketch(const Array& array) { return make_stored_sketch(array, seed_of(array)); }

std::vector<std::byte> make_stored_sketch(const Array& array, std::uint64_t seed) {
  const std::vector<SketchPlane> planes = planes_of(array);
  const pickle::SketchHeader header{pickle::kSketchMagic, pickle::kSketchVersion, kSketchedBlock, array.data.size(),
                                    seed};
  std::uint64_t size = sizeof(header);
  for (const SketchPlane& plane : planes) size += plane.bytes();
  std::vector<std::byte> out(sizeof(header));
  out.reserve(static_cast<std::size_t>(size));
  std::memcpy(out.data(), &header, sizeof(header));
  for (std::size_t i = 0; i < planes.size(); ++i) BlockMaker(planes[i]).write(seed, i, out);
  return out;
}

Result<StoredSketchResult> compare_stored_sketches(const Array& actual, const Array& expected, const Options& options,
                                                   IdenticalNans identical_nans) {
  StoredSketchResult result;
  result.seen.dtype = pickle::dtype_name(*expected.dtype);
  result.seen.shape.assign(expected.shape.begin(), expected.shape.end());
  result.seen.elements = expected.size;
  if (!same_masks(actual, expected)) {
    result.outcome = Outcome::kDifferent;
    result.reason = "other elements are masked";
    result.passing_rtol = kNever;
    return result;
  }
  const bool is_there = !expected.sketch.empty();
  TRY_ASSIGN(const SketchView first, view_of(is_there ? expected : actual, 0));
  TRY_ASSIGN(const SketchView second, view_of(is_there ? actual : expected, first.seed));
  const SketchView& a = is_there ? second : first;
  const SketchView& b = is_there ? first : second;
  if (a.views.size() != b.views.size()) return damaged_sketch("it has other fields than its dtype");
  for (std::size_t i = 0; i < b.views.size(); ++i) {
    if (a.planes[i].count != b.planes[i].count) return damaged_sketch("its fields have other sizes");
    PlaneTest(a.views[i], b.views[i], a.seed == b.seed, options, identical_nans, result).run();
  }
  return result;
}

std::string stand_in(std::span<const std::byte> bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return fmt::format("{}{} bytes: {:016x}{:016x}", kStandInStart, bytes.size(), hash.high64, hash.low64);
}

bool is_stand_in(std::span<const std::byte> bytes) {
  return bytes.size() > kStandInStart.size() && bytes.size() < kStandInStart.size() + 80 &&
         std::memcmp(bytes.data(), kStandInStart.data(), kStandInStart.size()) == 0;
}

std::string sketched_text(const SketchedArray& array) {
  std::string text =
      fmt::format("kept as a sketch: {} of {} of up to {} elements {} changed", array.changed_blocks,
                  util::counted(array.blocks, "block"), kSketchedBlock, array.changed_blocks == 1 ? "has" : "have");
  if (array.different) return text;
  text += ", within the tolerance; ";
  const bool bound = std::isfinite(array.unseen_tolerances);
  const std::string times = bound ? fmt::format(", {:.2g} of its tolerance,", array.unseen_tolerances) : "";
  if (array.unseen_tolerances <= 1) {
    return text +
           fmt::format("a change of one element by more than {:.2g}{} would have been seen", array.unseen, times);
  }
  return text + fmt::format("that one element changed by up to {:.2g}{} is not excluded", array.unseen, times);
}

}  // namespace snapshot_test::compare
