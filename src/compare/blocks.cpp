#include "compare/blocks.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace snapshot_test::compare {
namespace {

bool is_foreign(pickle::ByteOrder order) {
  constexpr auto kForeign =
      std::endian::native == std::endian::little ? pickle::ByteOrder::kBig : pickle::ByteOrder::kLittle;
  return order == kForeign;
}

}  // namespace

BlockReader::Half BlockReader::half(const Side& side, const Traversal& traversal,
                                    const std::vector<std::int64_t>& strides,
                                    const std::vector<std::int64_t>& mask_strides) {
  const auto itemsize = static_cast<std::size_t>(side.dtype->itemsize);
  return {Cursor(traversal.shape, strides, side.data, itemsize),
          Cursor(traversal.shape, mask_strides, side.mask, 1),
          itemsize,
          is_foreign(side.dtype->order) ? swap_unit(*side.dtype) : 1,
          side.mask != nullptr,
          {},
          {}};
}

BlockReader::BlockReader(const PlanePair& pair, const Traversal& traversal, std::size_t most)
    : actual_(half(pair.actual, traversal, traversal.actual_strides, traversal.actual_mask_strides)),
      expected_(half(pair.expected, traversal, traversal.expected_strides, traversal.expected_mask_strides)),
      count_(traversal.count) {
  constexpr std::size_t kMostBytes = std::size_t{64} << 10;
  const std::size_t largest = std::max({actual_.itemsize, expected_.itemsize, std::size_t{1}});
  most_ = std::max<std::size_t>(1, std::min(most, kMostBytes / largest));
}

const std::byte* BlockReader::read(Half& half, std::size_t count) {
  const bool plain = !half.masked && half.swap == 1;
  if (plain && half.data.in_place()) return half.data.next(count, nullptr);
  if (half.room.empty()) {
    half.room.resize(most_ * half.itemsize);
    if (half.masked) half.mask_room.resize(most_);
  }
  if (plain) return half.data.next(count, half.room.data());
  half.data.copy(count, half.room.data());
  swap_bytes(half.room.data(), count * half.itemsize, half.swap);
  if (half.masked) {
    const std::byte* mask = half.mask.next(count, half.mask_room.data());
    for (std::size_t i = 0; i < count; ++i) {
      if (mask[i] != std::byte{0}) std::memset(half.room.data() + i * half.itemsize, 0, half.itemsize);
    }
  }
  return half.room.data();
}

Block BlockReader::next() {
  Block block;
  block.first = at_;
  block.count = static_cast<std::size_t>(std::min<std::uint64_t>(most_, count_ - at_));
  if (block.count == 0) return block;
  block.actual = read(actual_, block.count);
  block.expected = read(expected_, block.count);
  at_ += block.count;
  return block;
}

}  // namespace snapshot_test::compare
