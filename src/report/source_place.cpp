#include "report/source_place.hpp"

#include <cstdlib>
#include <filesystem>

namespace snapshot_test::report {

namespace {

namespace fs = std::filesystem;

fs::path top_folder() {
  if (const char* workspace = std::getenv("GITHUB_WORKSPACE"); workspace != nullptr && *workspace != '\0') {
    return workspace;
  }
  std::error_code error;
  return fs::current_path(error);
}

}  // namespace

std::string relative_path(const std::string& file) {
  const fs::path top = top_folder();
  if (file.empty() || top.empty() || !fs::path(file).is_absolute()) {
    return file;
  }
  const fs::path relative = fs::path(file).lexically_relative(top);
  return relative.empty() || *relative.begin() == ".." ? file : relative.string();
}

}  // namespace snapshot_test::report
