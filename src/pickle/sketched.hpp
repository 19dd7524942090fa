// What stands in a pickle for the bytes of an array that is kept as a sketch alone (docs/sketches.md). What follows the
// header is compare's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace snapshot_test::pickle {

struct SketchHeader {
  std::array<char, 8> magic{};
  std::uint32_t version = 0;
  std::uint32_t block = 0;        ///< elements of a block
  std::uint64_t plain_bytes = 0;  ///< of what it is the sketch of
  std::uint64_t seed = 0;         ///< of the signs of its projections
};
static_assert(sizeof(SketchHeader) == 32);

inline constexpr std::array<char, 8> kSketchMagic = {'S', 'T', 's', 'k', 'e', 't', 'c', 'h'};
inline constexpr std::uint32_t kSketchVersion = 1;

/// Are these, where `plain_bytes` bytes are wanted, a sketch of so many? Never true where they are as many as wanted,
/// so that no array's own bytes are taken for one.
[[nodiscard]] inline bool is_sketch(std::span<const std::byte> bytes, std::uint64_t plain_bytes) {
  SketchHeader header;
  if (bytes.size() == plain_bytes || bytes.size() < sizeof(header)) return false;
  std::memcpy(&header, bytes.data(), sizeof(header));
  return header.magic == kSketchMagic && header.plain_bytes == plain_bytes;
}

}  // namespace snapshot_test::pickle
