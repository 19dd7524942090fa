// The inner loops of stored sketches: what is kept of a block of numbers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace snapshot_test::compare {

/// Sums are kept as sum / kSumScale, so that a block of the largest numbers does not overflow.
inline constexpr double kSumScale = 4096;

/// As it is stored; little endian. Of numbers that are finite and not masked.
struct BlockPart {
  std::uint32_t finite = 0;
  std::uint32_t nans = 0;
  std::uint32_t infinities = 0;
  std::uint32_t reserved = 0;
  std::uint64_t special = 0;  ///< hash of where the others are, and which; 0 where there are none
  double sum = 0;
  double magnitude = 0;  ///< sum of absolute values
  double min = 0;
  double max = 0;
  std::array<double, 2> projections{};  ///< sums with random signs
};
static_assert(sizeof(BlockPart) == 72);

/// A sign for each element of a block, in words of 64; the same for the same seed, part and block.
class SignSource {
 public:
  SignSource(std::uint64_t seed, std::uint64_t part, std::uint64_t block);
  /// Bit i: is element 64 * word + i taken with a minus?
  [[nodiscard]] std::uint64_t word(std::size_t projection, std::size_t word) const;

 private:
  std::array<std::uint64_t, 2> starts_{};
};

/// `values` are written over where they are not finite or not live. `live`: 0 for what is masked; null: nothing is.
/// `beyond`: hash of what is too large for a double; 0 where nothing is.
[[nodiscard]] BlockPart part_of_block(double* values, const std::uint8_t* live, std::size_t n, const SignSource& signs,
                                      std::uint64_t beyond);

}  // namespace snapshot_test::compare
