// One value from disk, as a tree: an object of a store, a pickle, an .npy file. Starts no Python and calls nothing that
// the file names.
#pragma once

#include <filesystem>

#include "snapshot_test/model/observation.hpp"
#include "snapshot_test/pickle/document.hpp"
#include "snapshot_test/store/store.hpp"
#include "snapshot_test/util/result.hpp"
#include "util/file.hpp"

namespace snapshot_test::inspect {

/// The tree and the bytes that it views. Compressed objects are unpacked to an unnamed file in $TMPDIR.
struct StoredValue {
  util::MappedFile file;
  pickle::Document document;

  [[nodiscard]] const pickle::Value& root() const noexcept { return document.root(); }
};

/// A pickle of any protocol, an .npy file (recognised by its first bytes), or an object of a store by its path.
/// kIo, kCorrupt, kUnsupported; the message names the file.
[[nodiscard]] Result<StoredValue> load_file(const std::filesystem::path& path);

/// The value of a site, checked against its name. kCorrupt where there is none (opaque), or it is damaged or missing.
[[nodiscard]] Result<StoredValue> load_site(const model::Locator& store, const model::SiteValue& site);

/// Is the value of a site there, whole, and what its name says? Yes where it has none (opaque).
[[nodiscard]] Result<void> check_site(const model::Locator& store, const model::SiteValue& site);

/// The plain pickle of a site.
[[nodiscard]] Result<util::MappedFile> load_pickle(const model::Locator& store, const model::SiteValue& site);

}  // namespace snapshot_test::inspect
