#include "bindings/stored_cases.hpp"
#include "util/try.hpp"

#include <map>

namespace snapshot_test::bindings {

namespace fs = std::filesystem;
using model::CaptureStatus;
using store::CaseRecord;
using store::Manifest;
using store::Store;

namespace {

/// Reads cases of one store. Each run's file is read once.
class CaseReader {
 public:
  explicit CaseReader(const Store& store) : store_(store) {}

  [[nodiscard]] Result<StoredCase> read(const Manifest& manifest, const CaseRecord& record) {
    StoredCase read;
    read.target = {manifest.module, manifest.class_name, manifest.function};
    for (const model::ParamAxis& axis : manifest.params) {
      read.names.push_back(axis.name);
    }
    read.ids = record.ids;
    read.reason = record.reason;
    for (const model::SiteValue* value : store::values_of_case(record)) {
      read.values.emplace_back(value->object, value->bytes);
      read.sketched = read.sketched || value->sketch_of.has_value();
    }
    const bool showed_nothing = record.status == CaptureStatus::kVacuous || record.status == CaptureStatus::kNoOp;
    read.failed = record.status == CaptureStatus::kFailed || (read.values.empty() && !showed_nothing);
    const auto object = read.values.empty() ? std::nullopt : store_.find_object(read.values.front().first);
    read.path = object ? object->place : store_.manifest_place(manifest.benchmark).value_or(store_.name());
    TRY_ASSIGN(const auto run, run_of(record.run));
    read.run = *run;
    return read;
  }

 private:
  Result<const store::RunInfo*> run_of(const std::string& id) {
    const auto known = runs_.find(id);
    if (known != runs_.end()) {
      return &known->second;
    }
    TRY_ASSIGN(auto run, store_.load_run(id));
    if (!run) {
      return fail(ErrorKind::kCorrupt, "'" + store_.name() + "' is damaged: its runs/" + id +
                                           ".json is missing; restore it, or capture again");
    }
    return &runs_.emplace(id, std::move(*run)).first->second;
  }

  const Store& store_;
  std::map<std::string, store::RunInfo> runs_;
};

/// Calls visit(manifest) -> Result<void> for the manifests of a module, or of all.
template <class Visit>
Result<void> for_each_manifest(const Store& store, const std::optional<std::string>& module, Visit&& visit) {
  TRY_ASSIGN(const auto names, store.benchmark_names());
  for (const std::string& name : names) {
    if (module && !name.starts_with(*module)) {
      continue;
    }
    TRY_ASSIGN(const auto manifest, store.load_manifest(name));
    if (manifest && (!module || manifest->module == *module)) {
      TRY(visit(*manifest));
    }
  }
  return {};
}

Result<void> add_times(const Store& store, Stats& stats) {
  if (stats.runs.empty()) {
    return {};
  }
  // Run ids sort by time.
  for (const auto& [id, time] : {std::pair(*stats.runs.begin(), &stats.oldest),  //
                                 std::pair(*stats.runs.rbegin(), &stats.newest)}) {
    TRY_ASSIGN(const auto run, store.load_run(id));
    *time = run ? run->time : "";
  }
  return {};
}

}  // namespace

std::string Target::full_name() const {
  std::string name;
  for (const std::string& part : {module, class_name, function}) {
    name += part.empty() ? "" : (name.empty() ? "" : ".") + part;
  }
  return name;
}

Result<std::unique_ptr<Store>> open_if_there(const std::string& root) { return opened(Store::open_if_there(root)); }

Result<std::optional<StoredCase>> find_stored(const std::string& root, const Target& target,
                                              const std::vector<std::string>& ids) {
  TRY_ASSIGN(const auto store, open_if_there(root));
  TRY_ASSIGN(const auto manifest, store ? store->load_manifest(target.full_name()) : std::nullopt);
  if (!manifest) {
    return std::nullopt;
  }
  TRY_ASSIGN(const auto record, store::find_case(*manifest, ids));
  if (record == nullptr) {
    return std::nullopt;
  }
  return CaseReader(*store).read(*manifest, *record).map([](StoredCase found) { return std::optional(found); });
}

Result<std::vector<StoredCase>> list_stored(const std::string& root, const std::optional<std::string>& module,
                                            const std::optional<std::string>& function) {
  std::vector<StoredCase> all;
  TRY_ASSIGN(const auto store, open_if_there(root));
  if (!store) {
    return all;
  }
  CaseReader reader(*store);
  TRY(for_each_manifest(*store, module, [&](const Manifest& manifest) -> Result<void> {
    if (function && manifest.function != *function) {
      return {};
    }
    for (const CaseRecord& record : manifest.cases) {
      TRY_ASSIGN(auto read, reader.read(manifest, record));
      all.push_back(std::move(read));
    }
    return {};
  }));
  return all;
}

Result<Stats> stats_of(const std::string& root) {
  Stats stats;
  TRY_ASSIGN(const auto store, open_if_there(root));
  if (!store) {
    return stats;
  }
  auto done = for_each_manifest(*store, std::nullopt, [&](const Manifest& manifest) -> Result<void> {
    stats.benchmarks += manifest.cases.empty() ? 0 : 1;
    stats.snapshots += manifest.cases.size();
    for (const CaseRecord& record : manifest.cases) {
      stats.modules.insert(manifest.module);
      stats.runs.insert(record.run);
      for (const model::SiteValue& site : record.sites) {
        const auto object = !site.object.empty() && stats.objects.insert(site.object).second
                                ? store->find_object(site.object)
                                : std::nullopt;
        stats.bytes += object ? object->bytes : 0;
      }
    }
    return {};
  });
  done = done ? add_times(*store, stats) : done;
  if (!done) {
    return tl::unexpected(done.error());
  }
  return stats;
}

Result<bool> forget_stored(const std::string& root, const Target& target, const std::vector<std::string>& ids) {
  TRY_ASSIGN(const auto store, open_if_there(root));
  return store ? store->forget_case(target.full_name(), ids, kPatience) : false;
}

Result<void> clean_store(const std::string& root) {
  TRY_ASSIGN(const auto store, open_if_there(root));
  if (!store) {
    return {};
  }
  return store->clean(std::nullopt, store::CleanMode::kRemove, kPatience).map([](const auto&) {});
}

Result<util::MappedFile> load_object(const std::string& root, const std::string& sha256, std::uint64_t bytes) {
  TRY_ASSIGN(const auto store, open_if_there(root));
  if (!store) {
    return fail(ErrorKind::kNoBaseline, "the snapshot folder '" + root + "' is gone");
  }
  TRY_ASSIGN(const auto object, store->open_object(sha256, bytes));
  std::error_code none;
  const fs::path scratch = fs::temp_directory_path(none);
  return object->load_verified(none ? fs::path("/tmp") : scratch);
}

}  // namespace snapshot_test::bindings
