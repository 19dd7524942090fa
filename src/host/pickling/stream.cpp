#include "host/pickling/stream.hpp"

#include <fmt/format.h>

namespace snapshot_test::host::pickling {

Stream::Stream(util::ByteSink& sink, std::optional<std::uint64_t> max_bytes)
    : sink_(sink), max_bytes_(max_bytes), buffer_(new std::byte[kBufferSize]) {}

void Stream::flush() {
  const std::size_t size = used_;
  used_ = 0;
  pass(buffer_.get(), size);
}

void Stream::put_slowly(const void* data, std::size_t size) {
  flush();
  if (size >= kBufferSize) {
    pass(static_cast<const std::byte*>(data), size);
    return;
  }
  std::memcpy(buffer_.get(), data, size);
  used_ = size;
}

bool Stream::allowed(std::size_t size) {
  if (failure_) {
    return false;
  }
  if (max_bytes_ && size > *max_bytes_ - passed_) {
    failure_ =
        Error{ErrorKind::kPython, fmt::format("opaque: its pickle is larger than the limit of {} bytes", *max_bytes_)};
    return false;
  }
  return true;
}

void Stream::count_elsewhere(std::size_t size) {
  if (allowed(size)) {
    passed_ += size;
  }
}

void Stream::pass(const std::byte* data, std::size_t size) {
  if (size == 0 || !allowed(size)) {
    return;
  }
  if (auto written = sink_.write({data, size}); !written) {
    failure_ = std::move(written.error());
    return;
  }
  passed_ += size;
}

}  // namespace snapshot_test::host::pickling
