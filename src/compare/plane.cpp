#include "compare/plane.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

namespace snapshot_test::compare {
namespace {

template <std::size_t kSize>
void gather(const std::byte* from, std::int64_t stride, std::size_t n, std::byte* to) {
  for (std::size_t i = 0; i < n; ++i) std::memcpy(to + i * kSize, from + static_cast<std::int64_t>(i) * stride, kSize);
}

void gather(const std::byte* from, std::int64_t stride, std::size_t n, std::size_t itemsize, std::byte* to) {
  if (stride == static_cast<std::int64_t>(itemsize)) {
    std::memcpy(to, from, n * itemsize);
    return;
  }
  switch (itemsize) {
    case 1: return gather<1>(from, stride, n, to);
    case 2: return gather<2>(from, stride, n, to);
    case 4: return gather<4>(from, stride, n, to);
    case 8: return gather<8>(from, stride, n, to);
    case 16: return gather<16>(from, stride, n, to);
    default:
      for (std::size_t i = 0; i < n; ++i) {
        std::memcpy(to + i * itemsize, from + static_cast<std::int64_t>(i) * stride, itemsize);
      }
  }
}

bool is_contiguous(const std::vector<std::uint64_t>& shape, const std::vector<std::int64_t>& strides,
                   std::size_t itemsize) {
  return shape.empty() || (shape.size() == 1 && strides[0] == static_cast<std::int64_t>(itemsize));
}

}  // namespace

Cursor::Cursor(std::vector<std::uint64_t> shape, std::vector<std::int64_t> strides, const std::byte* data,
               std::size_t itemsize)
    : shape_(std::move(shape)),
      strides_(std::move(strides)),
      index_(shape_.size()),
      at_(data),
      itemsize_(itemsize),
      contiguous_(is_contiguous(shape_, strides_, itemsize)) {}

const std::byte* Cursor::next(std::size_t n, std::byte* room) {
  if (contiguous_) {
    const std::byte* here = at_;
    at_ += n * itemsize_;
    return here;
  }
  copy(n, room);
  return room;
}

void Cursor::copy(std::size_t n, std::byte* room) {
  if (contiguous_) {
    std::memcpy(room, at_, n * itemsize_);
    at_ += n * itemsize_;
    return;
  }
  const std::size_t last = shape_.size() - 1;
  while (n > 0) {
    const auto run = static_cast<std::size_t>(std::min<std::uint64_t>(n, shape_[last] - index_[last]));
    gather(at_, strides_[last], run, itemsize_, room);
    room += run * itemsize_;
    n -= run;
    index_[last] += run;
    at_ += static_cast<std::int64_t>(run) * strides_[last];
    for (std::size_t axis = last; index_[axis] == shape_[axis] && axis > 0; --axis) {
      at_ -= static_cast<std::int64_t>(shape_[axis]) * strides_[axis];
      index_[axis] = 0;
      ++index_[axis - 1];
      at_ += strides_[axis - 1];
    }
  }
}

Traversal::Traversal(const PlanePair& pair) : axes(pair.shape.size()) {
  std::iota(axes.begin(), axes.end(), 0);
  const auto& order = pair.expected.strides;
  const auto distance = [&order](std::size_t axis) { return order[axis] < 0 ? -order[axis] : order[axis]; };
  std::stable_sort(axes.begin(), axes.end(),
                   [&distance](std::size_t x, std::size_t y) { return distance(x) > distance(y); });
  for (const std::size_t axis : axes) {
    const std::uint64_t extent = pair.shape[axis];
    count *= extent;
    if (extent == 1) continue;
    const auto stride_of = [axis](const std::vector<std::int64_t>& strides) {
      return strides.empty() ? 0 : strides[axis];
    };
    const std::array<std::vector<std::int64_t>*, 4> merged = {&actual_strides, &expected_strides, &actual_mask_strides,
                                                              &expected_mask_strides};
    const std::array<std::int64_t, 4> own = {stride_of(pair.actual.strides), stride_of(pair.expected.strides),
                                             stride_of(pair.actual.mask_strides),
                                             stride_of(pair.expected.mask_strides)};
    const bool joins =
        !shape.empty() &&
        std::equal(merged.begin(), merged.end(), own.begin(), [extent](const auto* strides, std::int64_t stride) {
          return strides->back() == stride * static_cast<std::int64_t>(extent);
        });
    if (joins) shape.back() *= extent;
    if (!joins) shape.push_back(extent);
    for (std::size_t i = 0; i < merged.size(); ++i) {
      if (joins) merged[i]->back() = own[i];
      if (!joins) merged[i]->push_back(own[i]);
    }
  }
}

std::vector<std::uint64_t> Traversal::index_of(std::uint64_t n, const PlanePair& pair) const {
  std::vector<std::uint64_t> index(axes.size());
  for (std::size_t i = axes.size(); i-- > 0;) {
    const std::uint64_t extent = pair.shape[axes[i]];
    index[axes[i]] = n % extent;
    n /= extent;
  }
  return index;
}

const std::byte* element_at(const Side& side, const std::vector<std::uint64_t>& index) {
  const std::byte* at = side.data;
  for (std::size_t i = 0; i < index.size(); ++i) at += static_cast<std::int64_t>(index[i]) * side.strides[i];
  return at;
}

namespace {

template <class Word, class Swap>
void swap_words(std::byte* data, std::size_t size, Swap swap) {
  for (std::size_t i = 0; i + sizeof(Word) <= size; i += sizeof(Word)) {
    Word word = 0;
    std::memcpy(&word, data + i, sizeof(Word));
    word = swap(word);
    std::memcpy(data + i, &word, sizeof(Word));
  }
}

}  // namespace

void swap_bytes(std::byte* data, std::size_t size, std::size_t unit) {
  if (unit < 2) return;
  if (unit == 2) {
    return swap_words<std::uint16_t>(data, size, [](std::uint16_t word) { return __builtin_bswap16(word); });
  }
  if (unit == 4) {
    return swap_words<std::uint32_t>(data, size, [](std::uint32_t word) { return __builtin_bswap32(word); });
  }
  if (unit == 8) {
    return swap_words<std::uint64_t>(data, size, [](std::uint64_t word) { return __builtin_bswap64(word); });
  }
  for (std::size_t i = 0; i + unit <= size; i += unit) std::reverse(data + i, data + i + unit);
}

std::size_t swap_unit(const pickle::Dtype& dtype) {
  switch (dtype.kind) {
    case pickle::DtypeKind::kUnicode: return 4;
    case pickle::DtypeKind::kComplex: return static_cast<std::size_t>(dtype.itemsize / 2);
    case pickle::DtypeKind::kInt:
    case pickle::DtypeKind::kUInt:
    case pickle::DtypeKind::kFloat:
    case pickle::DtypeKind::kBfloat16:
    case pickle::DtypeKind::kDatetime:
    case pickle::DtypeKind::kTimedelta: return static_cast<std::size_t>(dtype.itemsize);
    default: return 1;
  }
}

}  // namespace snapshot_test::compare
