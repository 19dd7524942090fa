// Opcodes into a sink, through a small buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "util/byte_sink.hpp"
#include "util/pickle_opcodes.hpp"

namespace snapshot_test::host::pickling {

using Opcode = util::PickleOpcode;

/// Buffers small writes and hands large ones on as they are. The first failure sticks: what follows it is dropped, so
/// callers look at failure() now and then rather than after every opcode.
class Stream {
 public:
  Stream(util::ByteSink& sink, std::optional<std::uint64_t> max_bytes);

  // A call of these would cost more than what they do, and compilers count how many there are.
  [[gnu::always_inline]] void op(Opcode code) {
    *room(1) = static_cast<std::byte>(code);
    used_ += 1;
  }
  /// The opcode, then an integer of N bytes, little-endian.
  template <std::size_t N>
  [[gnu::always_inline]] void op(Opcode code, std::uint64_t argument) {
    std::byte* out = room(1 + N);
    out[0] = static_cast<std::byte>(code);
    for (std::size_t i = 0; i < N; ++i) {
      out[1 + i] = static_cast<std::byte>(argument >> (8 * i));
    }
    used_ += 1 + N;
  }
  void put(const void* data, std::size_t size) {
    if (size > kBufferSize - used_) {
      put_slowly(data, size);
      return;
    }
    if (size != 0) {
      std::memcpy(buffer_.get() + used_, data, size);
      used_ += size;
    }
  }
  /// SHORT_BINUNICODE and the text, for names of our own (less than 256 bytes).
  void short_text(std::string_view text) {
    op<1>(Opcode::kShortBinUnicode, text.size());
    put(text.data(), text.size());
  }

  /// Space for `size` bytes (at most 64), to be followed by advance().
  std::byte* room(std::size_t size) {
    if (size > kBufferSize - used_) {
      flush();
    }
    return buffer_.get() + used_;
  }
  void advance(std::size_t size) { used_ += size; }

  /// Counts bytes that belong to the pickle but go past the sink.
  void count_elsewhere(std::size_t size);

  [[gnu::noinline]] void flush();
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  /// The same as a result.
  [[nodiscard]] Result<void> state() const { return failure_ ? tl::unexpected(*failure_) : Result<void>(); }
  /// Bytes accepted so far, buffered ones included.
  [[nodiscard]] std::uint64_t bytes() const { return passed_ + used_; }

 private:
  static constexpr std::size_t kBufferSize = 64 * 1024;

  void put_slowly(const void* data, std::size_t size);
  void pass(const std::byte* data, std::size_t size);
  bool allowed(std::size_t size);

  util::ByteSink& sink_;
  std::optional<std::uint64_t> max_bytes_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t used_ = 0;
  std::uint64_t passed_ = 0;
  std::optional<Error> failure_;
};

}  // namespace snapshot_test::host::pickling
