#include "session/baseline.hpp"
#include "util/try.hpp"

#include <utility>

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

}  // namespace snapshot_test::session
