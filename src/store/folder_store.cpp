#include "store/folder_store.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "store/files.hpp"
#include "store/json_text.hpp"
#include "store/layout.hpp"
#include "store/lock.hpp"
#include "store/manifest_files.hpp"
#include "store/paths.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFolder = "folder";
constexpr std::string_view kHowTo = "run `snapshot_test capture ...` on code that is known to be good to make one";

tl::unexpected<Error> headless(const fs::path& path) {
  return fail(ErrorKind::kCorrupt,
              fmt::format("'{}' holds snapshots, but its format.json is gone; restore it, or capture into another "
                          "folder with --snapshot-dir",
                          path.string()));
}

Result<std::string> benchmark_of(const fs::path& cases, const fs::path& file) {
  if (auto name = paths::parse_manifest(file.parent_path().string(), file.filename().string())) {
    return std::move(*name);
  }
  const fs::path path = cases / file;
  TRY_ASSIGN(const auto text, read_if_there(path));
  TRY_ASSIGN(const auto manifest, manifest_from_text(text.value_or(""), path.string()));
  return manifest.benchmark;
}

}  // namespace

Result<FolderStore> FolderStore::open(const fs::path& path) {
  TRY_ASSIGN(const auto state, look_at(path));
  switch (state) {
    case FolderState::kFile:
      return fail(ErrorKind::kNoBaseline, fmt::format("there is no baseline: '{}' is a file, not a snapshot folder; {}",
                                                      path.string(), kHowTo));
    case FolderState::kMissing:
      return fail(
          ErrorKind::kNoBaseline,
          fmt::format("there is no baseline: the snapshot folder '{}' does not exist; {}", path.string(), kHowTo));
    case FolderState::kEmpty:
      return fail(ErrorKind::kNoBaseline,
                  fmt::format("there is no baseline: the snapshot folder '{}' is empty; {}", path.string(), kHowTo));
    case FolderState::kForeign:
      return fail(ErrorKind::kNoBaseline,
                  fmt::format("there is no baseline: '{}' is not a snapshot folder (it has no format.json); {}",
                              path.string(), kHowTo));
    case FolderState::kHeadless: return headless(path);
    case FolderState::kStore: break;
  }
  TRY(check_format(path));
  FolderStore store(path);
  TRY(store.finish_commits());
  TRY_ASSIGN(const auto any, store.has_snapshots());
  if (!any) {
    TRY_ASSIGN(const auto variants, variant_names(path));
    return fail(ErrorKind::kNoBaseline,
                fmt::format("there is no baseline: the snapshot folder '{}' has no snapshots{}; {}", path.string(),
                            variants.empty() ? ""
                                             : fmt::format(" but those of the variants '{}', which --variant chooses",
                                                           fmt::join(variants, "', '")),
                            kHowTo));
  }
  return store;
}

Result<FolderStore> FolderStore::open_or_create(const fs::path& path) {
  if (const fs::path whole = paths::store_of(path); whole != path) {
    TRY(open_or_create(whole).map([](const auto& /*store*/) {}));
  }
  TRY_ASSIGN(const auto state, look_at(path));
  Result<void> ready;
  switch (state) {
    case FolderState::kFile:
      return fail(ErrorKind::kUsage,
                  fmt::format("'{}' is a file, not a folder; choose a folder that can be written with "
                              "--snapshot-dir",
                              path.string()));
    case FolderState::kMissing:
    case FolderState::kEmpty: ready = create_layout(path); break;
    case FolderState::kForeign:
      return fail(ErrorKind::kUsage,
                  fmt::format("'{}' holds other files and no snapshots; choose a new or empty folder "
                              "with --snapshot-dir",
                              path.string()));
    case FolderState::kHeadless: return headless(path);
    case FolderState::kStore: ready = check_format(path); break;
  }
  FolderStore store(path);
  if (ready) {
    ready = store.finish_commits();
  }
  if (!ready) {
    return tl::unexpected(std::move(ready.error()));
  }
  return store;
}

Result<std::optional<FolderStore>> FolderStore::open_if_there(const fs::path& path) {
  TRY_ASSIGN(const auto state, look_at(path));
  if (state == FolderState::kMissing || state == FolderState::kEmpty) {
    return std::nullopt;
  }
  return open_or_create(path).map([](FolderStore store) { return std::optional(std::move(store)); });
}

/// A reader works without write permission: what cannot be moved is read from the staging folder.
Result<void> FolderStore::finish_commits() {
  TRY_ASSIGN(const auto staged, find_staged(root_));
  if (staged.committed.empty()) {
    return {};
  }
  if (const auto lock = StoreLock::take(root_)) {
    for (const fs::path& each : staged.committed) {
      if (!roll_forward(root_, each)) {
        break;
      }
    }
  }
  TRY_ASSIGN(const auto left, find_staged(root_));
  for (const fs::path& staging : left.committed) {  // the oldest first
    TRY_ASSIGN(auto removal, read_removal(staging));
    bases_.insert(bases_.begin(), {staging, std::move(removal)});
  }
  return {};
}

Result<bool> FolderStore::has_snapshots() const {
  return manifests().map([](const auto& found) { return !found.empty(); });
}

/// The manifests that count, with the folder in which each lies.
Result<std::map<fs::path, fs::path>> FolderStore::manifests() const {
  std::map<fs::path, fs::path> found;
  std::set<fs::path> removed;
  for (const Base& base : bases_) {
    const fs::path cases = paths::cases(base.folder);
    TRY_ASSIGN(const auto files, manifest_files(cases));
    for (const fs::path& file : files) {
      if (!removed.contains(file)) {
        found.emplace(file, cases);
      }
    }
    removed.insert(base.removal.manifests.begin(), base.removal.manifests.end());
  }
  return found;
}

fs::path FolderStore::objects_folder() const { return paths::objects(root_); }

Result<std::optional<Manifest>> FolderStore::load_manifest(std::string_view benchmark) const {
  const fs::path file = paths::manifest({}, benchmark);
  for (const Base& base : bases_) {
    const fs::path path = paths::cases(base.folder) / file;
    TRY_ASSIGN(const auto text, read_if_there(path));
    if (!text && base.removal.manifests.contains(file)) {
      break;
    }
    if (!text) {
      continue;
    }
    TRY_ASSIGN(auto manifest, manifest_from_text(*text, path.string()));
    if (manifest.benchmark != as_stored(std::string(benchmark))) {
      return fail(ErrorKind::kCorrupt,
                  fmt::format("'{}' is the manifest of '{}', where that of '{}' belongs; restore it "
                              "or capture again",
                              path.string(), manifest.benchmark, benchmark));
    }
    return std::optional(std::move(manifest));
  }
  return std::nullopt;
}

Result<std::vector<std::string>> FolderStore::benchmark_names() const {
  TRY_ASSIGN(const auto found, manifests());
  std::vector<std::string> names;
  for (const auto& [file, cases] : found) {
    TRY_ASSIGN(auto name, benchmark_of(cases, file));
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Result<std::optional<RunInfo>> FolderStore::load_run(std::string_view id) const {
  if (!paths::is_run_id(id)) {
    return std::nullopt;
  }
  for (const Base& base : bases_) {
    const fs::path path = paths::run(paths::runs(base.folder), id);
    TRY_ASSIGN(const auto text, read_if_there(path));
    if (text) {
      TRY_ASSIGN(auto run, run_info_from_text(*text, path.string()));
      return std::optional(std::move(run));
    }
    if (base.removal.runs.contains(std::string(id))) {
      break;
    }
  }
  return std::nullopt;
}

Result<std::vector<std::string>> FolderStore::run_ids() const {
  std::set<std::string> ids;
  std::set<std::string> removed;
  for (const Base& base : bases_) {
    TRY_ASSIGN(const auto entries, list_folder(paths::runs(base.folder)));
    for (const FolderEntry& entry : entries) {
      if (auto id = paths::parse_run(entry.name); id && !entry.is_folder && !removed.contains(*id)) {
        ids.insert(std::move(*id));
      }
    }
    removed.insert(base.removal.runs.begin(), base.removal.runs.end());
  }
  return std::vector<std::string>(ids.begin(), ids.end());
}

std::vector<fs::path> FolderStore::objects_folders() const {
  std::vector<fs::path> folders;
  for (const Base& base : bases_) {
    folders.push_back(paths::objects(base.folder));
  }
  // The root twice: a commit may replace one encoding by the other between the two looks.
  folders.push_back(objects_folder());
  return folders;
}

Result<FileObjectReader> FolderStore::read_object(std::string_view sha256,
                                                  std::optional<std::uint64_t> plain_bytes) const {
  return FileObjectReader::open(objects_folders(), sha256, plain_bytes);
}

model::Locator FolderStore::locator() const {
  model::Locator where{std::string(kFolder), {}, ""};
  for (const fs::path& folder : objects_folders()) {
    where.places.push_back(folder.string());
  }
  return where;
}

std::optional<StoredObject> FolderStore::find_object(std::string_view sha256) const {
  std::error_code missing;
  for (const fs::path& folder : objects_folders()) {
    for (const Encoding encoding : {Encoding::kPlain, Encoding::kZstd}) {
      const fs::path file = paths::object(folder, sha256, encoding);
      if (const std::uintmax_t bytes = fs::file_size(file, missing); !missing) {
        return StoredObject{file.string(), bytes};
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string> FolderStore::manifest_place(std::string_view benchmark) const {
  std::error_code ignored;
  const fs::path file = paths::manifest({}, benchmark);
  for (const Base& base : bases_) {
    if (const fs::path path = paths::cases(base.folder) / file; fs::exists(path, ignored)) {
      return path.string();
    }
    if (base.removal.manifests.contains(file)) {
      break;
    }
  }
  return std::nullopt;
}

Result<std::uint64_t> FolderStore::disk_usage() const {
  TRY_ASSIGN(const auto size, tree_size(paths::store_of(root_) / "."));
  return size.allocated;
}

namespace {

template <class T, class Made>
Result<std::unique_ptr<T>> on_heap(Result<Made> made) {
  return std::move(made).map([](Made it) -> std::unique_ptr<T> { return std::make_unique<Made>(std::move(it)); });
}

Result<std::unique_ptr<Store>> open_folder_store(const fs::path& path, Opening opening) {
  if (opening == Opening::kIfThere) {
    TRY_ASSIGN(auto there, FolderStore::open_if_there(path));
    return there ? std::make_unique<FolderStore>(std::move(*there)) : nullptr;
  }
  return on_heap<Store>(opening == Opening::kToRead ? FolderStore::open(path) : FolderStore::open_or_create(path));
}

}  // namespace

fs::path variant_location(const fs::path& location, std::string_view variant) {
  // "x/" has to lead to the same name as "x".
  return paths::variant(location.has_filename() ? location : location.parent_path(), variant);
}

Result<std::vector<std::string>> variant_names(const fs::path& location) {
  TRY_ASSIGN(const auto entries, list_folder(paths::variants(location)));
  std::vector<std::string> names;
  for (const FolderEntry& entry : entries) {
    auto name = paths::parse_variant(entry.name);
    std::error_code ignored;
    if (entry.is_folder && fs::exists(paths::format(paths::variants(location) / entry.name), ignored)) {
      names.push_back(name.value_or(entry.name));
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

Kind folder_kind() {
  const auto create = [](const model::Locator& where,
                         Compression compression) -> Result<std::unique_ptr<ObjectWriter>> {
    if (where.staging.empty() || where.places.empty()) {
      return fail(ErrorKind::kInternal, "there is no capture to write an object for");
    }
    return create_object_file(where.staging, where.places.back(), compression);
  };
  const auto open = [](const model::Locator& where, std::string_view sha256, std::optional<std::uint64_t> plain_bytes) {
    const std::vector<fs::path> folders(where.places.begin(), where.places.end());
    return on_heap<ObjectReader>(FileObjectReader::open(folders, sha256, plain_bytes));
  };
  const auto has = [](const model::Locator& where, std::string_view sha256, std::uint64_t plain_bytes) -> Result<bool> {
    const std::vector<fs::path> folders(where.places.begin(), where.places.end());
    return paths::is_object_name(sha256) && is_object_there(folders, sha256, plain_bytes);
  };
  return {std::string(kFolder), open_folder_store, create, open, has};
}

}  // namespace snapshot_test::store
