#include "remote/cache.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <utility>

#include "remote/snapshot_list.hpp"
#include "store/files.hpp"
#include "store/paths.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::remote {

namespace fs = std::filesystem;

namespace {

/// A run that fetches for longer than that is not expected.
constexpr std::time_t kLongestFetch = 86400;

std::time_t changed(const fs::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mtime : 0;
}

Result<std::uint64_t> bytes_of(const fs::path& path) {
  return store::tree_size(path).map([](const store::TreeSize& size) { return size.allocated; });
}

/// The files of values below objects/, with their folders' names in front.
Result<std::vector<std::pair<fs::path, std::string>>> objects_in(const fs::path& objects) {
  std::vector<std::pair<fs::path, std::string>> found;
  TRY_ASSIGN(const auto folders, store::list_folder(objects));
  for (const store::FolderEntry& folder : folders) {
    if (!folder.is_folder || folder.name.starts_with(store::paths::kTemporaryPrefix)) {
      continue;
    }
    TRY_ASSIGN(const auto entries, store::list_folder(objects / folder.name));
    for (const store::FolderEntry& entry : entries) {
      if (auto object = store::paths::parse_object(folder.name, entry.name)) {
        found.emplace_back(objects / folder.name / entry.name, std::move(object->sha256));
      }
    }
  }
  return found;
}

/// The values that the lists of a baseline name; what cannot be read names none, and is fetched again.
Result<void> add_listed(const fs::path& baseline, std::set<std::string>& objects) {
  TRY_ASSIGN(const auto entries, store::list_folder(baseline));
  for (const store::FolderEntry& entry : entries) {
    const fs::path file = baseline / entry.name;
    const auto text = entry.is_file && entry.name.starts_with("list-") ? util::read_file(file) : Result<std::string>();
    const auto list = text ? list_from_text(*text, file.string()) : tl::unexpected(text.error());
    if (list) {
      for (const auto& [sha256, object] : list->objects) {
        objects.insert(sha256);
      }
    }
  }
  return {};
}

Result<void> remove_old_temporaries(const fs::path& folder, CleanedRemotes& cleaned) {
  const std::time_t old = std::time(nullptr) - kLongestFetch;
  TRY_ASSIGN(const auto entries, store::list_folder(folder));
  for (const store::FolderEntry& entry : entries) {
    const fs::path path = folder / entry.name;
    if (entry.name.starts_with(store::paths::kTemporaryPrefix) && changed(path) < old) {
      TRY_ASSIGN(const auto bytes, bytes_of(path));
      TRY(store::remove_tree(path));
      cleaned.bytes += bytes;
    }
  }
  return {};
}

}  // namespace

Result<CachedRemotes> list_cached(const fs::path& cache_folder) {
  const fs::path folder = cache_folder / "remotes";
  CachedRemotes cached;
  TRY_ASSIGN(const auto baselines, store::list_folder(folder / "baselines"));
  for (const store::FolderEntry& entry : baselines) {
    if (!entry.is_folder || !store::paths::is_object_name(entry.name)) {
      continue;
    }
    const fs::path path = folder / "baselines" / entry.name;
    TRY_ASSIGN(const auto bytes, bytes_of(path));
    cached.baselines.push_back({path, entry.name, bytes, changed(path)});
  }
  std::sort(cached.baselines.begin(), cached.baselines.end(),
            [](const CachedBaseline& a, const CachedBaseline& b) { return a.used > b.used; });
  TRY_ASSIGN(const auto objects, objects_in(folder / "objects"));
  cached.objects = objects.size();
  for (const auto& [path, sha256] : objects) {
    TRY_ASSIGN(const auto bytes, bytes_of(path));
    cached.object_bytes += bytes;
  }
  return cached;
}

Result<CleanedRemotes> clean_cached(const fs::path& cache_folder, std::time_t before) {
  const fs::path folder = cache_folder / "remotes";
  CleanedRemotes cleaned;
  std::set<std::string> listed;
  TRY_ASSIGN(const auto cached, list_cached(cache_folder));
  for (const CachedBaseline& each : cached.baselines) {
    if (each.used > before) {
      TRY(add_listed(each.folder, listed));
      continue;
    }
    TRY(store::remove_tree(each.folder));
    ++cleaned.baselines;
    cleaned.bytes += each.bytes;
  }
  TRY_ASSIGN(const auto objects, objects_in(folder / "objects"));
  for (const auto& [path, sha256] : objects) {
    // What is younger may be of a run that has not written its list yet.
    if (listed.contains(sha256) || changed(path) > before) {
      continue;
    }
    TRY_ASSIGN(const auto bytes, bytes_of(path));
    TRY(store::remove_tree(path));
    ++cleaned.objects;
    cleaned.bytes += bytes;
  }
  for (const fs::path& each : {folder / "objects", folder / "baselines"}) {
    TRY(remove_old_temporaries(each, cleaned));
  }
  return cleaned;
}

}  // namespace snapshot_test::remote
