// Objects that are files of a store's folder.
#pragma once

#include <memory>
#include <span>

#include "snapshot_test/store/object.hpp"
#include "store/paths.hpp"
#include "util/fd.hpp"

struct ZSTD_DCtx_s;

namespace snapshot_test::store {

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

class FileObjectReader final : public ObjectReader {
 public:
  /// Looks in object folders one after the other. kCorrupt where it is in none of them or its size is wrong.
  [[nodiscard]] static Result<FileObjectReader> open(std::span<const std::filesystem::path> folders,
                                                     std::string_view sha256, std::optional<std::uint64_t> plain_bytes);

  [[nodiscard]] std::uint64_t plain_size() const noexcept override { return plain_bytes_; }
  [[nodiscard]] std::optional<std::span<const std::byte>> mapped() const noexcept override;
  [[nodiscard]] Result<std::size_t> read(std::span<std::byte> out) override;
  [[nodiscard]] Result<void> check() const override;
  [[nodiscard]] Result<void> check_name(std::string_view sha256) const override;
  [[nodiscard]] Result<util::MappedFile> load_verified(const std::filesystem::path& scratch_folder) const override;

 private:
  FileObjectReader(std::string sha256, std::filesystem::path path, Encoding encoding, util::Fd fd,
                   util::MappedFile file)
      : sha256_(std::move(sha256)),
        path_(std::move(path)),
        encoding_(encoding),
        fd_(std::move(fd)),
        file_(std::move(file)) {}
  /// None where there is no such file; kCorrupt where its size is wrong.
  [[nodiscard]] static Result<std::optional<FileObjectReader>> open_one(std::string sha256, std::filesystem::path path,
                                                                        Encoding encoding,
                                                                        std::optional<std::uint64_t> expected_bytes);
  [[nodiscard]] std::span<const std::byte> frame() const;
  /// The plain pickle in an unnamed file; not checked against the object's name.
  [[nodiscard]] Result<util::MappedFile> unpack(const std::filesystem::path& folder) const;
  [[nodiscard]] tl::unexpected<Error> damaged(std::string_view cause) const;

  std::string sha256_;
  std::filesystem::path path_;
  Encoding encoding_;
  util::Fd fd_;
  util::MappedFile file_;
  std::uint64_t plain_bytes_ = 0;
  std::uint64_t position_ = 0;           ///< of read(), plain files
  std::optional<FrameDecoder> decoder_;  ///< of read(), compressed files; made at the first read
};

/// The object that a file is, by its path; null where the path is none that an object has.
[[nodiscard]] Result<std::unique_ptr<ObjectReader>> open_object_file(const std::filesystem::path& path);

/// Is there a regular file for it, in the first of the object folders that has something in its place, and does it have
/// its size, where that can be told (it is stored plain)? Needs is_object_name(sha256).
[[nodiscard]] bool is_object_there(std::span<const std::filesystem::path> folders, std::string_view sha256,
                                   std::uint64_t plain_bytes);

/// `staging_objects`: where new objects go. `known_objects`: where objects are already; what is there, whole and in the
/// same form, is not written again. A damaged one is.
[[nodiscard]] Result<std::unique_ptr<ObjectWriter>> create_object_file(std::filesystem::path staging_objects,
                                                                       std::filesystem::path known_objects,
                                                                       Compression compression);

}  // namespace snapshot_test::store
