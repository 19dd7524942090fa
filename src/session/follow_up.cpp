#include "session/follow_up.hpp"

#include <ctime>

#include "session/with_hosts.hpp"
#include "snapshot_test/store/transaction.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

namespace {

/// Passes on that a capture goes on, and keeps what it says of each case: the run is not its own.
class CaptureWithin : public model::Listener {
 public:
  explicit CaptureWithin(model::Listener& outer) : outer_(outer) {}

  void phase(const std::string& what, std::size_t cases) override { outer_.phase(what, cases); }
  void started(const model::CaseId& id) override { outer_.started(id); }
  void ended(const model::CaseId& id) override { outer_.ended(id); }
  void tick() override { outer_.tick(); }
  void note(const std::string& text) override { outer_.note(text); }
  void captured(const model::CaseCapture& result) override {
    statuses.insert_or_assign({result.id.benchmark, result.id.index}, result.status);
  }

  std::map<CaseKey, model::CaptureStatus> statuses;

 private:
  model::Listener& outer_;
};

}  // namespace

Result<std::map<CaseKey, model::CaptureStatus>> capture_cases(const VerifyOptions& options,
                                                              const std::set<CaseKey>& cases, model::Listener& listener,
                                                              const runner::OpenHosts& open) {
  CaptureOptions capturing;
  capturing.suite = options.suite;
  capturing.snapshot_dir = options.snapshot_dir;
  capturing.comparison = options.comparison;
  capturing.method = options.method;
  capturing.method.resume = false;
  capturing.record = options.record;
  capturing.wanted = [&](const model::Benchmark& benchmark, std::size_t index) {
    return cases.contains({benchmark.name, index});
  };
  CaptureWithin within(listener);
  TRY_ASSIGN(const auto summary, capture(capturing, within, open));
  if (summary.run_id.empty()) {
    within.statuses.clear();  // it was interrupted: nothing is stored
  }
  return std::move(within.statuses);
}

Result<void> remove_snapshots(const store::Store& store, const std::map<std::string, std::set<std::size_t>>& cases) {
  TRY_ASSIGN(const auto transaction, store.begin_capture(store::new_run_id(std::time(nullptr))));
  for (const auto& [benchmark, indices] : cases) {
    TRY_ASSIGN(auto manifest, store.load_manifest(benchmark));
    if (!manifest) {
      continue;
    }
    std::erase_if(manifest->cases, [&](const store::CaseRecord& record) { return indices.contains(record.index); });
    TRY(manifest->cases.empty() ? transaction->remove_manifest(benchmark) : transaction->put_manifest(*manifest));
  }
  transaction->keep_replaced();
  return transaction->commit();
}

}  // namespace snapshot_test::session
