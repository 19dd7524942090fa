#include "host/execution/sinks.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace snapshot_test::host::execution {

namespace {

constexpr std::size_t kChunk = 256 * 1024;

}  // namespace

Result<util::Fd> unnamed_file(const std::filesystem::path& folder) {
  std::string name = (folder / "spool-XXXXXX").string();
  util::Fd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) {
    return tl::unexpected(util::io_error("create a temporary file in", folder));
  }
  ::unlink(name.c_str());
  return fd;
}

CompareSink::CompareSink(store::ObjectReader& snapshot, store::ObjectReader& again, std::filesystem::path scratch)
    : snapshot_(snapshot), again_(again), scratch_(std::move(scratch)) {}

Result<bool> CompareSink::equal_next(std::span<const std::byte> bytes) {
  if (bytes.size() > snapshot_.plain_size() - equal_bytes_) {
    return false;
  }
  if (const auto mapped = snapshot_.mapped()) {
    return std::memcmp(mapped->data() + equal_bytes_, bytes.data(), bytes.size()) == 0;
  }
  std::vector<std::byte> chunk(std::min(bytes.size(), kChunk));
  while (!bytes.empty()) {
    const auto got = snapshot_.read(std::span(chunk).first(std::min(chunk.size(), bytes.size())));
    if (!got) {
      return tl::unexpected(got.error());
    }
    if (*got == 0 || std::memcmp(chunk.data(), bytes.data(), *got) != 0) {
      return false;
    }
    bytes = bytes.subspan(*got);
  }
  return true;
}

Result<void> CompareSink::start_spooling() {
  auto file = unnamed_file(scratch_);
  if (!file) {
    return tl::unexpected(file.error());
  }
  spool_ = std::move(*file);
  std::vector<std::byte> chunk(static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, equal_bytes_)));
  for (std::uint64_t left = equal_bytes_; left > 0;) {
    const auto got =
        again_.read(std::span(chunk).first(static_cast<std::size_t>(std::min<std::uint64_t>(chunk.size(), left))));
    if (!got) {
      return tl::unexpected(got.error());
    }
    if (*got == 0) {
      return fail(ErrorKind::kCorrupt, "a stored object ended early");
    }
    if (auto written = util::write_all(spool_.get(), std::span(chunk).first(*got), scratch_); !written) {
      return written;
    }
    left -= *got;
  }
  return {};
}

Result<void> CompareSink::write(std::span<const std::byte> bytes) {
  if (!spool_) {
    const auto equal = equal_next(bytes);
    if (!equal) {
      return tl::unexpected(equal.error());
    }
    if (*equal) {
      equal_bytes_ += bytes.size();
      return {};
    }
    if (auto started = start_spooling(); !started) {
      return started;
    }
  }
  return util::write_all(spool_.get(), bytes, scratch_);
}

Result<bool> CompareSink::finish() {
  if (!spool_ && equal_bytes_ == snapshot_.plain_size()) {
    return true;
  }
  if (!spool_) {
    if (auto started = start_spooling(); !started) {
      return tl::unexpected(started.error());
    }
  }
  return false;
}

Result<util::MappedFile> CompareSink::spooled() const { return util::MappedFile::map(spool_, scratch_); }

}  // namespace snapshot_test::host::execution
