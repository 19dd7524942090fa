#include <unistd.h>

#include <algorithm>
#include <utility>

#include "store/files.hpp"
#include "store/folder_store.hpp"
#include "store/layout.hpp"
#include "store/lock.hpp"
#include "store/paths.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

namespace {

Result<void> remove_manifest(const fs::path& path) {
  TRY(remove_tree(path));
  TRY(util::fsync_folder(path.parent_path()));
  ::rmdir(path.parent_path().c_str());  // refused unless empty
  return {};
}

}  // namespace

Result<bool> FolderStore::forget_case(std::string_view benchmark, const std::vector<std::string>& ids,
                                      Patience patience) const {
  // Looked at without the lock first: what is not there can be forgotten in a folder that may not be written.
  const auto holds = [&](const std::optional<Manifest>& manifest) -> Result<const CaseRecord*> {
    return manifest ? find_case(*manifest, ids) : nullptr;
  };
  TRY_ASSIGN(const auto before, load_manifest(benchmark));
  if (const auto found = holds(before); !found || *found == nullptr) {
    return found.map([](const CaseRecord*) { return false; });
  }
  TRY_ASSIGN(const auto lock, StoreLock::take(root_, patience));
  TRY(roll_forward_all(root_));
  auto manifest = load_manifest(benchmark);
  if (!manifest) {
    return tl::unexpected(std::move(manifest.error()));
  }
  const auto found = holds(*manifest);
  if (!found || *found == nullptr) {
    return found.map([](const CaseRecord*) { return false; });
  }
  std::vector<CaseRecord>& cases = (*manifest)->cases;
  cases.erase(cases.begin() + (*found - cases.data()));
  const fs::path path = paths::manifest(paths::cases(root_), benchmark);
  auto done = cases.empty() ? remove_manifest(path) : util::write_file_atomically(path, to_text(**manifest));
  return done.map([] { return true; });
}

}  // namespace snapshot_test::store
