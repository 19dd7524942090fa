// Where a canonical pickle goes: into the store, or against what the store holds.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "snapshot_test/model/observation.hpp"
#include "snapshot_test/store/object.hpp"
#include "store/digest.hpp"
#include "util/byte_sink.hpp"
#include "util/file.hpp"

namespace snapshot_test::host::execution {

/// Hands a pickle on to the store, and takes its fingerprint.
class StoreSink : public util::ByteSink {
 public:
  explicit StoreSink(std::unique_ptr<store::ObjectWriter> writer) : writer_(std::move(writer)) {}
  [[nodiscard]] Result<void> write(std::span<const std::byte> bytes) override {
    fingerprint_.update(bytes);
    return writer_->write(bytes);
  }
  /// Name, size and fingerprint into `value`. Call once.
  [[nodiscard]] Result<void> finish(model::SiteValue& value);

 private:
  std::unique_ptr<store::ObjectWriter> writer_;
  store::Fingerprint fingerprint_;
};

/// Takes a pickle's size and fingerprint, and keeps its beginning.
class FingerprintSink : public util::ByteSink {
 public:
  [[nodiscard]] Result<void> write(std::span<const std::byte> bytes) override;
  /// Are size and fingerprint those that were stored?
  [[nodiscard]] bool is_that_of(std::uint64_t bytes, const std::string& fingerprint) const;
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  /// The fingerprint of what was written until now.
  [[nodiscard]] std::string text() const { return fingerprint_.text(); }
  /// The whole pickle, where it is small enough to have been kept.
  [[nodiscard]] std::optional<std::span<const std::byte>> whole() const;

 private:
  store::Fingerprint fingerprint_;
  std::uint64_t bytes_ = 0;
  std::vector<std::byte> beginning_;
};

/// Keeps a whole pickle, in memory while it is small, else in an unnamed file in `scratch`, and takes its digests.
class SpoolSink : public util::ByteSink {
 public:
  SpoolSink(store::Sha256 hash, std::filesystem::path scratch) : hash_(std::move(hash)), scratch_(std::move(scratch)) {}
  [[nodiscard]] Result<void> write(std::span<const std::byte> bytes) override;
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  /// Call once, after the last write: what the pickle is known by.
  [[nodiscard]] model::WholeValue finish();
  /// All of it; valid as long as the sink. After finish().
  [[nodiscard]] Result<std::span<const std::byte>> whole();

 private:
  store::Sha256 hash_;
  store::Fingerprint fingerprint_;
  std::filesystem::path scratch_;
  std::uint64_t bytes_ = 0;
  std::vector<std::byte> beginning_;  ///< all of it, until it is spooled
  util::Fd spool_;
  util::MappedFile mapped_;
};

/// Takes a pickle's digest and keeps nothing of it.
class HashSink : public util::ByteSink {
 public:
  explicit HashSink(store::Sha256 hash) : hash_(std::move(hash)) {}
  [[nodiscard]] Result<void> write(std::span<const std::byte> bytes) override {
    hash_.update(bytes);
    return {};
  }
  [[nodiscard]] std::string finish() { return hash_.finish(); }

 private:
  store::Sha256 hash_;
};

}  // namespace snapshot_test::host::execution
