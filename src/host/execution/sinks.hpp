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

/// Compares a pickle, as it is written, with a stored one. While they are equal nothing is kept; from the first
/// difference on the new pickle is spooled to an unnamed file, so that both can be read as values.
class CompareSink : public util::ByteSink {
 public:
  /// `hash` takes the new pickle: bytes that equal the stored ones are no proof that those are what was stored, since
  /// who computes them could have written both. `snapshot` and a second reader of the same object: the first is
  /// consumed by the comparison, the second gives the equal beginning once more if it has to be spooled. Both must
  /// outlive the sink.
  CompareSink(store::ObjectReader& snapshot, store::ObjectReader& again, store::Sha256 hash,
              std::filesystem::path scratch);

  [[nodiscard]] Result<void> write(std::span<const std::byte> bytes) override;
  /// Call once, after the last write. True: every byte was the same, and is what the object's name says.
  [[nodiscard]] Result<bool> finish();
  /// The whole new pickle, mapped; after finish() returned false.
  [[nodiscard]] Result<util::MappedFile> spooled() const;

 private:
  [[nodiscard]] static bool equal_mapped(std::span<const std::byte> snapshot, std::span<const std::byte> bytes);
  [[nodiscard]] Result<bool> equal_next(std::span<const std::byte> bytes);
  [[nodiscard]] Result<void> start_spooling();

  store::ObjectReader& snapshot_;
  store::ObjectReader& again_;
  store::Sha256 hash_;  ///< of the equal beginning
  std::filesystem::path scratch_;
  std::uint64_t equal_bytes_ = 0;     ///< of the beginning; always whole writes
  std::vector<std::byte> unpacked_;   ///< of a compressed snapshot; allocated once
  std::span<const std::byte> ahead_;  ///< the part of it that is not compared yet
  util::Fd spool_;
};

/// An unnamed, private file in `folder`.
[[nodiscard]] Result<util::Fd> unnamed_file(const std::filesystem::path& folder);

}  // namespace snapshot_test::host::execution
