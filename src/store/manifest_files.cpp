#include "store/manifest_files.hpp"

#include <algorithm>

#include "store/files.hpp"
#include "store/paths.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

Result<std::vector<fs::path>> manifest_files(const fs::path& cases) {
  TRY_ASSIGN(const auto folders, list_folder(cases));
  std::vector<fs::path> files;
  for (const FolderEntry& folder : folders) {
    if (folder.name.starts_with('.')) {
      continue;  // version control keeps its own files there
    }
    // What is no folder is refused, not left out: the benchmarks of its module would count as never captured.
    TRY_ASSIGN(const auto entries, list_folder(cases / folder.name));
    for (const FolderEntry& entry : entries) {
      if (paths::is_manifest(entry.name)) {  // whatever it is: what is no file is found out when it is read
        files.push_back(fs::path(folder.name) / entry.name);
      }
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace snapshot_test::store
