// A new pickle against a stored one, byte by byte, as it is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "snapshot_test/store/object.hpp"
#include "store/digest.hpp"
#include "util/byte_sink.hpp"
#include "util/fd.hpp"

namespace snapshot_test::store {

/// Compares a pickle, as it is written, with a stored one. While they are equal nothing is kept; from the first
/// difference on the new pickle is spooled to an unnamed file, so that both can be read as values.
class CompareSink : public util::ByteSink {
 public:
  /// `hash` takes the new pickle: bytes that equal the stored ones are no proof that those are what was stored, since
  /// who computes them could have written both. `snapshot` and a second reader of the same object: the first is
  /// consumed by the comparison, the second gives the equal beginning once more if it has to be spooled. Both must
  /// outlive the sink.
  CompareSink(ObjectReader& snapshot, ObjectReader& again, Sha256 hash, std::filesystem::path scratch);

  [[nodiscard]] Result<void> write(std::span<const std::byte> bytes) override;
  /// Call once, after the last write. True: every byte was the same, and is what the object's name says.
  [[nodiscard]] Result<bool> finish();
  /// The whole new pickle, mapped; after finish() returned false.
  [[nodiscard]] Result<util::MappedFile> spooled() const;

 private:
  [[nodiscard]] static bool equal_mapped(std::span<const std::byte> snapshot, std::span<const std::byte> bytes);
  [[nodiscard]] Result<bool> equal_next(std::span<const std::byte> bytes);
  [[nodiscard]] Result<void> start_spooling();

  ObjectReader& snapshot_;
  ObjectReader& again_;
  Sha256 hash_;  ///< of the equal beginning
  std::filesystem::path scratch_;
  std::uint64_t equal_bytes_ = 0;     ///< of the beginning; always whole writes
  std::vector<std::byte> unpacked_;   ///< of a compressed snapshot; allocated once
  std::span<const std::byte> ahead_;  ///< the part of it that is not compared yet
  util::Fd spool_;
};

}  // namespace snapshot_test::store
