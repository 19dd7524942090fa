#include "session/environment_since.hpp"

#include "session/environment.hpp"

namespace snapshot_test::session {

const std::vector<model::EnvironmentChange>& EnvironmentSince::run(const std::string& id) {
  const auto [entry, is_new] = changes_.try_emplace(id);
  if (is_new) {
    const auto then = store_.load_run(id);
    if (then && *then) {
      entry->second = environment_changes(**then, here_, tested_);
    }
  }
  return entry->second;
}

std::string EnvironmentSince::text(const store::RunInfo& then) const {
  std::string changed;
  for (const model::EnvironmentChange& each : environment_changes(then, here_, tested_)) {
    changed += (changed.empty() ? "" : "; ") + model::text_of(each);
  }
  return changed;
}

}  // namespace snapshot_test::session
