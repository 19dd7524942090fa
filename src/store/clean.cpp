#include "store/clean.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <iomanip>
#include <set>
#include <sstream>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "store/files.hpp"
#include "store/folder_store.hpp"
#include "store/layout.hpp"
#include "store/lock.hpp"
#include "store/manifest_files.hpp"
#include "store/paths.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

namespace {

/// What is to go. Found first as a whole, so that a store that cannot be read loses nothing.
struct Plan {
  CleanReport report;
  std::vector<fs::path> manifests;
  std::vector<fs::path> replaced;  ///< folders of captures that could be undone
  std::vector<fs::path> others;
  std::optional<std::time_t> before{};  ///< what is of later captures stays; none: nothing stays for its age
  std::size_t runs = 0;                 ///< records of captures
  std::unordered_set<std::string> objects_named{};  ///< by what stays
  std::unordered_set<std::string> runs_named{};
};

/// When the capture with this id was; of ids that do not say so, when `path` was written.
std::time_t time_of_run(const std::string& id, const fs::path& path) {
  std::tm time{};
  std::istringstream in(id);
  in >> std::get_time(&time, "%Y%m%dT%H%M%SZ");
  if (in) {
    return ::timegm(&time);
  }
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mtime : 0;
}

bool is_young(const Plan& plan, const std::string& id, const fs::path& path) {
  return plan.before && time_of_run(id, path) >= *plan.before;
}

void name_all_of(const Manifest& manifest, Plan& plan) {
  for (const CaseRecord& record : manifest.cases) {
    plan.runs_named.insert(record.run);
    for (const Change& change : record.history) {
      plan.runs_named.insert(change.run_before);
      plan.runs_named.insert(change.run);
    }
    for (const model::SiteValue& site : record.sites) {
      plan.objects_named.insert(site.object);
    }
  }
}

Result<void> plan_removal(const fs::path& path, std::size_t& counter, Plan& plan, std::vector<fs::path>& list) {
  TRY_ASSIGN(const auto size, tree_size(path));
  ++counter;
  plan.report.bytes += size.apparent;
  list.push_back(path);
  return {};
}

Result<void> plan_leftover(const fs::path& path, Plan& plan) {
  return plan_removal(path, plan.report.leftovers, plan, plan.others);
}

/// Of writers that were killed: temporary files and folders in `folder` itself.
Result<void> plan_temporaries(const fs::path& folder, Plan& plan) {
  TRY_ASSIGN(const auto entries, list_folder(folder));
  for (const FolderEntry& entry : entries) {
    if (entry.name.starts_with(paths::kTemporaryPrefix)) {
      TRY(plan_leftover(folder / entry.name, plan));
    }
  }
  return {};
}

/// Collects the objects that the manifests which stay refer to.
Result<void> plan_manifests(const FolderStore& store, const std::string& whose,
                            const std::optional<std::vector<std::string>>& live, Plan& plan) {
  TRY_ASSIGN(const auto names, store.benchmark_names());
  const std::set<std::string> alive =
      live ? std::set<std::string>(live->begin(), live->end()) : std::set<std::string>(names.begin(), names.end());
  for (const std::string& name : names) {
    if (!alive.contains(name)) {
      const fs::path path = paths::manifest(paths::cases(store.root()), name);
      TRY_ASSIGN(const auto size, tree_size(path));
      plan.report.obsolete.push_back(name + whose);
      plan.report.bytes += size.apparent;
      plan.manifests.push_back(path);
      continue;
    }
    TRY_ASSIGN(const auto manifest, store.load_manifest(name));
    if (manifest) {
      name_all_of(*manifest, plan);
    }
  }
  return {};
}

Result<void> plan_objects(const FolderStore& store, Plan& plan) {
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
      if (object && !plan.objects_named.contains(object->sha256)) {
        planned = plan_removal(path / entry.name, plan.report.objects, plan, plan.others);
      } else if (entry.name.starts_with(paths::kTemporaryPrefix)) {
        planned = plan_leftover(path / entry.name, plan);
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
    const std::string name = folder.filename().string();
    const std::string id = name.substr(name.find('-') + 1);
    if (!is_young(plan, id, folder)) {
      TRY(plan_removal(folder, plan.report.undoable, plan, plan.replaced));
      continue;
    }
    plan.runs_named.insert(id);
    TRY_ASSIGN(const auto files, manifest_files(paths::cases(folder)));
    for (const fs::path& file : files) {
      const fs::path path = paths::cases(folder) / file;
      TRY_ASSIGN(const auto text, read_if_there(path));
      TRY_ASSIGN(const auto manifest, manifest_from_text(text.value_or(""), path.string()));
      name_all_of(manifest, plan);
    }
  }
  return {};
}

/// Records of captures that are old and that nothing names.
Result<void> plan_runs(const FolderStore& store, Plan& plan) {
  TRY_ASSIGN(const auto entries, list_folder(paths::runs(store.root())));
  for (const FolderEntry& entry : entries) {
    const fs::path path = paths::runs(store.root()) / entry.name;
    const auto id = paths::parse_run(entry.name);
    if (plan.before && id && entry.is_file && !plan.runs_named.contains(*id) && !is_young(plan, *id, path)) {
      TRY(plan_removal(path, plan.runs, plan, plan.others));
    }
  }
  return {};
}

Result<void> plan_leftovers(const FolderStore& store, Plan& plan) {
  TRY_ASSIGN(const auto staged, find_staged(store.root()));
  for (const fs::path& stale : staged.stale) {
    std::error_code ignored;
    if (fs::exists(paths::journal(stale), ignored) && is_young(plan, stale.filename().string(), stale)) {
      continue;
    }
    plan.report.resumable += fs::exists(paths::journal(stale), ignored) ? 1 : 0;
    TRY(plan_leftover(stale, plan));
  }
  TRY_ASSIGN(const auto folders, list_folder(paths::cases(store.root())));
  for (const FolderEntry& folder : folders) {
    if (folder.is_folder) {
      TRY(plan_temporaries(paths::cases(store.root()) / folder.name, plan));
    }
  }
  for (const fs::path& folder : {store.root() / ".", paths::objects(store.root()), paths::replaced(store.root()),
                                 paths::quarantine(store.root())}) {
    TRY(plan_temporaries(folder, plan));
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

/// Which manifests there are, and which captures can be undone.
Result<void> sync_names(const FolderStore& store, const util::Fd& watch) {
  for (const fs::path& folder : {paths::cases(store.root()), paths::replaced(store.root())}) {
    std::error_code ignored;
    if (fs::exists(folder, ignored)) {
      TRY(sync_tree(folder, watch));
    }
  }
  return {};
}

Result<void> carry_out(const FolderStore& store, const std::vector<FolderStore>& variants, const Plan& plan) {
  TRY_ASSIGN(const auto watch, open_folder(store.root()));
  for (const fs::path& path : plan.manifests) {
    TRY(remove_tree(path));
  }
  // A capture can be undone as a whole, or not any more: its folder goes at once.
  std::vector<fs::path> doomed = plan.others;
  for (const fs::path& path : plan.replaced) {
    doomed.push_back(path.parent_path() / (std::string(paths::kTemporaryPrefix) + path.filename().string()));
    TRY(rename_file(path, doomed.back()));
  }
  // An object must not be gone while a manifest that names it might come back after a power loss, be it one that this
  // cleaning has removed or somebody before it.
  if (!doomed.empty()) {
    TRY(sync_names(store, watch));
    for (const FolderStore& variant : variants) {
      TRY_ASSIGN(const auto watch_variant, open_folder(variant.root()));
      TRY(sync_names(variant, watch_variant));
    }
  }
  for (const fs::path& path : doomed) {
    TRY(remove_tree(path));
  }
  for (const auto& paths : {plan.manifests, doomed}) {
    for (const fs::path& path : paths) {
      ::rmdir(path.parent_path().c_str());  // refused unless empty, and never the store itself: it holds the lock
    }
  }
  for (const fs::path& folder : {store.objects_folder(), paths::cases(store.root())}) {
    TRY(remove_empty_folders(folder));
  }
  ::rmdir(paths::staging(store.root()).c_str());  // refused unless empty
  for (const FolderStore& variant : variants) {
    TRY(remove_empty_folders(paths::cases(variant.root())));
    ::rmdir(paths::staging(variant.root()).c_str());
  }
  return {};
}

struct Variant {
  std::string name;
  FolderStore store;
};

/// With what a killed capture of one has committed already: under the store's lock, that is moved first.
Result<std::vector<Variant>> variants_of(const fs::path& root, CleanMode mode) {
  TRY_ASSIGN(const auto names, variant_names(root));
  std::vector<Variant> variants;
  for (const std::string& name : names) {
    const fs::path folder = paths::variant(root, name);
    if (mode == CleanMode::kRemove) {
      TRY(roll_forward_all(folder));
    }
    TRY_ASSIGN(auto opened, FolderStore::open_if_there(folder));
    if (opened) {
      variants.push_back({name, std::move(*opened)});
    }
  }
  return variants;
}

/// Of a whole store; `store` is no variant.
Result<CleanedByAge> clean_whole(const FolderStore& store,
                                 const std::optional<std::vector<std::string>>& live_benchmarks, CleanMode mode,
                                 std::optional<std::time_t> before, Patience patience) {
  const fs::path& root = store.root();
  if (live_benchmarks && live_benchmarks->empty()) {
    return fail(ErrorKind::kUsage, fmt::format("there are no benchmarks, so all of '{}' would be removed; check the "
                                               "benchmark folder, or remove the snapshot folder yourself",
                                               root.string()));
  }
  std::optional<StoreLock> lock;
  if (mode == CleanMode::kRemove) {
    TRY_ASSIGN(lock, StoreLock::take(root, patience));
    TRY(roll_forward_all(root));
  }
  TRY_ASSIGN(const auto variants, variants_of(root, mode));
  Plan plan;
  plan.before = before;
  TRY(plan_manifests(store, "", live_benchmarks, plan));
  std::vector<FolderStore> others;
  for (const Variant& variant : variants) {
    TRY(plan_manifests(variant.store, fmt::format(" (variant {})", variant.name), live_benchmarks, plan));
    others.push_back(variant.store);
  }
  std::vector<FolderStore> all = others;
  all.push_back(store);
  for (const FolderStore& each : all) {
    TRY(plan_replaced(each, plan));  // before what those that stay name is looked for
  }
  // Where there is not even a folder for manifests, they may be lost rather than gone: the values stay. A store of
  // variants alone has none.
  std::error_code ignored;
  const bool complete = fs::exists(paths::cases(root), ignored) ||
                        (!variants.empty() && !fs::exists(paths::runs(root), ignored) &&
                         std::all_of(variants.begin(), variants.end(), [&](const Variant& each) {
                           return fs::exists(paths::cases(each.store.root()), ignored);
                         }));
  if (complete) {
    TRY(plan_objects(store, plan));
  }
  for (const FolderStore& each : all) {
    TRY(plan_leftovers(each, plan));
    TRY(plan_runs(each, plan));
  }
  if (mode == CleanMode::kRemove) {
    TRY(carry_out(store, others, plan));
  }
  return CleanedByAge{std::move(plan.report), plan.runs};
}

}  // namespace

Result<CleanReport> FolderStore::clean(const std::optional<std::vector<std::string>>& live_benchmarks, CleanMode mode,
                                       Patience patience) const {
  const auto report = [](CleanedByAge cleaned) { return std::move(cleaned.report); };
  if (const fs::path whole = paths::store_of(root_); whole != root_) {
    TRY_ASSIGN(const auto store, open_or_create(whole));
    return clean_whole(store, live_benchmarks, mode, std::nullopt, patience).map(report);
  }
  return clean_whole(*this, live_benchmarks, mode, std::nullopt, patience).map(report);
}

Result<CleanedByAge> clean_by_age(const fs::path& location,
                                  const std::optional<std::vector<std::string>>& live_benchmarks, CleanMode mode,
                                  std::time_t before, Patience patience) {
  TRY_ASSIGN(const auto store, FolderStore::open_if_there(paths::store_of(location)));
  if (!store) {
    return fail(ErrorKind::kNoBaseline, fmt::format("there is no store in '{}'", location.string()));
  }
  return clean_whole(*store, live_benchmarks, mode, before, patience);
}

}  // namespace snapshot_test::store
