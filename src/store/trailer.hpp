// How a compressed object ends. zstd frames written as a stream do not say how large their content is, so a skippable
// frame follows that does: zstd itself ignores it, and a truncated file lacks it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace snapshot_test::store {

/// Grammar: magic 0x184D2A5E, length 8, plain size; u32, u32, u64, little-endian (RFC 8878, 3.1.2).
using Trailer = std::array<std::byte, 16>;

inline constexpr std::array<std::byte, 8> kTrailerStart{std::byte{0x5E}, std::byte{0x2A}, std::byte{0x4D},
                                                        std::byte{0x18}, std::byte{8},    std::byte{0},
                                                        std::byte{0},    std::byte{0}};

[[nodiscard]] constexpr Trailer make_trailer(std::uint64_t plain_bytes) {
  Trailer trailer{};
  for (std::size_t i = 0; i < 8; ++i) {
    trailer[i] = kTrailerStart[i];
    trailer[8 + i] = static_cast<std::byte>(plain_bytes >> (8 * i));
  }
  return trailer;
}

/// The plain size that the last bytes of `file` record; none where they are no trailer.
[[nodiscard]] constexpr std::optional<std::uint64_t> read_trailer(std::span<const std::byte> file) {
  if (file.size() < sizeof(Trailer)) {
    return std::nullopt;
  }
  const auto trailer = file.last<sizeof(Trailer)>();
  std::uint64_t plain_bytes = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    if (trailer[i] != kTrailerStart[i]) {
      return std::nullopt;
    }
    plain_bytes |= std::to_integer<std::uint64_t>(trailer[8 + i]) << (8 * i);
  }
  return plain_bytes;
}

}  // namespace snapshot_test::store
