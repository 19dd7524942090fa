// The insides of FileObjectReader, which FolderStore::read_object() makes.
#pragma once

#include <memory>

#include "store/file_objects.hpp"
#include "store/paths.hpp"
#include "util/file.hpp"

struct ZSTD_DCtx_s;

namespace snapshot_test::store {

/// What every message about a damaged object says.
[[nodiscard]] Error damaged_object(std::string_view sha256, const std::filesystem::path& path, std::string_view cause);

/// Unpacks one frame, and never more than the size that was recorded for it.
class FrameDecoder {
 public:
  FrameDecoder(std::span<const std::byte> frame, std::uint64_t plain_bytes);
  /// The next bytes; 0 at the end. The error's message is the cause alone.
  [[nodiscard]] Result<std::size_t> read(std::span<std::byte> out);

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const noexcept;
  };
  Result<void> check_end();

  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
  std::span<const std::byte> input_;
  std::uint64_t left_;
  bool frame_ended_ = false;  ///< zstd has reached the end of the frame and its checksum
  bool ended_ = false;
};

struct FileObjectReader::Impl {
  std::string sha256;
  std::filesystem::path path;
  Encoding encoding = Encoding::kPlain;
  util::Fd fd{};
  util::MappedFile file{};
  std::uint64_t plain_bytes = 0;
  std::uint64_t position = 0;             ///< of read(), plain files
  std::optional<FrameDecoder> decoder{};  ///< of read(), compressed files; made at the first read

  /// Null where there is no such file; kCorrupt where its size is wrong.
  [[nodiscard]] static Result<std::unique_ptr<Impl>> open(std::string sha256, std::filesystem::path path,
                                                          Encoding encoding,
                                                          std::optional<std::uint64_t> expected_bytes);
  [[nodiscard]] std::span<const std::byte> frame() const;
  /// The plain pickle in an unnamed file; not checked against the object's name.
  [[nodiscard]] Result<util::MappedFile> unpack(const std::filesystem::path& folder) const;
  [[nodiscard]] tl::unexpected<Error> damaged(std::string_view cause) const;
};

}  // namespace snapshot_test::store
