#include "session/baseline.hpp"

#include <algorithm>
#include <utility>

#include "util/try.hpp"

namespace snapshot_test::session {

Result<std::unique_ptr<store::Store>> open_baseline(const std::filesystem::path& location) {
  auto store = store::Store::open(store::absolute_location(location));
  if (!store && store.error().kind == ErrorKind::kUnsupported) {
    store.error().kind = ErrorKind::kNoBaseline;
  }
  return store;
}

Result<Baseline> load_baseline(const store::Store& store) {
  TRY_ASSIGN(const auto names, store.benchmark_names());
  Baseline baseline;
  for (const std::string& name : names) {
    auto manifest = store.load_manifest(name);
    if (!manifest && manifest.error().kind == ErrorKind::kIo) {
      return tl::unexpected(manifest.error());  // the machine's refusal, which says nothing of the file
    }
    if (!manifest) {
      baseline.unreadable.emplace(name, manifest.error().message);
    } else if (*manifest) {
      baseline.manifests.emplace(name, std::move(**manifest));
    }
  }
  return baseline;
}

std::optional<std::string> last_run_of(const Baseline& baseline) {
  std::optional<std::string> last;
  for (const auto& [name, manifest] : baseline.manifests) {
    for (const store::CaseRecord& record : manifest.cases) {
      last = std::max(last, std::optional(record.run));  // ids sort by time
    }
  }
  return last;
}

std::optional<model::BaselineOrigin> origin_of(const store::Store& store, const Baseline& baseline) {
  const auto id = last_run_of(baseline);
  const auto last = id ? store.load_run(*id) : Result<std::optional<store::RunInfo>>(std::nullopt);
  if (!last || !*last) {
    return std::nullopt;
  }
  return model::BaselineOrigin{(*last)->time, (*last)->tested};
}

std::optional<model::BaselineOrigin> origin_of(const store::Store& store) {
  const auto baseline = load_baseline(store);
  return baseline ? origin_of(store, *baseline) : std::nullopt;
}

}  // namespace snapshot_test::session
