#include "util/disk_space.hpp"

#include <sys/statvfs.h>

namespace snapshot_test::util {

namespace {
/// Bytes. What is written in pieces fails at the first that does not fit, and leaves less than that.
constexpr unsigned long long kSmallFile = 64 * 1024;
}  // namespace

bool is_disk_full(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::path there = std::filesystem::absolute(folder, error);
  while (!std::filesystem::exists(there, error) && there != there.parent_path()) {
    there = there.parent_path();
  }
  struct statvfs status {};
  if (::statvfs(there.c_str(), &status) != 0) {
    return false;
  }
  const bool no_files = status.f_files > 0 && status.f_favail == 0;
  return no_files || static_cast<unsigned long long>(status.f_bavail) * status.f_frsize < kSmallFile;
}

}  // namespace snapshot_test::util
