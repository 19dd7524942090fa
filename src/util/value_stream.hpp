// Values of any size, one after the other, through a socket: what a sealed case sends, and who compares it reads.
//
//   value = chunk* end
//   chunk = length u32, little-endian, not 0 · that many bytes
//   end   = 0 u32 · length u32, little-endian · that many bytes, at most 64 KiB: why the value is not whole; none if it
//   is
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "util/byte_sink.hpp"

namespace snapshot_test::util {

/// Writes one value after the other. kIo where nobody reads any more. Blocks while the reader is busy.
class ValueStreamWriter : public ByteSink {
 public:
  /// `socket`: borrowed.
  explicit ValueStreamWriter(int socket) : socket_(socket) {}
  [[nodiscard]] Result<void> write(std::span<const std::byte> bytes) override;
  /// The value is at its end; or, where `broken` says why, it will not get there.
  [[nodiscard]] Result<void> end(const std::string& broken);

 private:
  int socket_;
};

/// Reads a value into `sink`; `broken` is why it is not whole, if it is not. kCorrupt where what comes is no such
/// stream; else what the sink's write() returns.
[[nodiscard]] Result<void> read_value(int socket, ByteSink& sink, std::string& broken);

}  // namespace snapshot_test::util
