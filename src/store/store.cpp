#include "snapshot_test/store/store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "store/files.hpp"
#include "store/json_text.hpp"
#include "store/layout.hpp"
#include "store/lock.hpp"
#include "store/object_reader.hpp"
#include "store/paths.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kHowTo = "run `snapshot_test capture ...` on code that is known to be good to make one";

tl::unexpected<Error> headless(const fs::path& path) {
  return fail(ErrorKind::kCorrupt,
              fmt::format("'{}' holds snapshots, but its format.json is gone; restore it, or capture into another "
                          "folder with --snapshot-dir",
                          path.string()));
}

/// Paths, relative to cases/, of all manifests below `cases`.
Result<std::vector<fs::path>> manifest_files(const fs::path& cases) {
  const auto folders = list_folder(cases);
  if (!folders) {
    return tl::unexpected(folders.error());
  }
  std::vector<fs::path> files;
  for (const FolderEntry& folder : *folders) {
    if (folder.name.starts_with('.')) {
      continue;  // version control keeps its own files there
    }
    // What is no folder is refused, not left out: the benchmarks of its module would count as never captured.
    const auto entries = list_folder(cases / folder.name);
    if (!entries) {
      return tl::unexpected(entries.error());
    }
    for (const FolderEntry& entry : *entries) {
      if (paths::is_manifest(entry.name)) {  // whatever it is: what is no file is found out when it is read
        files.push_back(fs::path(folder.name) / entry.name);
      }
    }
  }
  return files;
}

Result<std::string> benchmark_of(const fs::path& cases, const fs::path& file) {
  if (auto name = paths::parse_manifest(file.parent_path().string(), file.filename().string())) {
    return std::move(*name);
  }
  const fs::path path = cases / file;
  const auto text = read_if_there(path);
  if (!text) {
    return tl::unexpected(text.error());
  }
  const auto manifest = manifest_from_text(text->value_or(""), path.string());
  if (!manifest) {
    return tl::unexpected(manifest.error());
  }
  return manifest->benchmark;
}

}  // namespace

Result<Store> Store::open(const fs::path& path) {
  const auto state = look_at(path);
  if (!state) {
    return tl::unexpected(state.error());
  }
  switch (*state) {
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
  if (auto checked = check_format(path); !checked) {
    return tl::unexpected(std::move(checked.error()));
  }
  Store store(path);
  if (auto finished = store.finish_commits(); !finished) {
    return tl::unexpected(std::move(finished.error()));
  }
  const auto any = store.has_snapshots();
  if (!any) {
    return tl::unexpected(any.error());
  }
  if (!*any) {
    return fail(
        ErrorKind::kNoBaseline,
        fmt::format("there is no baseline: the snapshot folder '{}' has no snapshots; {}", path.string(), kHowTo));
  }
  return store;
}

Result<Store> Store::open_or_create(const fs::path& path) {
  const auto state = look_at(path);
  if (!state) {
    return tl::unexpected(state.error());
  }
  Result<void> ready;
  switch (*state) {
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
  Store store(path);
  if (ready) {
    ready = store.finish_commits();
  }
  if (!ready) {
    return tl::unexpected(std::move(ready.error()));
  }
  return store;
}

Result<std::optional<Store>> Store::open_if_there(const fs::path& path) {
  const auto state = look_at(path);
  if (!state) {
    return tl::unexpected(state.error());
  }
  if (*state == FolderState::kMissing || *state == FolderState::kEmpty) {
    return std::nullopt;
  }
  return open_or_create(path).map([](Store store) { return std::optional(std::move(store)); });
}

/// A reader must not fail because it may not write: what cannot be moved is read from where it lies.
Result<void> Store::finish_commits() {
  const auto staged = find_staged(root_);
  if (!staged) {
    return tl::unexpected(staged.error());
  }
  if (staged->committed.empty()) {
    return {};
  }
  if (const auto lock = StoreLock::take(root_)) {
    for (const fs::path& each : staged->committed) {
      if (!roll_forward(root_, each)) {
        break;
      }
    }
  }
  const auto left = find_staged(root_);
  if (!left) {
    return tl::unexpected(left.error());
  }
  pending_.assign(left->committed.rbegin(), left->committed.rend());
  return {};
}

/// Where to look, in this order.
std::vector<fs::path> Store::bases() const {
  std::vector<fs::path> all = pending_;
  all.push_back(root_);
  return all;
}

Result<bool> Store::has_snapshots() const {
  for (const fs::path& base : bases()) {
    const auto files = manifest_files(paths::cases(base));
    if (!files) {
      return tl::unexpected(files.error());
    }
    if (!files->empty()) {
      return true;
    }
  }
  return false;
}

fs::path Store::objects_folder() const { return paths::objects(root_); }

Result<std::optional<Manifest>> Store::load_manifest(std::string_view benchmark) const {
  for (const fs::path& base : bases()) {
    const fs::path path = paths::manifest(paths::cases(base), benchmark);
    const auto text = read_if_there(path);
    if (!text) {
      return tl::unexpected(text.error());
    }
    if (!*text) {
      continue;
    }
    auto manifest = manifest_from_text(**text, path.string());
    if (!manifest) {
      return tl::unexpected(std::move(manifest.error()));
    }
    if (manifest->benchmark != as_stored(std::string(benchmark))) {
      return fail(ErrorKind::kCorrupt,
                  fmt::format("'{}' is the manifest of '{}', where that of '{}' belongs; restore it "
                              "or capture again",
                              path.string(), manifest->benchmark, benchmark));
    }
    return std::optional(std::move(*manifest));
  }
  return std::nullopt;
}

Result<std::vector<std::string>> Store::benchmark_names() const {
  std::vector<std::string> names;
  for (const fs::path& base : bases()) {
    const fs::path cases = paths::cases(base);
    const auto files = manifest_files(cases);
    if (!files) {
      return tl::unexpected(files.error());
    }
    for (const fs::path& file : *files) {
      auto name = benchmark_of(cases, file);
      if (!name) {
        return tl::unexpected(std::move(name.error()));
      }
      names.push_back(std::move(*name));
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Result<std::optional<RunInfo>> Store::load_run(std::string_view id) const {
  if (!paths::is_run_id(id)) {
    return std::nullopt;
  }
  for (const fs::path& base : bases()) {
    const fs::path path = paths::run(paths::runs(base), id);
    const auto text = read_if_there(path);
    if (!text) {
      return tl::unexpected(text.error());
    }
    if (*text) {
      auto run = run_info_from_text(**text, path.string());
      if (!run) {
        return tl::unexpected(std::move(run.error()));
      }
      return std::optional(std::move(*run));
    }
  }
  return std::nullopt;
}

Result<std::vector<std::string>> Store::run_ids() const {
  std::vector<std::string> ids;
  for (const fs::path& base : bases()) {
    const auto entries = list_folder(paths::runs(base));
    if (!entries) {
      return tl::unexpected(entries.error());
    }
    for (const FolderEntry& entry : *entries) {
      if (auto id = paths::parse_run(entry.name); id && !entry.is_folder) {
        ids.push_back(std::move(*id));
      }
    }
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::vector<fs::path> Store::objects_folders() const {
  std::vector<fs::path> folders;
  for (const fs::path& base : bases()) {
    folders.push_back(paths::objects(base));
  }
  // The root twice: a commit may replace one encoding by the other between the two looks.
  folders.push_back(objects_folder());
  return folders;
}

Result<ObjectReader> Store::open_object(std::string_view sha256, std::optional<std::uint64_t> plain_bytes) const {
  return ObjectReader::open(objects_folders(), sha256, plain_bytes);
}

std::optional<fs::path> Store::object_file(std::string_view sha256) const {
  std::error_code ignored;
  for (const fs::path& folder : objects_folders()) {
    for (const Encoding encoding : {Encoding::kPlain, Encoding::kZstd}) {
      if (fs::path file = paths::object(folder, sha256, encoding); fs::exists(file, ignored)) {
        return file;
      }
    }
  }
  return std::nullopt;
}

std::optional<fs::path> Store::manifest_file(std::string_view benchmark) const {
  std::error_code ignored;
  for (const fs::path& base : bases()) {
    if (fs::path file = paths::manifest(paths::cases(base), benchmark); fs::exists(file, ignored)) {
      return file;
    }
  }
  return std::nullopt;
}

Result<std::uint64_t> Store::disk_usage() const {
  const auto size = tree_size(root_ / ".");
  if (!size) {
    return tl::unexpected(size.error());
  }
  return size->allocated;
}

}  // namespace snapshot_test::store
