// Where a stream of bytes goes: a hash, a compressor, a file, a comparison with what is stored.
#pragma once

#include <cstddef>
#include <span>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::util {

/// Takes a stream piece by piece. Pieces are of any size: a writer hands on a large block of memory (gigabytes) in one
/// call rather than copying it, so an implementation goes through it in chunks of its own.
class ByteSink {
 public:
  ByteSink() = default;
  ByteSink(const ByteSink&) = delete;
  ByteSink& operator=(const ByteSink&) = delete;
  virtual ~ByteSink() = default;

  /// Takes all of `bytes`, which are valid during the call only. After a failure the stream is of no use: the writer
  /// stops and returns the error, and calls write() no more.
  [[nodiscard]] virtual Result<void> write(std::span<const std::byte> bytes) = 0;
};

}  // namespace snapshot_test::util
