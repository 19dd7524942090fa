#include "seal/methods.hpp"

#include <set>
#include <string>
#include <system_error>

namespace snapshot_test::seal {

namespace fs = std::filesystem;

std::vector<fs::path> folders_above(const Paths& paths) {
  std::set<fs::path> above;
  for (const fs::path& path : paths) {
    for (fs::path folder = path.parent_path(); above.insert(folder).second && folder.has_relative_path();) {
      folder = folder.parent_path();
    }
  }
  return {above.begin(), above.end()};
}

Paths raw_devices() {
  const std::set<std::string> memory{"mem", "kmem", "port"};  // and /proc/kcore, which takes CAP_SYS_RAWIO
  Paths found;
  std::error_code error;
  for (fs::recursive_directory_iterator at("/dev", fs::directory_options::skip_permission_denied, error), end;
       !error && at != end; at.increment(error)) {
    const fs::file_type type = at->symlink_status(error).type();
    if (type == fs::file_type::block ||
        (type == fs::file_type::character && memory.contains(at->path().filename().string()))) {
      found.push_back(at->path());
    }
    if (at->path() == "/dev/shm" || at->path() == "/dev/pts" || at->path() == "/dev/mqueue") {
      at.disable_recursion_pending();
    }
  }
  return found;
}

}  // namespace snapshot_test::seal
