#include "host/execution/sinks.hpp"
#include "util/try.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace snapshot_test::host::execution {

using model::SiteValue;

namespace {

/// Of a pickle whose fingerprint is taken: copying more would cost more than pickling again what has changed.
constexpr std::uint64_t kMostKept = 256 * 1024;

}  // namespace

Result<void> StoreSink::finish(SiteValue& value) {
  TRY_ASSIGN(const auto object, writer_->finish());
  value.object = object.sha256;
  value.bytes = object.plain_bytes;
  value.fingerprint = fingerprint_.text();
  return {};
}

Result<void> FingerprintSink::write(std::span<const std::byte> bytes) {
  fingerprint_.update(bytes);
  bytes_ += bytes.size();
  if (bytes_ <= kMostKept) {
    beginning_.insert(beginning_.end(), bytes.begin(), bytes.end());
  }
  return {};
}

bool FingerprintSink::is_that_of(std::uint64_t bytes, const std::string& fingerprint) const {
  return bytes_ == bytes && fingerprint_.text() == fingerprint;
}

std::optional<std::span<const std::byte>> FingerprintSink::whole() const {
  return bytes_ == beginning_.size() ? std::optional<std::span<const std::byte>>(beginning_) : std::nullopt;
}

Result<void> SpoolSink::write(std::span<const std::byte> bytes) {
  hash_.update(bytes);
  fingerprint_.update(bytes);
  bytes_ += bytes.size();
  if (!spool_ && bytes_ <= kMostKept) {
    beginning_.insert(beginning_.end(), bytes.begin(), bytes.end());
    return {};
  }
  if (!spool_) {
    TRY_ASSIGN(spool_, util::unnamed_file(scratch_));
    TRY(util::write_all(spool_.get(), beginning_, scratch_));
    beginning_.clear();
  }
  return util::write_all(spool_.get(), bytes, scratch_);
}

model::WholeValue SpoolSink::finish() { return {hash_.finish(), bytes_, fingerprint_.text()}; }

Result<std::span<const std::byte>> SpoolSink::whole() {
  if (!spool_) {
    return std::span<const std::byte>(beginning_);
  }
  TRY_ASSIGN(mapped_, util::MappedFile::map(spool_.get(), scratch_));
  return mapped_.bytes();
}

}  // namespace snapshot_test::host::execution
