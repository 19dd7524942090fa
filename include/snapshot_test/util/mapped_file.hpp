// A file in memory, read-only: what a stored value is read from.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::util {

/// Owns the mapping; move-only. The bytes are valid until the object is destroyed, and stay where they are when it is
/// moved. An empty file maps to an empty span.
class MappedFile {
 public:
  /// Only regular files, and links to them: kCorrupt for anything else, kIo where it cannot be opened or mapped.
  [[nodiscard]] static Result<MappedFile> open(const std::filesystem::path& path);
  /// Maps the whole file of a descriptor, which stays the caller's; `path` is for messages only.
  [[nodiscard]] static Result<MappedFile> map(int fd, const std::filesystem::path& path);
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace snapshot_test::util
