// Objects that are files of a store's folder.
#pragma once

#include "snapshot_test/store/object.hpp"

namespace snapshot_test::store {

class FileObjectWriter final : public ObjectWriter {
 public:
  /// `staging_objects`: where new objects go. `known_objects`: where objects are already; what is there, whole and in
  /// the same form, is not written again. A damaged one is.
  [[nodiscard]] static Result<FileObjectWriter> create(std::filesystem::path staging_objects,
                                                       std::filesystem::path known_objects, Compression compression);
  FileObjectWriter(FileObjectWriter&&) noexcept;
  FileObjectWriter& operator=(FileObjectWriter&&) noexcept;
  ~FileObjectWriter() override;

  [[nodiscard]] Result<void> write(std::span<const std::byte> bytes) override;
  [[nodiscard]] Result<ObjectInfo> finish() override;

 private:
  struct Impl;
  explicit FileObjectWriter(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

class FileObjectReader final : public ObjectReader {
 public:
  /// Looks in object folders one after the other. kCorrupt where it is in none of them or its size is wrong.
  [[nodiscard]] static Result<FileObjectReader> open(std::span<const std::filesystem::path> folders,
                                                     std::string_view sha256, std::optional<std::uint64_t> plain_bytes);
  FileObjectReader(FileObjectReader&&) noexcept;
  FileObjectReader& operator=(FileObjectReader&&) noexcept;
  ~FileObjectReader() override;

  [[nodiscard]] std::uint64_t plain_size() const noexcept override;
  [[nodiscard]] std::optional<std::span<const std::byte>> mapped() const noexcept override;
  [[nodiscard]] Result<std::size_t> read(std::span<std::byte> out) override;
  [[nodiscard]] Result<void> check() const override;
  [[nodiscard]] Result<void> check_name(std::string_view sha256) const override;
  [[nodiscard]] Result<util::MappedFile> load_verified(const std::filesystem::path& scratch_folder) const override;

 private:
  struct Impl;
  explicit FileObjectReader(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// The object that a file is, by its path; null where the path is none that an object has.
[[nodiscard]] Result<std::unique_ptr<ObjectReader>> open_object_file(const std::filesystem::path& path);

}  // namespace snapshot_test::store
