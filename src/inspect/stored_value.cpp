#include "inspect/stored_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "inspect/other_format.hpp"
#include "snapshot_test/pickle/npy.hpp"
#include "store/file_objects.hpp"
#include "util/try.hpp"

namespace snapshot_test::inspect {

namespace fs = std::filesystem;

namespace {

Result<StoredValue> read_tree(util::MappedFile file, const std::string& what) {
  const std::span<const std::byte> bytes = file.bytes();
  auto document = pickle::is_npy(bytes) ? pickle::read_npy(bytes) : pickle::read(bytes);
  if (!document) {
    return fail(document.error().kind, fmt::format("{}: {}", what, document.error().message));
  }
  return StoredValue{std::move(file), std::move(*document)};
}

bool is_zstd(std::span<const std::byte> bytes) {
  // https://datatracker.ietf.org/doc/html/rfc8878#section-3.1.1
  constexpr std::array<std::byte, 4> kMagic = {std::byte{0x28}, std::byte{0xb5}, std::byte{0x2f}, std::byte{0xfd}};
  return bytes.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), bytes.begin());
}

}  // namespace

Result<StoredValue> load_file(const fs::path& path) {
  auto file = util::MappedFile::open(path);
  if (!file) {
    return tl::unexpected(std::move(file.error()));
  }
  if (is_zstd(file->bytes())) {
    TRY_ASSIGN(const auto object, store::open_object_file(path));
    if (object == nullptr) {
      return fail(ErrorKind::kUnsupported,
                  fmt::format("'{}' is compressed, and no object of a store by its name: unpack it with 'zstd -d'",
                              path.string()));
    }
    file = object->load_verified(fs::temp_directory_path());
    if (!file) {
      return tl::unexpected(std::move(file.error()));
    }
  }
  const std::string name = path.string();
  if (const auto other = other_format(file->bytes(), name)) {
    return fail(ErrorKind::kUnsupported, fmt::format("'{}' is no pickle and no .npy file, but {}", name, *other));
  }
  // Asked only where it cannot be read: a joblib file without arrays is a plain pickle.
  const auto joblib = joblib_format(file->bytes());
  auto value = read_tree(std::move(*file), fmt::format("'{}'", name));
  if (!value && joblib) return fail(ErrorKind::kUnsupported, fmt::format("'{}' is {}", name, *joblib));
  return value;
}

Result<util::MappedFile> load_pickle(const model::Locator& store, const model::SiteValue& site) {
  if (site.object.empty()) {
    return fail(ErrorKind::kCorrupt, fmt::format("{} holds no value: {}", site.site.text(), site.opaque));
  }
  TRY_ASSIGN(const auto reader, store::open_object(store, site.object, site.bytes));
  return reader->load_verified(fs::temp_directory_path());
}

Result<void> check_site(const model::Locator& store, const model::SiteValue& site) {
  if (site.object.empty()) {
    return {};
  }
  TRY_ASSIGN(const auto reader, store::open_object(store, site.object, site.bytes));
  return reader->check();
}

Result<StoredValue> load_site(const model::Locator& store, const model::SiteValue& site) {
  TRY_ASSIGN(auto file, load_pickle(store, site));
  return read_tree(std::move(file), fmt::format("object {}", site.object));
}

}  // namespace snapshot_test::inspect
