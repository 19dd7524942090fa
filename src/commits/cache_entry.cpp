#include "commits/cache_entry.hpp"

#include <sys/stat.h>

#include <ctime>
#include <utility>

#include "snapshot_test/store/run_info.hpp"
#include "store/digest.hpp"
#include "util/file.hpp"

namespace snapshot_test::commits {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {
constexpr int kFormat = 1;
constexpr const char* kFile = "entry.json";
constexpr std::uint64_t kBlock = 512;  ///< bytes, of st_blocks
constexpr std::size_t kKeyDigits = 32;
}  // namespace

std::string cache_key(const json& key) {
  return store::sha256_hex(key.dump(-1, ' ', false, json::error_handler_t::replace)).substr(0, kKeyDigits);
}

Result<void> write_entry(const fs::path& folder, json entry) {
  entry["format"] = kFormat;
  entry.emplace("created", store::utc_text(std::time(nullptr)));
  return util::write_file_atomically(folder / kFile, entry.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

std::optional<json> read_entry(const fs::path& folder) {
  const auto text = util::read_file(folder / kFile);
  json entry = text ? json::parse(*text, nullptr, false) : json();
  if (!entry.is_object() || entry.value("format", json()) != kFormat || !entry.value("kind", json()).is_string()) {
    return std::nullopt;
  }
  return entry;
}

void touch_entry(const fs::path& folder) {
  std::error_code ignored;
  fs::last_write_time(folder / kFile, fs::file_time_type::clock::now(), ignored);
}

std::uint64_t disk_usage(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    struct stat status {};
    if (::lstat(it->path().c_str(), &status) == 0) {
      bytes += static_cast<std::uint64_t>(status.st_blocks) * kBlock /
               (status.st_nlink > 1 && !S_ISDIR(status.st_mode) ? status.st_nlink : 1);
    }
  }
  return bytes;
}

}  // namespace snapshot_test::commits
