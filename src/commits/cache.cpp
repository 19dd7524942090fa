#include "commits/cache.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "commits/cache_entry.hpp"
#include "commits/workspace.hpp"
#include "snapshot_test/store/store.hpp"
#include "util/file.hpp"
#include "util/refusal.hpp"
#include "util/try.hpp"

namespace snapshot_test::commits {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

std::time_t time_of(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mtime : 0;
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (std::error_code ignored; it->is_directory(ignored) && !it->is_symlink(ignored)) {
      folders.push_back(it->path());
    }
  }
  return folders;
}

/// The `repository` of a folder's repository.json; empty where it is none of ours.
std::string repository_of(const fs::path& folder) {
  const auto text = util::read_file(folder / "repository.json");
  const json entry = text ? json::parse(*text, nullptr, false) : json();
  return entry.is_object() && entry.contains("repository") && entry["repository"].is_string()
             ? entry["repository"].get<std::string>()
             : "";
}

std::vector<Cached> entries_of(const fs::path& folder, const std::string& repository) {
  std::vector<Cached> entries;
  for (const char* part : {"baselines", "builds"}) {
    for (const fs::path& each : folders_in(folder / part)) {
      const auto entry = read_entry(each);
      Cached cached;
      cached.folder = each;
      cached.repository = repository;
      cached.kind = entry ? entry->value("kind", "") : "unfinished";
      cached.bytes = disk_usage(each);
      cached.used = time_of(entry ? each / "entry.json" : each);
      if (entry) {
        cached.commit = entry->value("commit", "");
        cached.subject = entry->value("subject", "");
        cached.changed_files = entry->value("changed_files", std::uint64_t{0});
      }
      entries.push_back(std::move(cached));
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Cached& a, const Cached& b) { return a.used > b.used; });
  return entries;
}

}  // namespace

Result<std::vector<Cached>> list_cache(const fs::path& cache) {
  std::vector<Cached> all;
  for (const fs::path& folder : folders_in(cache)) {
    const std::string repository = repository_of(folder);
    if (repository.empty()) {
      continue;
    }
    std::vector<Cached> some = entries_of(folder, repository);
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  std::sort(all.begin(), all.end(), [](const Cached& a, const Cached& b) { return a.used > b.used; });
  return all;
}

Result<Cleaned> clean_cache(const fs::path& cache, std::time_t before) {
  Cleaned cleaned;
  for (const fs::path& folder : folders_in(cache)) {
    const std::string repository = repository_of(folder);
    if (repository.empty()) {
      continue;
    }
    const auto lock = FolderLock::take(folder);
    if (!lock) {
      cleaned.busy.push_back(repository);
      continue;
    }
    std::error_code error;
    const bool gone = !fs::exists(repository, error);
    std::size_t left = 0;
    for (const Cached& each : entries_of(folder, repository)) {
      if (!gone && each.used > before) {
        ++left;
        continue;
      }
      fs::remove_all(each.folder, error);
      if (error) {
        return tl::unexpected(util::refusal("remove '" + each.folder.string() + "'", error.value()));
      }
      ++cleaned.entries;
      cleaned.bytes += each.bytes;
    }
    if (left == 0) {
      // All but the lock's file, which another process may be waiting for.
      for (fs::directory_iterator each(folder, error), end; !error && each != end; each.increment(error)) {
        if (each->path().filename() != "lock") {
          std::error_code ignored;
          cleaned.bytes += disk_usage(each->path());
          fs::remove_all(each->path(), ignored);
        }
      }
    }
  }
  return cleaned;
}

std::uint64_t trim(const fs::path& folder, std::uint64_t bytes, const std::vector<std::string>& kept) {
  std::vector<Cached> entries = entries_of(folder, "");
  std::uint64_t total = 0;
  for (const Cached& each : entries) {
    total += each.bytes;
  }
  std::uint64_t removed = 0;
  for (auto each = entries.rbegin(); each != entries.rend() && total - removed > bytes; ++each) {
    if (std::find(kept.begin(), kept.end(), each->folder.filename().string()) == kept.end()) {
      std::error_code error;
      fs::remove_all(each->folder, error);
      removed += error ? 0 : each->bytes;
    }
  }
  return removed;
}

std::vector<CachedValues> values_of(const fs::path& folder, const std::string& commit, const std::string& tree) {
  std::vector<CachedValues> found;
  for (const Cached& each : entries_of(folder, "")) {
    const auto entry = each.kind == "baseline" ? read_entry(each.folder) : std::nullopt;
    if (!entry) {
      continue;
    }
    const std::string suite = entry->value("suite", "");
    const bool of_commit = entry->value("commit", "") == commit && entry->value("changed_files", 0) == 0;
    if (of_commit || entry->value("project_tree", "") == tree) {
      found.push_back({each.folder / "store", each.folder, suite});
    }
    if (const json verified = entry->value("verified", json::object()); verified.contains(tree)) {
      found.push_back({store::variant_location(each.folder / "store", tree), each.folder, suite});
    }
  }
  return found;
}

}  // namespace snapshot_test::commits
