#include "util/value_stream.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <vector>

#include "util/refusal.hpp"
#include "util/try.hpp"

namespace snapshot_test::util {

namespace {

constexpr std::size_t kMostOfAChunk = std::size_t{1} << 20;
constexpr std::size_t kMostOfAReason = std::size_t{1} << 16;

Result<void> send_all(int socket, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent < 0) {
      return tl::unexpected(refusal("send a value", errno));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<void> send_length(int socket, std::size_t length) {
  std::array<std::byte, 4> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(length >> (8 * i));
  }
  return send_all(socket, bytes);
}

Result<void> receive_all(int socket, std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = ::read(socket, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return fail(ErrorKind::kCorrupt, "what was sent of a value ended in the middle");
    }
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

Result<std::size_t> receive_length(int socket, std::size_t most) {
  std::array<std::byte, 4> bytes{};
  TRY(receive_all(socket, bytes));
  std::size_t length = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    length |= static_cast<std::size_t>(bytes[i]) << (8 * i);
  }
  if (length > most) {
    return fail(ErrorKind::kCorrupt, "what was sent is no value");
  }
  return length;
}

}  // namespace

Result<void> ValueStreamWriter::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), kMostOfAChunk);
    TRY(send_length(socket_, size));
    TRY(send_all(socket_, bytes.first(size)));
    bytes = bytes.subspan(size);
  }
  return {};
}

Result<void> ValueStreamWriter::end(const std::string& broken) {
  const std::size_t size = std::min(broken.size(), kMostOfAReason);
  TRY(send_length(socket_, 0));
  TRY(send_length(socket_, size));
  return send_all(socket_, std::as_bytes(std::span(broken)).first(size));
}

Result<void> read_value(int socket, ByteSink& sink, std::string& broken) {
  std::vector<std::byte> chunk;
  for (;;) {
    TRY_ASSIGN(const std::size_t length, receive_length(socket, kMostOfAChunk));
    if (length == 0) {
      break;
    }
    chunk.resize(length);
    TRY(receive_all(socket, chunk));
    TRY(sink.write(chunk));
  }
  TRY_ASSIGN(const std::size_t length, receive_length(socket, kMostOfAReason));
  broken.resize(length);
  return receive_all(socket, std::as_writable_bytes(std::span(broken)));
}

}  // namespace snapshot_test::util
