// What this program and a remote helper say to each other, over the helper's standard input and output.
// docs/remote-helper.md describes the whole protocol; these are its frames:
//
//   frame = magic "sR" · version u8 (1) · kind u8 · id u32 · length u32 · payload: length bytes      (little-endian)
//
// The payload is bounded, and what does not start with the magic and this version is an error, not a guess: a library
// that the helper uses may print to standard output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::remote {

inline constexpr std::size_t kHelperHeaderBytes = 12;
/// No frame's payload is longer.
inline constexpr std::size_t kHelperPayloadLimit = std::size_t{4} << 20;
/// A body is sent in pieces of this size, so that other requests get their turn.
inline constexpr std::size_t kHelperPieceBytes = std::size_t{256} << 10;

/// `id` is that of the request to which a frame belongs.
enum class HelperFrameKind : char {
  kRequest = 'Q',   ///< to the helper: JSON
  kBody = 'B',      ///< either way: bytes of an object, or of a listing
  kCredit = 'K',    ///< to the helper: u32, so many bytes of a body have been taken; it may send as many more
  kCancel = 'C',    ///< to the helper: nobody waits for the answer any more
  kProgress = 'P',  ///< to us: something moves; the wait for an answer starts anew
  kAnswer = 'A',    ///< to us: JSON; the last frame of a request
};

struct HelperFrame {
  HelperFrameKind kind = HelperFrameKind::kRequest;
  std::uint32_t id = 0;
  std::string payload;
};

/// The frame's header; the payload, which must be within the limit, follows it.
[[nodiscard]] std::string helper_header(HelperFrameKind kind, std::uint32_t id, std::size_t payload_bytes);

/// The number as a frame has it.
[[nodiscard]] std::string helper_number(std::uint32_t number);

/// Puts frames together from whatever pieces arrive.
class HelperFrameDecoder {
 public:
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  /// The next whole frame, nothing if more bytes are needed, kCorrupt if this is not the protocol, with the first bytes
  /// of what it is. After that no more can be read.
  [[nodiscard]] Result<std::optional<HelperFrame>> next();
  [[nodiscard]] bool empty() const { return buffer_.empty(); }

 private:
  std::string buffer_;
};

}  // namespace snapshot_test::remote
