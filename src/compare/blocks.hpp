// Reads two sides of a plane pair block by block: packed, in native byte order, with masked elements blanked out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compare/plane.hpp"

namespace snapshot_test::compare {

/// The next elements of both sides; not aligned. Valid until the next call.
struct Block {
  const std::byte* actual = nullptr;
  const std::byte* expected = nullptr;
  std::size_t count = 0;    ///< 0 at the end
  std::uint64_t first = 0;  ///< index of the first element in the traversal
};

class BlockReader {
 public:
  BlockReader(const PlanePair& pair, const Traversal& traversal, std::size_t most);
  Block next();

 private:
  struct Half {
    Cursor data;
    Cursor mask;
    std::size_t itemsize;
    std::size_t swap;  ///< 1: as it is
    bool masked;
    std::vector<std::byte> room;
    std::vector<std::byte> mask_room;
  };
  static Half half(const Side& side, const Traversal& traversal, const std::vector<std::int64_t>& strides,
                   const std::vector<std::int64_t>& mask_strides);
  const std::byte* read(Half& half, std::size_t count);

  Half actual_;
  Half expected_;
  std::uint64_t at_ = 0;
  std::uint64_t count_;
  std::size_t most_;
};

}  // namespace snapshot_test::compare
