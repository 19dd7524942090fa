#include "session/postponed.hpp"

#include <algorithm>

#include "util/try.hpp"

namespace snapshot_test::session {

namespace {

/// What a case shows may change from run to run, but not for ever.
constexpr std::size_t kMostFetches = 3;

/// Is it compared by its fingerprint, as long as that agrees?
bool goes_by_fingerprint(const model::SiteValue& site) {
  if (site.sketch_of) {
    return !site.sketch_of->fingerprint.empty();
  }
  return !site.fingerprint.empty() && site.unstable.empty() && site.bounds.empty();
}

}  // namespace

Result<void> Postponed::fetch_objects(const std::vector<std::string>& objects) {
  if (objects.empty()) {
    return {};
  }
  listener_.phase("fetching values", 0);
  TRY_ASSIGN(const auto damage, options_.source->fetch(objects));
  damage_.insert(damage.begin(), damage.end());
  return {};
}

Result<void> Postponed::fetch_for(const std::vector<runner::CaseTask>& tasks, const SnapshotOf& snapshot_of) {
  if (options_.source == nullptr) {
    return {};
  }
  std::vector<std::string> objects;
  for (const runner::CaseTask& task : tasks) {
    const store::CaseRecord* snapshot = snapshot_of(task);
    if (snapshot == nullptr || task.observe == model::Observe::kNothing) {
      continue;
    }
    for (const model::SiteValue& site : snapshot->sites) {
      const bool is_compared = !site.object.empty() && !site.wholly_unstable;
      if (is_compared && (options_.read_data || !goes_by_fingerprint(site))) {
        objects.push_back(site.object);
      }
    }
  }
  return fetch_objects(objects);
}

bool Postponed::take(const runner::CaseTask& task, const store::CaseRecord& snapshot, runner::CaseOutcome& outcome) {
  if (options_.source == nullptr) {
    return false;
  }
  std::vector<std::string> objects;
  for (model::SiteComparison& comparison : outcome.comparisons) {
    const auto site = std::find_if(snapshot.sites.begin(), snapshot.sites.end(),
                                   [&](const auto& each) { return each.site == comparison.site; });
    if (comparison.match != model::SiteMatch::kUnreadable || site == snapshot.sites.end()) {
      continue;
    }
    if (const auto damage = damage_.find(site->object); damage != damage_.end()) {
      comparison.explanation = damage->second;
    } else {
      objects.push_back(site->object);
    }
  }
  if (objects.empty() || fetches_ >= kMostFetches) {
    return false;
  }
  objects_.insert(objects.begin(), objects.end());
  runner::CaseTask again;
  again.benchmark = task.benchmark;
  again.index = task.index;
  again.observe = task.observe;
  again.expected = task.expected;
  again.isolation = task.isolation;
  tasks_.insert_or_assign({task.benchmark, task.index}, again);
  return true;
}

Result<std::vector<runner::CaseTask>> Postponed::fetch(const Run& run) {
  ++fetches_;
  TRY(fetch_objects({objects_.begin(), objects_.end()}));
  objects_.clear();
  std::vector<runner::CaseTask> tasks;
  for (auto& [key, task] : tasks_) {
    tasks.push_back(std::move(task));
  }
  tasks_.clear();
  run.shuffle(tasks);
  return tasks;
}

}  // namespace snapshot_test::session
