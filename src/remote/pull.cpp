#include "remote/pull.hpp"

#include <fmt/format.h>

#include <ctime>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "snapshot_test/store/transaction.hpp"
#include "store/baseline_digest.hpp"
#include "store/file_objects.hpp"
#include "util/try.hpp"

namespace snapshot_test::remote {

namespace fs = std::filesystem;

namespace {

/// Puts the checked file of a value into a capture.
Result<void> import_object(const model::Locator& where, const ListedObject& object, const fs::path& file) {
  TRY_ASSIGN(const auto reader, store::open_object_file(file));
  if (!reader) {
    return fail(ErrorKind::kInternal, fmt::format("'{}' is no file of an object", file.string()));
  }
  TRY_ASSIGN(const auto info, store::copy_object(*reader, where, model::Compression::kAuto));
  if (info.sha256 != object.sha256) {
    return fail(ErrorKind::kInternal, fmt::format("the value {} changed while it was stored", object.sha256));
  }
  return {};
}

std::map<std::string, const model::SiteValue*> values_of(const FetchedTexts& texts) {
  std::map<std::string, const model::SiteValue*> values;
  for (const store::Manifest& manifest : texts.manifests) {
    for (const store::CaseRecord& record : manifest.cases) {
      for (const model::SiteValue& site : record.sites) {
        if (!site.object.empty()) {
          values.emplace(site.object, &site);
        }
      }
    }
  }
  return values;
}

}  // namespace

Result<PullReport> pull(Storage& counted_storage, const fs::path& location, const PullOptions& options) {
  CountedStorage storage(counted_storage);
  TRY_ASSIGN(const SnapshotList list, find_list(storage, options.reference));
  TRY_ASSIGN(const FetchedTexts texts, fetch_texts(storage, list, options.at_once));
  const auto values = values_of(texts);
  PullReport report;
  report.digest = list.digest;
  report.manifests = texts.manifests.size();
  report.objects = values.size();
  TRY_ASSIGN(const auto store, store::Store::open_or_create(store::absolute_location(location)));
  TRY_ASSIGN(const auto present, store::baseline_digest(*store));
  std::vector<const model::SiteValue*> missing;
  for (const auto& [sha256, site] : values) {
    const auto here = store->open_object(sha256, site->bytes);
    if (here && (*here)->check()) {
      ++report.traffic.hits;
    } else {
      missing.push_back(site);
    }
  }
  report.up_to_date = missing.empty() && present == list.digest;
  if (report.up_to_date) {
    const std::uint64_t all = report.traffic.hits;
    report.traffic = storage.traffic();
    report.traffic.hits = all;
    return report;
  }
  const nlohmann::json key = {{"pull", list.digest}};
  TRY_ASSIGN(const auto transaction, store->resume_capture(store::new_run_id(std::time(nullptr)), key));
  std::vector<const ListedObject*> wanted;
  for (const model::SiteValue* site : missing) {
    if (transaction->holds(*site)) {  // a pull that was stopped had fetched it
      ++report.traffic.hits;
    } else {
      wanted.push_back(&list.objects.at(site->object));
    }
  }
  const std::uint64_t hits = report.traffic.hits;
  TRY_ASSIGN(const ScratchFolder scratch, ScratchFolder::create(options.cache_folder / "remotes"));
  const model::Locator where = transaction->locator();
  const Keep keep = [&](const ListedObject& object, const fs::path& file) {
    return import_object(where, object, file);
  };
  TRY_ASSIGN(const Damage damage,
             fetch_objects(storage, wanted, keep, {scratch.path(), options.at_once, options.on_progress}));
  if (!damage.empty()) {
    return fail(ErrorKind::kCorrupt, fmt::format("{} of {} values cannot be had, so nothing was pulled; the first: {}",
                                                 damage.size(), values.size(), damage.begin()->second));
  }
  std::set<std::string> names;
  for (const store::Manifest& manifest : texts.manifests) {
    names.insert(manifest.benchmark);
    TRY(transaction->put_manifest(manifest));
  }
  TRY_ASSIGN(const auto before, store->benchmark_names());
  for (const std::string& name : before) {
    if (!names.contains(name)) {
      TRY(transaction->remove_manifest(name));
    }
  }
  for (const store::RunInfo& run : texts.runs) {
    TRY(transaction->put_run(run));
  }
  transaction->keep_replaced();
  TRY(transaction->commit());
  report.traffic = storage.traffic();
  report.traffic.hits = hits;
  report.traffic.fetched = wanted.size();
  return report;
}

}  // namespace snapshot_test::remote
