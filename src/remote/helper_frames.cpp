#include "remote/helper_frames.hpp"

#include <fmt/format.h>

#include <utility>

#include "util/visible.hpp"

namespace snapshot_test::remote {

namespace {

constexpr std::string_view kHelperMagic("sR\x01", 3);
/// How much of what is no frame a message shows.
constexpr std::size_t kShownBytes = 60;

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 4; i-- > 0;) {
    number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return number;
}

/// Those that a helper sends.
bool comes_from_helper(char kind) { return kind == 'B' || kind == 'P' || kind == 'A'; }

}  // namespace

std::string helper_number(std::uint32_t number) {
  std::string bytes;
  for (int i = 0; i < 4; ++i, number >>= 8) {
    bytes.push_back(static_cast<char>(number & 0xff));
  }
  return bytes;
}

std::string helper_header(HelperFrameKind kind, std::uint32_t id, std::size_t payload_bytes) {
  std::string header(kHelperMagic);
  header.push_back(static_cast<char>(kind));
  return header + helper_number(id) + helper_number(static_cast<std::uint32_t>(payload_bytes));
}

Result<std::optional<HelperFrame>> HelperFrameDecoder::next() {
  const std::string_view start = std::string_view(buffer_).substr(0, kHelperMagic.size());
  if (start != kHelperMagic.substr(0, start.size())) {
    return fail(ErrorKind::kCorrupt, fmt::format("wrote what is no frame of the protocol to its standard output: '{}'",
                                                 util::visible(buffer_.substr(0, kShownBytes), util::Keep::kNothing)));
  }
  if (buffer_.size() < kHelperHeaderBytes) {
    return std::optional<HelperFrame>();
  }
  const char kind = buffer_[3];
  const std::size_t length = number_at(buffer_, 8);
  if (!comes_from_helper(kind) || length > kHelperPayloadLimit) {
    return fail(ErrorKind::kCorrupt, fmt::format("sent a frame of kind {} with {} bytes, which the protocol has not",
                                                 static_cast<int>(kind), length));
  }
  if (buffer_.size() < kHelperHeaderBytes + length) {
    return std::optional<HelperFrame>();
  }
  HelperFrame frame{static_cast<HelperFrameKind>(kind), number_at(buffer_, 4),
                    buffer_.substr(kHelperHeaderBytes, length)};
  buffer_.erase(0, kHelperHeaderBytes + length);
  return std::optional(std::move(frame));
}

}  // namespace snapshot_test::remote
