#include "inspect/stored_suite.hpp"

#include <map>
#include <optional>
#include <utility>

#include "snapshot_test/model/coverage.hpp"

namespace snapshot_test::inspect {

namespace {

using Place = std::pair<model::Site, std::string>;  // the site and the path in its value
using Places = std::map<Place, std::vector<std::size_t>>;

void add_unstable(const store::CaseRecord& record, std::size_t index, Places& places) {
  for (const model::SiteValue& site : record.sites) {
    if (site.wholly_unstable) {
      places[{site.site, ""}].push_back(index);
      continue;
    }
    for (const std::string& path : site.unstable) {
      places[{site.site, path}].push_back(index);
    }
  }
}

/// An older program may have called a case checked that this one does not.
std::optional<model::CheckedBy> checked_by(const store::CaseRecord& record) {
  const bool verifiable = model::verifiable(record.status);
  return model::checked_by(verifiable ? model::coverage_of(record.sites).status : record.status);
}

model::StoredBenchmark describe(const store::Manifest& manifest, const model::Benchmark& benchmark,
                                const std::vector<std::size_t>& selected) {
  model::StoredBenchmark stored;
  Places places;
  store::CaseFinder finder(manifest);
  for (const std::size_t index : selected) {
    if (const auto* record = finder.find(benchmark.case_ids(index), index)) {
      ++stored.cases;
      if (const auto sort = checked_by(*record)) {
        ++stored.checked[*sort];
      }
      add_unstable(*record, index, places);
    }
  }
  for (auto& [place, indices] : places) {
    stored.unstable.push_back({place.first.text(), place.second, std::move(indices)});
  }
  return stored;
}

}  // namespace

StoredSuite stored_suite(const store::Store& store, const model::Suite& suite, const model::SelectedIndices& selected) {
  StoredSuite found;
  for (std::size_t i = 0; i < suite.benchmarks.size(); ++i) {
    const model::Benchmark& benchmark = suite.benchmarks[i];
    const auto manifest = store.load_manifest(benchmark.name);
    if (!manifest) {
      found.notes.push_back(manifest.error().message);
    } else if (*manifest && !selected[i].empty()) {
      model::StoredBenchmark stored = describe(**manifest, benchmark, selected[i]);
      if (stored.cases > 0) {
        found.benchmarks.emplace(benchmark.name, std::move(stored));
      }
    }
  }
  return found;
}

}  // namespace snapshot_test::inspect
