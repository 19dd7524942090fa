#include "remote/baseline.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "store/baseline_digest.hpp"
#include "store/digest.hpp"
#include "store/file_objects.hpp"
#include "store/folder_store.hpp"
#include "store/partial_store.hpp"
#include "store/paths.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::remote {

namespace fs = std::filesystem;

fs::path RemoteBaseline::baseline_folder(const std::string& digest) const { return folder_ / "baselines" / digest; }

fs::path RemoteBaseline::list_file(const std::string& digest) const {
  return baseline_folder(digest) / fmt::format("list-{}.json", store::sha256_hex(storage_.name()).substr(0, 16));
}

fs::path RemoteBaseline::location() const {
  return store::partial_location(baseline_folder(list_.digest), folder_ / "objects");
}

/// Whole, and as its name says?
bool RemoteBaseline::is_here(const std::string& digest) const {
  const auto store = store::FolderStore::open(baseline_folder(digest));
  if (!store) {
    return false;
  }
  const auto present = store::baseline_digest(*store);
  return present && *present == digest;
}

Result<std::unique_ptr<RemoteBaseline>> RemoteBaseline::open(Storage& storage, Reference reference,
                                                             const fs::path& cache_folder, unsigned at_once) {
  std::unique_ptr<RemoteBaseline> made(
      new RemoteBaseline(storage, std::move(reference), cache_folder / "remotes", at_once));
  RemoteBaseline& self = *made;
  const std::string& pinned = self.reference_.digest;
  if (!pinned.empty() && self.is_here(pinned)) {
    const fs::path file = self.list_file(pinned);
    if (const auto text = util::read_file(file)) {
      auto list = list_from_text(*text, file.string());
      if (list && list->digest == pinned) {
        self.list_ = std::move(*list);
        // For `cache clean --older-than`; where it is refused, the baseline is fetched again some day.
        (void)::utimensat(AT_FDCWD, self.baseline_folder(pinned).c_str(), nullptr, 0);
        return made;
      }
    }
  }
  TRY_ASSIGN(self.list_, find_list(self.storage_, self.reference_));
  self.list_is_new_ = true;
  if (!self.is_here(self.list_.digest)) {
    TRY_ASSIGN(const auto texts, fetch_texts(self.storage_, self.list_, at_once));
    TRY(self.keep_texts(texts));
  }
  TRY(util::write_file_atomically(self.list_file(self.list_.digest), to_text(self.list_)));
  return made;
}

Result<void> RemoteBaseline::keep_texts(const FetchedTexts& texts) {
  TRY_ASSIGN(const ScratchFolder scratch, ScratchFolder::create(folder_ / "baselines"));
  const fs::path made = scratch.path() / "store";
  {
    TRY_ASSIGN(const auto store, store::Store::open_or_create(made));
    const auto write = [](const fs::path& file, const std::string& text) -> Result<void> {
      std::error_code error;
      fs::create_directories(file.parent_path(), error);
      if (error) {
        return fail(ErrorKind::kIo,
                    fmt::format("cannot make the folder '{}': {}", file.parent_path().string(), error.message()));
      }
      return util::write_file_atomically(file, text);
    };
    for (const store::Manifest& manifest : texts.manifests) {
      TRY(write(store::paths::manifest(store::paths::cases(made), manifest.benchmark), store::to_text(manifest)));
    }
    for (const store::RunInfo& run : texts.runs) {
      if (store::paths::is_run_id(run.id)) {
        TRY(write(store::paths::run(store::paths::runs(made), run.id), store::to_text(run)));
      }
    }
  }
  const fs::path place = baseline_folder(list_.digest);
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (::rename(made.c_str(), place.c_str()) == 0) {
      return {};
    }
    if (is_here(list_.digest)) {
      return {};  // another process was faster
    }
    // What lies there is not what its name says.
    const fs::path aside = scratch.path() / fmt::format("damaged-{}", attempt);
    if (::rename(place.c_str(), aside.c_str()) != 0 && errno != ENOENT) {
      break;
    }
  }
  return tl::unexpected(util::io_error("rename a folder to", place));
}

Result<Damage> RemoteBaseline::fetch_listed(const std::vector<std::string>& objects, const OnProgress& on_progress) {
  const fs::path cache = folder_ / "objects";
  const std::vector<fs::path> folders{cache};
  std::vector<const ListedObject*> wanted;
  Damage damage;
  for (const std::string& sha256 : objects) {
    const auto listed = list_.objects.find(sha256);
    if (listed == list_.objects.end()) {
      damage.emplace(sha256, fmt::format("the list of sha256:{} does not have it", list_.digest));
      continue;
    }
    const auto here = store::FileObjectReader::open(folders, sha256, listed->second.plain_bytes)
                          .and_then([](const store::FileObjectReader& reader) { return reader.check(); });
    if (here) {
      ++hits_;
      continue;
    }
    for (const store::Encoding encoding : {store::Encoding::kPlain, store::Encoding::kZstd}) {
      std::error_code ignored;
      fs::remove(store::paths::object(cache, sha256, encoding), ignored);
    }
    wanted.push_back(&listed->second);
  }
  if (wanted.empty()) {
    return damage;
  }
  TRY_ASSIGN(const ScratchFolder scratch, ScratchFolder::create(cache));
  const Keep keep = [&](const ListedObject& object, const fs::path& file) -> Result<void> {
    const fs::path place = store::paths::object(cache, object.sha256, object.encoding);
    std::error_code error;
    fs::create_directories(place.parent_path(), error);
    if (::rename(file.c_str(), place.c_str()) != 0) {
      return tl::unexpected(util::io_error("rename a file to", place));
    }
    return {};
  };
  TRY_ASSIGN(const Damage of_remote, fetch_objects(storage_, wanted, keep, {scratch.path(), at_once_, on_progress}));
  fetched_ += wanted.size() - of_remote.size();
  damage.insert(of_remote.begin(), of_remote.end());
  return damage;
}

Result<Damage> RemoteBaseline::fetch(const std::vector<std::string>& objects, const OnProgress& on_progress) {
  std::vector<std::string> wanted = objects;
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  TRY_ASSIGN(Damage damage, fetch_listed(wanted, on_progress));
  if (damage.empty() || list_is_new_) {
    return damage;
  }
  // The list in the cache may be older than where things lie now.
  TRY_ASSIGN(auto list, find_list(storage_, list_.digest));
  if (!list) {
    return damage;
  }
  list_ = std::move(*list);
  list_is_new_ = true;
  TRY(util::write_file_atomically(list_file(list_.digest), to_text(list_)));
  std::vector<std::string> again;
  for (const auto& [sha256, why] : damage) {
    again.push_back(sha256);
  }
  return fetch_listed(again, on_progress);
}

Traffic RemoteBaseline::traffic() const {
  Traffic traffic = storage_.traffic();
  traffic.fetched = fetched_;
  traffic.hits = hits_;
  return traffic;
}

}  // namespace snapshot_test::remote
