#include "session/adopt_snapshots.hpp"

#include <ctime>

#include "snapshot_test/store/transaction.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

namespace {

/// The newest run of `from`, as one of the later code: the machine and the interpreter are the same.
Result<store::RunInfo> later_run(const store::Store& from, std::string id, std::time_t now,
                                 const std::vector<model::TestedPackage>& tested) {
  TRY_ASSIGN(const auto ids, from.run_ids());
  store::RunInfo run;
  if (!ids.empty()) {
    TRY_ASSIGN(auto newest, from.load_run(ids.back()));
    run = std::move(newest).value_or(store::RunInfo());
  }
  run.id = std::move(id);
  run.time = store::utc_text(now);
  run.git.reset();
  run.tested = tested;
  run.counts.clear();
  return run;
}

}  // namespace

Result<void> adopt_snapshots(const store::Store& from, const std::filesystem::path& to, const ConfirmedCases& cases,
                             const std::vector<model::TestedPackage>& tested) {
  const std::time_t now = std::time(nullptr);
  TRY_ASSIGN(const auto store, store::Store::open_or_create(to));
  TRY_ASSIGN(const auto transaction, store->begin_capture(store::new_run_id(now)));
  TRY_ASSIGN(store::RunInfo run, later_run(from, transaction->run_id(), now, tested));
  TRY_ASSIGN(const auto names, from.benchmark_names());
  for (const std::string& name : names) {
    TRY_ASSIGN(auto manifest, from.load_manifest(name));
    if (!manifest) {
      continue;
    }
    store::Manifest fresh = *manifest;
    fresh.cases.clear();
    for (store::CaseRecord& record : manifest->cases) {
      const auto found = cases.find({name, store::case_label(*manifest, record)});
      if (found == cases.end()) {
        continue;
      }
      ++run.counts[std::string(model::name(record.status))];
      store::CaseRecord& adopted = fresh.cases.emplace_back(record);
      adopted.run = run.id;
      adopted.seconds = found->second;
      adopted.context_free = false;  // the later code was not run for that
      adopted.history.clear();
    }
    if (fresh.cases.empty()) {
      continue;
    }
    TRY_ASSIGN(const auto present, store->load_manifest(name));
    if (present) {
      fresh = store::merge(*present, std::move(fresh));
    }
    TRY(transaction->put_manifest(fresh));
  }
  TRY(transaction->put_run(run));
  return transaction->commit();
}

}  // namespace snapshot_test::session
