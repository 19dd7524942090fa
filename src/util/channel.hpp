// Framed messages between the supervisor and its hosts, over a stream socket.
//
//   frame = magic "sT" · version u8 · descriptors u8 · length u32, little-endian · payload: length bytes of JSON, UTF-8
//   ancillary data of the first byte: that many descriptors (SCM_RIGHTS)
//
// The payload is bounded, and a frame that does not start with the magic and this version is an error, not a guess: a
// benchmark may write anything to any descriptor that it finds open.
#pragma once

#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "snapshot_test/util/result.hpp"
#include "util/fd.hpp"

namespace snapshot_test::util {

/// Where a process that was started as a host finds its channel.
inline constexpr int kChannelFd = 3;

struct Message {
  nlohmann::json body;
  std::vector<Fd> fds;  ///< descriptors that came with it, close-on-exec
};

/// One whole frame, without the descriptors themselves.
struct Frame {
  nlohmann::json body;
  std::size_t fd_count = 0;
};

/// Puts frames together from whatever pieces arrive.
class FrameDecoder {
 public:
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  /// The next whole message, nothing if more bytes are needed, kCorrupt if this is not our protocol.
  [[nodiscard]] Result<std::optional<Frame>> next();
  [[nodiscard]] bool empty() const { return buffer_.empty(); }

 private:
  std::string buffer_;
};

/// One end of a connection. Blocking unless said otherwise; not thread-safe.
class Channel {
 public:
  explicit Channel(Fd fd) : fd_(std::move(fd)) {}
  /// Two connected ends, both close-on-exec.
  [[nodiscard]] static Result<std::pair<Channel, Channel>> make_pair();

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] Fd take_fd() { return std::move(fd_); }

  /// Sends one message and copies of `fds`. kIo if the other end is gone.
  [[nodiscard]] Result<void> send(const nlohmann::json& body, std::span<const int> fds = {});
  /// Waits for one message; nothing when the other end has closed.
  [[nodiscard]] Result<std::optional<Message>> receive();

  /// Has something arrived that receive() has not handed out yet? poll() does not report it.
  [[nodiscard]] bool pending() const { return !decoder_.empty(); }

  enum class Progress { kMore, kClosed };
  /// Reads what is there without waiting and hands whole messages out through next(). Descriptors are closed: nobody
  /// has a reason to send the supervisor any.
  [[nodiscard]] Result<Progress> read_available();
  [[nodiscard]] Result<std::optional<nlohmann::json>> next();

 private:
  [[nodiscard]] Result<std::size_t> read_some(int flags);

  Fd fd_;
  std::deque<Fd> received_fds_;  ///< in order of arrival; a read may bring a later frame's descriptors early
  FrameDecoder decoder_;
};

}  // namespace snapshot_test::util
