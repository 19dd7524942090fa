#include "session/remove_snapshots.hpp"

#include <ctime>

#include "snapshot_test/store/transaction.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

Result<void> remove_snapshots(const store::Store& store, const std::map<std::string, std::set<std::size_t>>& cases,
                              Undo undo) {
  TRY_ASSIGN(const auto transaction, store.begin_capture(store::new_run_id(std::time(nullptr))));
  for (const auto& [benchmark, indices] : cases) {
    TRY_ASSIGN(auto manifest, store.load_manifest(benchmark));
    if (!manifest) {
      continue;
    }
    std::erase_if(manifest->cases, [&](const store::CaseRecord& record) { return indices.contains(record.index); });
    TRY(manifest->cases.empty() ? transaction->remove_manifest(benchmark) : transaction->put_manifest(*manifest));
  }
  if (undo == Undo::kPossible) {
    transaction->keep_replaced();
  }
  return transaction->commit();
}

}  // namespace snapshot_test::session
