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

std::optional<model::BaselineOrigin> origin_of(const store::Store& store) {
  const auto ids = store.run_ids();
  if (!ids || ids->empty()) {
    return std::nullopt;
  }
  const auto last = store.load_run(*std::max_element(ids->begin(), ids->end()));
  if (!last || !*last) {
    return std::nullopt;
  }
  return model::BaselineOrigin{(*last)->time, (*last)->tested};
}

}  // namespace snapshot_test::session
