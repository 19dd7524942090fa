// Objects: pickles named by their SHA-256. Written as a stream by whoever observed the value, read back mapped or as a
// stream. Nothing here keeps more than a bounded buffer of a value in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "snapshot_test/util/mapped_file.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::store {

enum class Compression {
  kAuto,  ///< large values that compress well become zstd frames
  kNone,  ///< everything stays a plain pickle
};

struct ObjectInfo {
  std::string sha256;              ///< of the plain pickle, 64 hex digits
  std::uint64_t plain_bytes = 0;   ///< size of the plain pickle
  std::uint64_t stored_bytes = 0;  ///< size of the file that holds it
};

/// Streams one pickle at once into SHA-256, the compressor and a temporary file. Not thread-safe; uses no threads, so
/// it works in a forked child. Any number of processes may write the same object at once. Destroyed before finish(),
/// or after an error, it leaves nothing behind.
class ObjectWriter {
 public:
  /// `staging_objects`: where new objects go (CaptureTransaction::staging_objects()).
  /// `known_objects`: where objects are already (Store::objects_folder()); what is there, whole and in the same
  /// form, is not written again. A damaged one is.
  [[nodiscard]] static Result<ObjectWriter> create(std::filesystem::path staging_objects,
                                                   std::filesystem::path known_objects, Compression compression);
  ObjectWriter(ObjectWriter&&) noexcept;
  ObjectWriter& operator=(ObjectWriter&&) noexcept;
  ~ObjectWriter();

  /// After an error the writer is of no more use.
  [[nodiscard]] Result<void> write(std::span<const std::byte> bytes);
  /// Ends the object and gives it its name. Call once.
  [[nodiscard]] Result<ObjectInfo> finish();

 private:
  struct Impl;
  explicit ObjectWriter(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// Reads one object (Store::open_object). Damage is kCorrupt and names object, file and cause. Not thread-safe.
class ObjectReader {
 public:
  /// Looks in object folders one after the other (Store::objects_folders(), CaptureTransaction::staging_objects()).
  /// kCorrupt where it is in none of them or its size is wrong. `plain_bytes`: what the manifest says.
  [[nodiscard]] static Result<ObjectReader> open(std::span<const std::filesystem::path> folders,
                                                 std::string_view sha256, std::optional<std::uint64_t> plain_bytes);
  ObjectReader(ObjectReader&&) noexcept;
  ObjectReader& operator=(ObjectReader&&) noexcept;
  ~ObjectReader();

  /// Size of the plain pickle, as recorded. Reading never yields more than this.
  [[nodiscard]] std::uint64_t plain_size() const noexcept;
  /// The plain pickle where the file is one: no copy, not checked against the name. Lives as long as the reader.
  [[nodiscard]] std::optional<std::span<const std::byte>> mapped() const noexcept;
  /// The next plain bytes into `out`; how many, less than out.size() only at the end. 0: no more. Compressed bytes
  /// are checked (a zstd checksum) before the last of them is handed out; plain ones are not checked.
  [[nodiscard]] Result<std::size_t> read(std::span<std::byte> out);
  /// Is the pickle what the object's name says? Reads all of it, and keeps nothing.
  [[nodiscard]] Result<void> check() const;
  /// The same, of who has taken the SHA-256 of these bytes already.
  [[nodiscard]] Result<void> check_name(std::string_view sha256) const;
  /// The whole plain pickle, checked against the object's name. Where the file is compressed, it is unpacked into an
  /// unnamed temporary file in `scratch_folder`. Independent of read().
  [[nodiscard]] Result<util::MappedFile> load_verified(const std::filesystem::path& scratch_folder) const;

 private:
  struct Impl;
  explicit ObjectReader(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace snapshot_test::store
