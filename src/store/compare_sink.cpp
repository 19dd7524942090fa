#include "store/compare_sink.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace {

constexpr std::size_t kCompareChunk = 256 * 1024;

}  // namespace

CompareSink::CompareSink(ObjectReader& snapshot, ObjectReader& again, Sha256 hash, std::filesystem::path scratch)
    : snapshot_(snapshot), again_(again), hash_(std::move(hash)), scratch_(std::move(scratch)) {}

// What was compared is let go of, so that a large snapshot never counts as a second copy of the value in memory.
bool CompareSink::equal_mapped(std::span<const std::byte> snapshot, std::span<const std::byte> bytes) {
  constexpr std::size_t kWindow = std::size_t{32} << 20;
  for (std::size_t at = 0; at < bytes.size(); at += kWindow) {
    const std::size_t size = std::min(kWindow, bytes.size() - at);
    const bool equal = std::memcmp(snapshot.data() + at, bytes.data() + at, size) == 0;
    if (size == kWindow) {
      util::release_pages(snapshot.subspan(at, size));
    }
    if (!equal) {
      return false;
    }
  }
  return true;
}

Result<bool> CompareSink::equal_next(std::span<const std::byte> bytes) {
  if (bytes.size() > snapshot_.plain_size() - equal_bytes_) {
    return false;
  }
  if (const auto mapped = snapshot_.mapped()) {
    return equal_mapped(mapped->subspan(equal_bytes_, bytes.size()), bytes);
  }
  while (!bytes.empty()) {
    if (ahead_.empty()) {
      unpacked_.resize(kCompareChunk);
      TRY_ASSIGN(const auto got, snapshot_.read(unpacked_));
      ahead_ = std::span(unpacked_).first(got);
    }
    const std::size_t size = std::min(ahead_.size(), bytes.size());
    if (size == 0 || std::memcmp(ahead_.data(), bytes.data(), size) != 0) {
      return false;
    }
    ahead_ = ahead_.subspan(size);
    bytes = bytes.subspan(size);
  }
  return true;
}

Result<void> CompareSink::start_spooling() {
  TRY_ASSIGN(spool_, util::unnamed_file(scratch_));
  std::vector<std::byte> chunk(static_cast<std::size_t>(std::min<std::uint64_t>(kCompareChunk, equal_bytes_)));
  for (std::uint64_t left = equal_bytes_; left > 0;) {
    const auto got =
        again_.read(std::span(chunk).first(static_cast<std::size_t>(std::min<std::uint64_t>(chunk.size(), left))));
    if (!got) {
      return tl::unexpected(got.error());
    }
    if (*got == 0) {
      return fail(ErrorKind::kCorrupt, "a stored object ended early");
    }
    TRY(util::write_all(spool_.get(), std::span(chunk).first(*got), scratch_));
    left -= *got;
  }
  return {};
}

Result<void> CompareSink::write(std::span<const std::byte> bytes) {
  if (!spool_) {
    TRY_ASSIGN(const auto equal, equal_next(bytes));
    if (equal) {
      equal_bytes_ += bytes.size();
      hash_.update(bytes);
      return {};
    }
    TRY(start_spooling());
  }
  return util::write_all(spool_.get(), bytes, scratch_);
}

Result<bool> CompareSink::finish() {
  if (!spool_ && equal_bytes_ == snapshot_.plain_size()) {
    return snapshot_.check_name(hash_.finish()).map([] { return true; });
  }
  if (!spool_) {
    TRY(start_spooling());
  }
  return false;
}

Result<util::MappedFile> CompareSink::spooled() const { return util::MappedFile::map(spool_.get(), scratch_); }

}  // namespace snapshot_test::store
