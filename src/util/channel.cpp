#include "util/channel.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "util/json_text.hpp"
#include "util/refusal.hpp"
#include "util/try.hpp"

namespace snapshot_test::util {

namespace {

constexpr char kMagic[2] = {'s', 'T'};
constexpr char kVersion = 1;
constexpr std::size_t kHeaderSize = 8;
constexpr std::size_t kMaxPayload = 256u << 20;
constexpr std::size_t kMaxFds = 4;

std::string make_frame(const nlohmann::json& body, std::size_t fd_count) {
  std::string payload = json_text(body);
  const auto length = static_cast<std::uint32_t>(payload.size());
  char header[kHeaderSize] = {kMagic[0],
                              kMagic[1],
                              kVersion,
                              static_cast<char>(fd_count),
                              static_cast<char>(length & 0xff),
                              static_cast<char>((length >> 8) & 0xff),
                              static_cast<char>((length >> 16) & 0xff),
                              static_cast<char>((length >> 24) & 0xff)};
  payload.insert(0, header, kHeaderSize);
  return payload;
}

std::size_t byte_at(const std::string& text, std::size_t index) { return static_cast<unsigned char>(text[index]); }

}  // namespace

Result<std::optional<Frame>> FrameDecoder::next() {
  if (buffer_.size() < kHeaderSize) {
    return std::nullopt;
  }
  const std::size_t fd_count = byte_at(buffer_, 3);
  if (buffer_[0] != kMagic[0] || buffer_[1] != kMagic[1] || buffer_[2] != kVersion || fd_count > kMaxFds) {
    return fail(ErrorKind::kCorrupt, "something else than this program wrote to its message socket");
  }
  const std::size_t length =
      byte_at(buffer_, 4) | byte_at(buffer_, 5) << 8 | byte_at(buffer_, 6) << 16 | byte_at(buffer_, 7) << 24;
  if (length > kMaxPayload) {
    return fail(ErrorKind::kCorrupt, fmt::format("a message of {} bytes is over the limit", length));
  }
  if (buffer_.size() < kHeaderSize + length) {
    return std::nullopt;
  }
  nlohmann::json body = nlohmann::json::parse(buffer_.begin() + kHeaderSize,
                                              buffer_.begin() + static_cast<std::ptrdiff_t>(kHeaderSize + length),
                                              nullptr, /*allow_exceptions=*/false);
  buffer_.erase(0, kHeaderSize + length);
  if (body.is_discarded()) {
    return fail(ErrorKind::kCorrupt, "a message on the message socket is not JSON");
  }
  return Frame{std::move(body), fd_count};
}

Result<std::pair<Channel, Channel>> Channel::make_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return tl::unexpected(refusal("create a socket pair", errno));
  }
  return std::pair(Channel(Fd(ends[0])), Channel(Fd(ends[1])));
}

Result<void> Channel::send(const nlohmann::json& body, std::span<const int> fds) {
  const std::string frame = make_frame(body, fds.size());
  std::size_t sent = 0;
  while (sent < frame.size()) {
    iovec piece{const_cast<char*>(frame.data()) + sent, frame.size() - sent};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFds)] = {};
    if (sent == 0 && !fds.empty()) {
      header.msg_control = control;
      header.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
      cmsghdr* rights = CMSG_FIRSTHDR(&header);
      rights->cmsg_level = SOL_SOCKET;
      rights->cmsg_type = SCM_RIGHTS;
      rights->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
      std::memcpy(CMSG_DATA(rights), fds.data(), sizeof(int) * fds.size());
    }
    const ssize_t wrote = ::sendmsg(fd_.get(), &header, MSG_NOSIGNAL);
    if (wrote < 0) {
      if (errno == EINTR) {
        continue;
      }
      return fail(ErrorKind::kIo, fmt::format("cannot send a message: {}", std::strerror(errno)));
    }
    sent += static_cast<std::size_t>(wrote);
  }
  return {};
}

Result<std::size_t> Channel::read_some(int flags) {
  char chunk[1 << 16];
  iovec piece{chunk, sizeof chunk};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFds)];
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t got = 0;
  do {
    got = ::recvmsg(fd_.get(), &header, flags | MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return std::size_t{0};
    }
    if (errno == ECONNRESET) {
      return fail(ErrorKind::kIo, "the other end has closed");
    }
    return fail(ErrorKind::kIo, fmt::format("cannot receive a message: {}", std::strerror(errno)));
  }
  for (cmsghdr* each = CMSG_FIRSTHDR(&header); each != nullptr; each = CMSG_NXTHDR(&header, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int raw = -1;
      std::memcpy(&raw, CMSG_DATA(each) + i * sizeof(int), sizeof raw);
      received_fds_.emplace_back(raw);
    }
  }
  if (got == 0) {
    return fail(ErrorKind::kIo, "the other end has closed");
  }
  decoder_.feed({chunk, static_cast<std::size_t>(got)});
  return static_cast<std::size_t>(got);
}

Result<std::optional<Message>> Channel::receive() {
  for (;;) {
    TRY_ASSIGN(auto frame, decoder_.next());
    if (frame) {
      Message message{std::move(frame->body), {}};
      for (std::size_t i = 0; i < frame->fd_count && !received_fds_.empty(); ++i) {
        message.fds.push_back(std::move(received_fds_.front()));
        received_fds_.pop_front();
      }
      return message;
    }
    if (auto got = read_some(0); !got) {
      if (decoder_.empty()) {
        return std::nullopt;
      }
      return fail(ErrorKind::kCorrupt, fmt::format("{} in the middle of a message", got.error().message));
    }
  }
}

Result<std::optional<nlohmann::json>> Channel::next() {
  TRY_ASSIGN(auto frame, decoder_.next());
  return frame ? std::optional(std::move(frame->body)) : std::nullopt;
}

Result<Channel::Progress> Channel::read_available() {
  for (;;) {
    auto got = read_some(MSG_DONTWAIT);
    received_fds_.clear();
    if (!got) {
      return Progress::kClosed;
    }
    if (*got == 0) {
      return Progress::kMore;
    }
  }
}

}  // namespace snapshot_test::util
