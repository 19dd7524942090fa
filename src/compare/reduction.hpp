// A pickle without what is large in it: arrays become sketches, long texts digests; all else stays (docs/sketches.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "snapshot_test/util/result.hpp"
#include "util/byte_sink.hpp"

namespace snapshot_test::compare {

/// What has fewer bytes stays as it is.
struct ReductionLimits {
  std::uint64_t arrays = std::uint64_t{16} << 10U;
  std::uint64_t texts = std::uint64_t{64} << 10U;  ///< bytes, too
};

/// The pickle of a reduced value, in pieces. Refers to the pickle that it was made from.
class Reduction {
 public:
  struct Piece {
    std::uint64_t at = 0;         ///< in the pickle
    std::uint64_t replaced = 0;   ///< so many bytes of it
    std::vector<std::byte> with;  ///< by these
  };
  /// `pieces` by rising `at`.
  Reduction(std::span<const std::byte> pickle, std::vector<Piece> pieces);

  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] Result<void> write(util::ByteSink& sink) const;

 private:
  std::span<const std::byte> pickle_;
  std::vector<Piece> pieces_;
  std::uint64_t bytes_ = 0;
};

/// Nothing where less than half of it would be saved: where there is no array of numbers, no long text, or too much of
/// something else. Keys, elements of sets, array.array and arrays of objects stay whole. kCorrupt as pickle::read().
[[nodiscard]] Result<std::optional<Reduction>> reduce(std::span<const std::byte> pickle,
                                                      const ReductionLimits& limits = {});

}  // namespace snapshot_test::compare
