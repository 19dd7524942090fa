#include <fmt/format.h>
#include <unistd.h>

#include <set>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "store/files.hpp"
#include "store/folder_store.hpp"
#include "store/layout.hpp"
#include "store/lock.hpp"
#include "store/paths.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

namespace {

/// What is to go. Found first as a whole, so that a store that cannot be read loses nothing.
struct Plan {
  CleanReport report;
  std::vector<fs::path> manifests;
  std::vector<fs::path> others;
};

Result<void> plan_removal(const fs::path& path, std::size_t& counter, Plan& plan) {
  TRY_ASSIGN(const auto size, tree_size(path));
  ++counter;
  plan.report.bytes += size.apparent;
  plan.others.push_back(path);
  return {};
}

/// Collects the objects that the manifests which stay refer to.
Result<std::unordered_set<std::string>> plan_manifests(const FolderStore& store,
                                                       const std::optional<std::vector<std::string>>& live,
                                                       Plan& plan) {
  TRY_ASSIGN(const auto names, store.benchmark_names());
  const std::set<std::string> alive =
      live ? std::set<std::string>(live->begin(), live->end()) : std::set<std::string>(names.begin(), names.end());
  std::unordered_set<std::string> referenced;
  for (const std::string& name : names) {
    if (!alive.contains(name)) {
      const fs::path path = paths::manifest(paths::cases(store.root()), name);
      TRY_ASSIGN(const auto size, tree_size(path));
      plan.report.obsolete.push_back(name);
      plan.report.bytes += size.apparent;
      plan.manifests.push_back(path);
      continue;
    }
    TRY_ASSIGN(const auto manifest, store.load_manifest(name));
    for (const CaseRecord& record : manifest ? manifest->cases : std::vector<CaseRecord>()) {
      for (const model::SiteValue& site : record.sites) {
        referenced.insert(site.object);
      }
    }
  }
  return referenced;
}

Result<void> plan_objects(const FolderStore& store, const std::unordered_set<std::string>& referenced, Plan& plan) {
  TRY_ASSIGN(const auto folders, list_folder(store.objects_folder()));
  for (const FolderEntry& folder : folders) {
    if (!folder.is_folder) {
      continue;
    }
    const fs::path path = store.objects_folder() / folder.name;
    TRY_ASSIGN(const auto entries, list_folder(path));
    for (const FolderEntry& entry : entries) {
      const auto object = paths::parse_object(folder.name, entry.name);
      Result<void> planned;
      if (object && !referenced.contains(object->sha256)) {
        planned = plan_removal(path / entry.name, plan.report.objects, plan);
      } else if (entry.name.starts_with(paths::kTemporaryPrefix)) {
        planned = plan_removal(path / entry.name, plan.report.leftovers, plan);
      }
      if (!planned) {
        return planned;
      }
    }
  }
  return {};
}

/// What undoing captures would need.
Result<void> plan_replaced(const FolderStore& store, Plan& plan) {
  TRY_ASSIGN(const auto kept, kept_captures(store.root()));
  for (const fs::path& folder : kept) {
    TRY(plan_removal(folder, plan.report.undoable, plan));
  }
  return {};
}

Result<void> plan_leftovers(const FolderStore& store, Plan& plan) {
  TRY_ASSIGN(const auto staged, find_staged(store.root()));
  for (const fs::path& stale : staged.stale) {
    std::error_code ignored;
    plan.report.resumable += fs::exists(paths::journal(stale), ignored) ? 1 : 0;
    TRY(plan_removal(stale, plan.report.leftovers, plan));
  }
  TRY_ASSIGN(const auto entries, list_folder(store.root() / "."));
  for (const FolderEntry& entry : entries) {
    if (entry.is_file && entry.name.starts_with(paths::kTemporaryPrefix)) {
      TRY(plan_removal(store.root() / entry.name, plan.report.leftovers, plan));
    }
  }
  return {};
}

Result<void> remove_empty_folders(const fs::path& folder) {
  TRY_ASSIGN(const auto entries, list_folder(folder));
  for (const FolderEntry& entry : entries) {
    if (entry.is_folder) {
      ::rmdir((folder / entry.name).c_str());  // refused unless empty
    }
  }
  return {};
}

Result<void> carry_out(const FolderStore& store, const Plan& plan) {
  TRY_ASSIGN(const auto watch, open_folder(store.root()));
  for (const fs::path& path : plan.manifests) {
    TRY(remove_tree(path));
  }
  // An object must not be gone while a manifest that names it might come back after a power loss.
  if (!plan.manifests.empty()) {
    TRY(sync_tree(paths::cases(store.root()), watch));
  }
  for (const fs::path& path : plan.others) {
    TRY(remove_tree(path));
  }
  for (const auto& paths : {plan.manifests, plan.others}) {
    for (const fs::path& path : paths) {
      ::rmdir(path.parent_path().c_str());  // refused unless empty, and never the store itself: it holds the lock
    }
  }
  for (const fs::path& folder : {store.objects_folder(), paths::cases(store.root())}) {
    TRY(remove_empty_folders(folder));
  }
  return {};
}

}  // namespace

Result<CleanReport> FolderStore::clean(const std::optional<std::vector<std::string>>& live_benchmarks, CleanMode mode,
                                       Patience patience) const {
  if (live_benchmarks && live_benchmarks->empty()) {
    return fail(ErrorKind::kUsage, fmt::format("there are no benchmarks, so all of '{}' would be removed; check the "
                                               "benchmark folder, or remove the snapshot folder yourself",
                                               root_.string()));
  }
  std::optional<StoreLock> lock;
  if (mode == CleanMode::kRemove) {
    TRY_ASSIGN(lock, StoreLock::take(root_, patience));
    TRY(roll_forward_all(root_));
  }
  Plan plan;
  TRY_ASSIGN(const auto referenced, plan_manifests(*this, live_benchmarks, plan));
  // Where there is not even a folder for manifests, they may be lost rather than gone: the values stay.
  std::error_code ignored;
  auto done = fs::exists(paths::cases(root_), ignored) ? plan_objects(*this, referenced, plan) : Result<void>();
  if (done) {
    done = plan_replaced(*this, plan);
  }
  if (done) {
    done = plan_leftovers(*this, plan);
  }
  if (done && mode == CleanMode::kRemove) {
    done = carry_out(*this, plan);
  }
  if (!done) {
    return tl::unexpected(std::move(done.error()));
  }
  return std::move(plan.report);
}

}  // namespace snapshot_test::store
