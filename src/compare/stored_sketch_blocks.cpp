#include "compare/stored_sketch_blocks.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

namespace snapshot_test::compare {
namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kSignsAWord = 64;
constexpr std::uint64_t kWordsABlock = 4096 / kSignsAWord;

/// SplitMix64 (Steele, Lea and Flood, 2014): the finaliser alone.
std::uint64_t mixed(std::uint64_t x) {
  x ^= x >> 30U;
  x *= 0xbf58476d1ce4e5b9U;
  x ^= x >> 27U;
  x *= 0x94d049bb133111ebU;
  return x ^ x >> 31U;
}
constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15U;

using Lanes = std::array<double, kLanes>;

/// Always in the same order, so that the same values give the same bits.
double joined(const Lanes& lanes) {
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

double with_sign(double number, std::uint64_t minus) {
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(number) ^ minus << 63U);
}

/// Takes out what is no finite number, and what is masked; extremes of the rest.
void take_out_specials(double* values, const std::uint8_t* live, std::size_t n, std::uint64_t beyond, BlockPart& part) {
  std::vector<std::uint32_t> special;
  for (std::size_t i = 0; i < n; ++i) {
    const bool masked = live != nullptr && live[i] == 0;
    if (!masked && std::isfinite(values[i])) {
      part.min = part.finite == 0 ? values[i] : std::fmin(part.min, values[i]);
      part.max = part.finite == 0 ? values[i] : std::fmax(part.max, values[i]);
      ++part.finite;
      continue;
    }
    if (!masked) {
      const bool nan = std::isnan(values[i]);
      ++(nan ? part.nans : part.infinities);
      special.push_back(static_cast<std::uint32_t>(i << 2U) | (nan ? 0U : values[i] > 0 ? 1U : 2U));
    }
    values[i] = 0;
  }
  if (!special.empty()) {
    part.special = XXH3_64bits_withSeed(special.data(), special.size() * sizeof(special.front()), beyond);
  }
}

}  // namespace

SignSource::SignSource(std::uint64_t seed, std::uint64_t part, std::uint64_t block) {
  for (std::size_t i = 0; i < starts_.size(); ++i) {
    starts_[i] = mixed(seed + kGolden * (1 + starts_.size() * part + i)) + kGolden * kWordsABlock * block;
  }
}

std::uint64_t SignSource::word(std::size_t projection, std::size_t word) const {
  return mixed(starts_[projection] + kGolden * (word + 1));
}

BlockPart part_of_block(double* values, const std::uint8_t* live, std::size_t n, const SignSource& signs,
                        std::uint64_t beyond) {
  BlockPart part;
  double check = 0;  // not a number where any value is none, or infinite
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < n; ++i) {
    check += values[i] * 0.0;
    least = values[i] < least ? values[i] : least;
    most = values[i] > most ? values[i] : most;
  }
  if (live != nullptr || check != 0) {
    take_out_specials(values, live, n, beyond, part);
  } else if (n != 0) {
    part.finite = static_cast<std::uint32_t>(n);
    part.min = least;
    part.max = most;
  }
  Lanes sum{};
  Lanes magnitude{};
  std::array<Lanes, 2> projected{};
  const auto add = [&](std::size_t lane, double value, std::uint64_t first, std::uint64_t second) {
    const double scaled = value * (1 / kSumScale);
    sum[lane] += scaled;
    magnitude[lane] += std::abs(scaled);
    projected[0][lane] += with_sign(scaled, first & 1U);
    projected[1][lane] += with_sign(scaled, second & 1U);
  };
  for (std::size_t at = 0; at < n; at += kSignsAWord) {
    const std::uint64_t first = signs.word(0, at / kSignsAWord);
    const std::uint64_t second = signs.word(1, at / kSignsAWord);
    const std::size_t size = n - at < kSignsAWord ? n - at : kSignsAWord;
    std::size_t i = 0;
    for (; i + kLanes <= size; i += kLanes) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        add(lane, values[at + i + lane], first >> (i + lane), second >> (i + lane));
      }
    }
    for (; i < size; ++i) add(i % kLanes, values[at + i], first >> i, second >> i);
  }
  part.sum = joined(sum);
  part.magnitude = joined(magnitude);
  part.projections = {joined(projected[0]), joined(projected[1])};
  return part;
}

}  // namespace snapshot_test::compare
