#include "util/program_path.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace snapshot_test::util {

std::vector<std::string> program_candidates(const std::string& name, const char* path) {
  if (name.find('/') != std::string::npos) {
    return {name};
  }
  const std::string_view folders = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  std::vector<std::string> candidates;
  for (std::size_t at = 0; at < folders.size();) {
    const std::size_t end = std::min(folders.find(':', at), folders.size());
    if (end > at) {
      candidates.push_back(std::string(folders.substr(at, end - at)) + "/" + name);
    }
    at = end + 1;
  }
  return candidates;
}

std::optional<std::string> find_program(const std::string& name) {
  for (std::string& path : program_candidates(name, std::getenv("PATH"))) {
    if (::access(path.c_str(), X_OK) == 0) {
      return std::move(path);
    }
  }
  return std::nullopt;
}

}  // namespace snapshot_test::util
