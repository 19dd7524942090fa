// Objects: pickles named by their SHA-256. Written as a stream by whoever observed the value, read back as a stream or
// as a whole. Nothing here keeps more than a bounded buffer of a value in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "snapshot_test/model/compression.hpp"
#include "snapshot_test/model/locator.hpp"
#include "snapshot_test/util/mapped_file.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::store {

using model::Compression;

struct ObjectInfo {
  std::string sha256;              ///< of the plain pickle, 64 hex digits
  std::uint64_t plain_bytes = 0;   ///< size of the plain pickle
  std::uint64_t stored_bytes = 0;  ///< what it takes in the store
};

/// Streams one pickle at once into SHA-256 and the store. Not thread-safe; uses no threads, so it works in a forked
/// child. Any number of processes may write the same object at once. Destroyed before finish(), or after an error, it
/// leaves nothing behind.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  /// After an error the writer is of no more use.
  [[nodiscard]] virtual Result<void> write(std::span<const std::byte> bytes) = 0;
  /// Ends the object and gives it its name. Call once.
  [[nodiscard]] virtual Result<ObjectInfo> finish() = 0;
};

/// Reads one object. Damage is kCorrupt and names object, place and cause. Not thread-safe.
class ObjectReader {
 public:
  virtual ~ObjectReader() = default;
  /// Size of the plain pickle, as recorded. Reading never yields more than this.
  [[nodiscard]] virtual std::uint64_t plain_size() const noexcept = 0;
  /// The plain pickle where it lies in memory, or in a file, as it is: no copy, not checked against the name. Lives as
  /// long as the reader.
  [[nodiscard]] virtual std::optional<std::span<const std::byte>> mapped() const noexcept = 0;
  /// The next plain bytes into `out`; how many, less than out.size() only at the end. 0: no more. Compressed bytes
  /// are checked (a zstd checksum) before the last of them is handed out; plain ones are not checked.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<std::byte> out) = 0;
  /// Is the pickle what the object's name says? Reads all of it, and keeps nothing.
  [[nodiscard]] virtual Result<void> check() const = 0;
  /// The same, of who has taken the SHA-256 of these bytes already.
  [[nodiscard]] virtual Result<void> check_name(std::string_view sha256) const = 0;
  /// The whole plain pickle, checked against the object's name. Where that takes a file, it is an unnamed one in
  /// `scratch_folder`. Independent of read().
  [[nodiscard]] virtual Result<util::MappedFile> load_verified(const std::filesystem::path& scratch_folder) const = 0;
};

// In whatever process: `where` is Store::locator() or CaptureTransaction::locator().

/// kInternal where `where` is not a capture's. What is there already, whole and in the same form, is not written again.
[[nodiscard]] Result<std::unique_ptr<ObjectWriter>> create_object(const model::Locator& where, Compression compression);
/// kCorrupt where it is missing or its size is wrong. `plain_bytes`: what the manifest says (SiteValue::bytes).
[[nodiscard]] Result<std::unique_ptr<ObjectReader>> open_object(const model::Locator& where, std::string_view sha256,
                                                                std::optional<std::uint64_t> plain_bytes);
/// Makes an object of what `from` has still to read. Which one that is, is for the caller to compare: plain bytes are
/// not checked as they are read. Errors as ObjectReader's and ObjectWriter's.
[[nodiscard]] Result<ObjectInfo> copy_object(ObjectReader& from, const model::Locator& to, Compression compression);
/// Is it there, as far as can be told without opening it? True says nothing of what is in it.
[[nodiscard]] Result<bool> has_object(const model::Locator& where, std::string_view sha256, std::uint64_t plain_bytes);

}  // namespace snapshot_test::store
