#include "merge/shard_stores.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <exception>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "session/conclude.hpp"
#include "session/judge.hpp"
#include "session/sharding.hpp"
#include "snapshot_test/store/store.hpp"
#include "snapshot_test/store/transaction.hpp"
#include "store/baseline_digest.hpp"
#include "util/text.hpp"
#include "util/try.hpp"

namespace snapshot_test::merge {

namespace fs = std::filesystem;
using model::ExitStatus;

namespace {

/// What one store's last capture has captured.
struct ShardStore {
  std::unique_ptr<store::Store> store;
  store::RunInfo run;
  std::map<std::string, store::Manifest> manifests;  ///< the cases of that run alone
  std::vector<shards::PlannedCase> kept;             ///< those that it could not check, and left as they were
};

std::string no_shard_text(const std::string& store) {
  return fmt::format("the last capture in '{}' was of no shard: `capture --shard K/N --snapshot-dir DIR` makes one",
                     store);
}

/// Without what is not the same in two captures of unchanged code.
store::Manifest stable_part(store::Manifest manifest) {
  for (store::CaseRecord& record : manifest.cases) {
    for (model::SiteValue& site : record.sites) {
      if (!site.unstable.empty() || !site.bounds.empty() || site.wholly_unstable) {
        site.object.clear();
        site.fingerprint.clear();
        site.bytes = 0;
        site.sketch_of.reset();
        site.bounds.clear();
      }
    }
  }
  return manifest;
}

Result<ShardStore> read_store(const fs::path& location) {
  ShardStore read;
  TRY_ASSIGN(read.store, store::Store::open_if_there(store::absolute_location(location)));
  if (!read.store) {
    return fail(ErrorKind::kUsage, fmt::format("there is no store in '{}'", location.string()));
  }
  TRY_ASSIGN(const auto ids, read.store->run_ids());
  if (ids.empty()) {
    return fail(ErrorKind::kUsage, no_shard_text(location.string()));
  }
  TRY_ASSIGN(auto run, read.store->load_run(*std::max_element(ids.begin(), ids.end())));
  if (!run || !run->settings.is_object() || !run->settings.contains("shard")) {
    return fail(ErrorKind::kUsage, no_shard_text(location.string()));
  }
  read.run = std::move(*run);
  TRY_ASSIGN(const auto names, read.store->benchmark_names());
  for (const std::string& name : names) {
    TRY_ASSIGN(auto manifest, read.store->load_manifest(name));
    if (!manifest) {
      continue;
    }
    std::erase_if(manifest->cases, [&](const store::CaseRecord& record) { return record.run != read.run.id; });
    if (!manifest->cases.empty()) {
      read.manifests.emplace(name, std::move(*manifest));
    }
  }
  return read;
}

Result<Attempt> attempt_of(ShardStore& from, const fs::path& location) {
  Attempt attempt;
  attempt.source = location.string();
  try {
    const nlohmann::json& shard = from.run.settings.at("shard");
    shard.get_to(attempt.shard);
    std::map<std::string, std::string> digests;
    for (const auto& [name, manifest] : from.manifests) {
      digests.emplace(name, session::captured_digest(manifest, from.run.id));
    }
    if (shard.at("captured") != store::baseline_digest(digests)) {
      return fail(ErrorKind::kUsage,
                  fmt::format("what '{}' holds is not what its last capture has stored: cases are gone, were added or "
                              "changed since; capture the shard again",
                              location.string()));
    }
    for (const nlohmann::json& each : shard.at("kept")) {
      from.kept.push_back({each.at("benchmark").get<std::string>(), each.at("index").get<std::size_t>(),
                           each.at("label").get<std::string>()});
    }
  } catch (const std::exception& error) {
    return fail(ErrorKind::kUsage, fmt::format("what '{}' says of its shard is not as it was written: {}",
                                               location.string(), error.what()));
  }
  attempt.place = from.run;
  attempt.tested = from.run.tested;
  attempt.cases = from.kept;
  for (const auto& [name, manifest] : from.manifests) {
    for (const store::CaseRecord& record : manifest.cases) {
      attempt.cases.push_back(shards::planned_case(name, record.index, store::case_label(manifest, record)));
    }
    attempt.results += store::manifest_digest(stable_part(manifest)) + "\n";
  }
  return attempt;
}

std::string conflict_text(const ShardStore& one, const ShardStore& other, const Attempt& a, const Attempt& b) {
  constexpr std::size_t kMost = 5;
  std::vector<std::string> differing;
  for (const auto& [name, manifest] : one.manifests) {
    const auto found = other.manifests.find(name);
    if (found == other.manifests.end() ||
        store::manifest_digest(stable_part(manifest)) != store::manifest_digest(stable_part(found->second))) {
      differing.push_back(name);
    }
  }
  const std::size_t all = differing.size();
  differing.resize(std::min(all, kMost));
  return fmt::format("{} was captured twice, with different values ('{}', '{}'): {}{}", name_of(a.shard), a.source,
                     b.source, fmt::join(differing, ", "), all > kMost ? fmt::format(" and {} more", all - kMost) : "");
}

/// Puts the cases of a shard to those of others.
Result<void> add(std::map<std::string, store::Manifest>& all, const ShardStore& from) {
  for (const auto& [name, manifest] : from.manifests) {
    const auto [known, is_new] = all.emplace(name, manifest);
    if (is_new) {
      continue;
    }
    store::Manifest& joined = known->second;
    store::Manifest bare = joined;
    store::Manifest other = manifest;
    bare.cases.clear();
    other.cases.clear();
    if (store::to_text(bare) != store::to_text(other)) {
      return fail(ErrorKind::kUsage, fmt::format("two shards have captured cases of {} from different sources, or with "
                                                 "different parameters",
                                                 name));
    }
    joined.cases.insert(joined.cases.end(), manifest.cases.begin(), manifest.cases.end());
    std::sort(joined.cases.begin(), joined.cases.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  }
  return {};
}

/// Copies a value, which is checked on the way.
Result<void> copy_object(const store::Store& from, const store::CaptureTransaction& to, const model::SiteValue& site,
                         model::Compression compression) {
  TRY_ASSIGN(auto reader, from.open_object(site.object, site.bytes));
  TRY(reader->check());
  TRY_ASSIGN(const auto info, store::copy_object(*reader, to.locator(), compression));
  if (info.sha256 != site.object) {
    return fail(ErrorKind::kCorrupt,
                fmt::format("the object {} in '{}' changed while it was read", site.object, from.name()));
  }
  return {};
}

Result<void> copy_objects(const ShardStore& from, const store::CaptureTransaction& to, model::Compression compression,
                          std::set<std::string>& copied) {
  for (const auto& [name, manifest] : from.manifests) {
    for (const store::CaseRecord& record : manifest.cases) {
      for (const model::SiteValue& site : record.sites) {
        if (site.object.empty() || !copied.insert(site.object).second || to.holds(site)) {
          continue;
        }
        TRY(copy_object(*from.store, to, site, compression));
      }
    }
  }
  return {};
}

model::RunPlan plan_of(const Attempt& attempt) {
  model::RunPlan plan;
  plan.benchmarks = attempt.shard.benchmarks;
  plan.cases = attempt.shard.cases;
  plan.python = fmt::format("Python {} at {}", attempt.place.python.version, attempt.place.python.executable);
  plan.tested = attempt.tested;
  return plan;
}

/// Tells of every case, and counts it.
void report_cases(const std::map<std::string, store::Manifest>& manifests, model::CaptureSummary& summary,
                  model::Listener& listener) {
  for (const auto& [name, manifest] : manifests) {
    for (const store::CaseRecord& record : manifest.cases) {
      model::CaseCapture capture;
      capture.id = {name, record.index, store::case_label(manifest, record), manifest.module};
      capture.status = record.status;
      capture.reason = record.reason;
      capture.observation.ending = record.ending;
      capture.observation.seconds = record.seconds;
      capture.observation.total_seconds = record.total_seconds;
      capture.observation.sites = record.sites;
      capture.missing = session::judge_capture(capture.observation).missing;
      ++summary.counts[capture.status];
      listener.captured(capture);
    }
  }
}

store::RunInfo run_of_all(const std::vector<const ShardStore*>& parts, const std::string& id) {
  store::RunInfo run = parts.front()->run;
  run.id = id;
  run.settings.erase("shard");
  run.counts.clear();
  for (const ShardStore* part : parts) {
    run.time = std::min(run.time, part->run.time);
    for (const auto& [status, cases] : part->run.counts) {
      run.counts[status] += cases;
    }
  }
  return run;
}

/// Stages what becomes of each benchmark's manifest.
Result<void> stage(const store::Store& store, store::CaptureTransaction& transaction,
                   std::map<std::string, store::Manifest>& manifests) {
  for (auto& [name, manifest] : manifests) {
    for (store::CaseRecord& record : manifest.cases) {
      record.run = transaction.run_id();
    }
    const auto old = store.load_manifest(name);
    if (!old && old.error().kind == ErrorKind::kIo) {
      return tl::unexpected(old.error());
    }
    const bool whole = manifest.cases.size() == store::benchmark_of(manifest).case_count();
    if (old && *old) {  // one that is damaged is replaced
      store::CaseFinder finder(**old);
      for (store::CaseRecord& record : manifest.cases) {
        if (const store::CaseRecord* before = finder.find(record.ids, record.index)) {
          record.history = before->history;
        }
      }
      TRY(transaction.put_manifest(whole ? manifest : store::merge(**old, manifest)));
    } else {
      TRY(transaction.put_manifest(manifest));
    }
  }
  return {};
}

/// A shard that keeps a snapshot has it from the store that all of them started from.
Result<void> check_kept(const store::Store& into, const std::vector<const ShardStore*>& parts) {
  for (const ShardStore* part : parts) {
    for (const shards::PlannedCase& each : part->kept) {
      TRY_ASSIGN(const auto manifest, into.load_manifest(each.benchmark));
      const bool is_there = manifest && std::any_of(manifest->cases.begin(), manifest->cases.end(),
                                                    [&](const auto& record) { return record.index == each.index; });
      if (!is_there) {
        return fail(ErrorKind::kUsage,
                    fmt::format("'{}' has kept the snapshot of {} that was there before, and '{}' has none: merge into "
                                "a copy of the store that the shards started from",
                                part->store->name(), each.label, into.name()));
      }
    }
  }
  return {};
}

/// What was demanded of the whole.
Result<model::Demands> demands_of(const Attempt& attempt, const StoreMerge& options) {
  model::Demands demands;
  try {
    demands = session::demands_from_json(attempt.shard.demands);
  } catch (const std::exception& error) {
    return fail(ErrorKind::kUsage,
                fmt::format("what '{}' says of its shard is not as it was written: {}", attempt.source, error.what()));
  }
  if (options.change_demands) {
    options.change_demands(demands);
  }
  return demands;
}

/// Makes all of it the baseline, and says which run that is.
Result<void> store_all(const std::vector<const ShardStore*>& parts, std::map<std::string, store::Manifest>& manifests,
                       const StoreMerge& options, model::CaptureSummary& summary) {
  TRY_ASSIGN(const auto into, store::Store::open_or_create(store::absolute_location(options.into)));
  TRY(check_kept(*into, parts));
  TRY_ASSIGN(const auto transaction, into->begin_capture(store::new_run_id(std::time(nullptr))));
  std::set<std::string> copied;
  for (const ShardStore* part : parts) {
    TRY(copy_objects(*part, *transaction, options.compression, copied));
  }
  TRY(stage(*into, *transaction, manifests));
  TRY(transaction->put_run(run_of_all(parts, transaction->run_id())));
  transaction->keep_replaced();
  TRY(transaction->commit());
  summary.run_id = transaction->run_id();
  summary.store_bytes = into->disk_usage().value_or(0);
  return {};
}

/// Why nothing may be stored; empty: all is there, and agrees.
std::string why_not(const Chosen& chosen, const std::vector<ShardStore>& read, const std::vector<Attempt>& attempts) {
  std::vector<std::string> wrong;
  for (const auto& [one, other] : chosen.conflicts) {
    wrong.push_back(conflict_text(read[one], read[other], attempts[one], attempts[other]));
  }
  if (!chosen.incomplete.empty()) {
    wrong.push_back(fmt::format("incomplete: {}", fmt::join(chosen.incomplete, ", ")));
  }
  return fmt::format("{}", fmt::join(wrong, "; "));
}

}  // namespace

Result<model::CaptureSummary> merge_stores(const std::vector<fs::path>& stores, const StoreMerge& options,
                                           model::Listener& listener) {
  const auto begun = std::chrono::steady_clock::now();
  std::vector<ShardStore> read;
  std::vector<Attempt> attempts;
  for (const fs::path& location : stores) {
    TRY_ASSIGN(ShardStore from, read_store(location));
    TRY_ASSIGN(Attempt attempt, attempt_of(from, location));
    read.push_back(std::move(from));
    attempts.push_back(std::move(attempt));
  }
  TRY_ASSIGN(const Chosen chosen, choose(attempts, options.mixed));
  TRY_ASSIGN(const model::Demands demands, demands_of(attempts.front(), options));
  model::CaptureSummary summary;
  summary.plan = plan_of(attempts.front());
  summary.snapshot_dir = options.into.string();
  listener.planned(summary.plan);
  std::vector<const ShardStore*> parts;
  std::map<std::string, store::Manifest> manifests;
  for (const auto& [number, place] : chosen.attempts) {
    parts.push_back(&read[place]);
    summary.kept += read[place].kept.size();
    TRY(add(manifests, read[place]));
  }
  report_cases(manifests, summary, listener);
  summary.failure = why_not(chosen, read, attempts);
  if (summary.failure.empty()) {
    TRY(store_all(parts, manifests, options, summary));
    session::conclude(summary, demands);
  } else {
    summary.status = ExitStatus::kFailed;
    summary.too_little = chosen.conflicts.empty();
  }
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  listener.finished(summary);
  return summary;
}

}  // namespace snapshot_test::merge
