#include "util/cache_folder.hpp"

#include <cstdlib>

namespace snapshot_test::util {

namespace fs = std::filesystem;

Result<fs::path> cache_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no other thread changes the environment
    return fs::path(value == nullptr ? "" : value);
  };
  // As the XDG base directory specification says, one that is not absolute does not count.
  if (const fs::path cache = variable("XDG_CACHE_HOME"); cache.is_absolute()) {
    return cache / "snapshot_test";
  }
  if (const fs::path home = variable("HOME"); home.is_absolute()) {
    return home / ".cache" / "snapshot_test";
  }
  return fail(ErrorKind::kUsage, "neither XDG_CACHE_HOME nor HOME names a folder for the cache; set one of them");
}

}  // namespace snapshot_test::util
